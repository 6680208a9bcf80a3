//===- Line.h - Layers that differ in one number ----------------*- C++ -*-===//
//
// What grows with the channels or the size of a layer should do so smoothly. A
// line of layers differs in one of the two; each is held against those beside
// it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_SCAN_LINE_H
#define EQC_TEST_SCAN_LINE_H

#include "compiler/Algebra/LayerSpec.h"

#include <string>
#include <vector>

namespace eqc::test {

struct Line {
  std::string cpu; ///< that is compiled for
  std::vector<LayerSpec> layers;
};

/// A layer of all diagrams, the first of a line.
struct LineStart {
  Group group;
  int64_t n;
  int k, l;
  int64_t cIn; ///< 0: as many as output channels
  int64_t cOut;
  DType dtype = DType::F32;
  Layout layout = Layout::ChannelsLast;
};

/// The layer with `first` to `last` output channels.
Line overChannels(const LineStart &start, const std::string &cpu, int64_t first,
                  int64_t last);
/// The layer at every size from `first` to `last` that the group has.
Line overSizes(const LineStart &start, const std::string &cpu, int64_t first,
               int64_t last);

/// `S_5 2->2 7->7 f64 channels_first`
std::string describe(const LayerSpec &spec);

/// What is more than this times what its neighbour takes is an exception.
constexpr double kException = 1.3;

} // namespace eqc::test

#endif // EQC_TEST_SCAN_LINE_H
