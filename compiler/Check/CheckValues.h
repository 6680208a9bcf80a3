//===- CheckValues.h - Tensors of a check -----------------------*- C++ -*-===//

#ifndef EQC_CHECK_CHECKVALUES_H
#define EQC_CHECK_CHECKVALUES_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Algebra/Random.h"
#include "compiler/Check/Check.h"
#include "compiler/Check/GuardedArray.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace eqc {

using Values = std::vector<double>;

/// Random elements in [-1, 1) that the element type can hold; or, where
/// `integers` is above 0, integers up to that size.
Values drawValues(ElementType type, int64_t count, Random &random,
                  int64_t integers = 0);

double largest(const Values &values);

/// Whether integers, where they are asked for, have not grown so much that
/// results might no longer be exact; any other numbers.
bool staysExact(const Values &moved, const CheckOptions &options);

/// The largest absolute difference; infinite as soon as one is not a number.
double largestDifference(const Values &a, const Values &b);

/// Error over scale; where everything is zero any error counts in full.
double relative(double error, double scale);

/// The scale of errors of these values: their own where the layer's weights do
/// not cancel. Members of orbits may at small sizes, all of them for n = 1:
/// then a tenth of what the terms `magnitudes` are.
template <typename Magnitudes>
double scaleOf(const LayerSpec &spec, const Values &values,
               const Magnitudes &magnitudes) {
  const double own = largest(values);
  return spec.combinesDiagrams() ? std::max(own, largest(magnitudes()) / 10)
                                 : own;
}

/// The absolute values.
Values absolute(Values values);

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
