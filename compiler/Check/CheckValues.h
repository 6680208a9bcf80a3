//===- CheckValues.h - Tensors of a check -----------------------*- C++ -*-===//

#ifndef EQC_CHECK_CHECKVALUES_H
#define EQC_CHECK_CHECKVALUES_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Algebra/Random.h"

#include <cstdint>
#include <vector>

namespace eqc {

using Values = std::vector<double>;

/// Random elements in [-1, 1) that the element type can hold.
Values drawValues(DType dtype, int64_t count, Random &random);

double largest(const Values &values);

/// The largest absolute difference; infinite as soon as one is not a number.
double largestDifference(const Values &a, const Values &b);

/// Error over scale; where everything is zero any error counts in full.
double relative(double error, double scale);

/// Index of an element of a tensor with `positions` positions per sample and
/// channel.
int64_t elementIndex(Layout layout, int64_t sample, int64_t position,
                     int64_t positions, int64_t channel, int64_t channels);

/// Only the chosen samples and channels of a tensor.
Values selectPart(const Values &tensor, Layout layout,
                  const std::vector<int64_t> &samples, int64_t positions,
                  int64_t channels, const std::vector<int64_t> &chosen);

} // namespace eqc

#endif // EQC_CHECK_CHECKVALUES_H
