//===- Line.cpp - Layers that differ in one number ------------------------===//

#include "test/Scan/Line.h"
#include "test/Plan/Support.h"

using namespace eqc;
using namespace eqc::test;

static LayerSpec layerOf(const LineStart &start, int64_t n, int64_t cOut) {
  LayerSpec spec = makeLayer(start.group, n, start.k, start.l,
                             start.cIn > 0 ? start.cIn : cOut, cOut);
  spec.dtype = start.dtype;
  spec.layout = start.layout;
  return spec;
}

std::string test::describe(const LayerSpec &spec) {
  std::string text = nameOf(spec) + " " + std::to_string(spec.cIn) + "->" +
                     std::to_string(spec.cOut);
  if (spec.dtype == DType::F64)
    text += " f64";
  if (spec.layout == Layout::ChannelsFirst)
    text += " channels_first";
  return text;
}

Line test::overChannels(const LineStart &start, const std::string &cpu,
                        int64_t first, int64_t last) {
  Line line{cpu, {}};
  for (int64_t channels = first; channels <= last; ++channels)
    line.layers.push_back(layerOf(start, start.n, channels));
  return line;
}

Line test::overSizes(const LineStart &start, const std::string &cpu,
                     int64_t first, int64_t last) {
  Line line{cpu, {}};
  for (int64_t n = first; n <= last; ++n)
    if (whyNoDiagrams(start.group, n, start.l, start.k).empty())
      line.layers.push_back(layerOf(start, n, start.cOut));
  return line;
}
