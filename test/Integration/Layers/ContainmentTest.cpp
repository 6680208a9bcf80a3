//===- ContainmentTest.cpp - How far a NaN or an infinity spreads ---------===//

#include "compiler/Check/Oracle.h"
#include "test/Integration/Layers/Layers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace eqc;
using namespace eqc::test;

static double element(const Layer &layer, const Bytes &bytes, int64_t i) {
  return layer.isF32() ? reinterpret_cast<const float *>(bytes.data())[i]
                       : reinterpret_cast<const double *>(bytes.data())[i];
}

// One bad element of one sample: other samples keep their bits, and so do,
// except under the dense plan, the elements of its own that do not depend on
// it.
TEST(Containment, OnlyWhatDependsOnABadElementIsBad) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr int64_t batch = 19, bad = 9;
  for (const Layer &layer : allLayers())
    for (double value : {std::nan(""), inf, -inf}) {
      const LayerSpec &spec = layer.spec;
      Call call(layer, 5, batch);
      const int64_t columns = integerPower(call.n, spec.k),
                    rows = integerPower(call.n, spec.l), column = columns / 2;
      const Bytes before = call.result();
      const int64_t at = spec.layout == Layout::ChannelsLast
                             ? (bad * columns + column) * spec.cIn
                             : bad * spec.cIn * columns + column;
      if (layer.isF32())
        reinterpret_cast<float *>(call.x.data())[at] =
            static_cast<float>(value);
      else
        reinterpret_cast<double *>(call.x.data())[at] = value;
      const Bytes after = call.result();

      const bool dense = strcmp(layer.info->plan, "dense") == 0;
      std::vector<bool> depends(rows, false);
      for (const Diagram &diagram : spec.diagrams)
        markDependentRows(diagram, spec.group, call.n, column, depends);
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t row = 0; row < rows; ++row)
          for (int64_t c = 0; c < spec.cOut; ++c) {
            const int64_t i = spec.layout == Layout::ChannelsLast
                                  ? (b * rows + row) * spec.cOut + c
                                  : (b * spec.cOut + c) * rows + row;
            if (b == bad && depends[row])
              ASSERT_FALSE(std::isfinite(element(layer, after, i)))
                  << layer.name << " row " << row;
            else if (b != bad || !dense)
              ASSERT_EQ(element(layer, after, i), element(layer, before, i))
                  << layer.name << " sample " << b << " row " << row;
          }
    }
}
