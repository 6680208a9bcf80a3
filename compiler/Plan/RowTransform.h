//===- RowTransform.h - Rows as sums of multiples of rows -------*- C++ -*-===//
//
// A sparse change of basis: every row of one array is a sum of multiples of
// rows of another.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_ROWTRANSFORM_H
#define EQC_PLAN_ROWTRANSFORM_H

#include "compiler/Plan/Isotypic/IsotypicBasis.h"
#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

/// target[r] = sum of coefficient * source[row] over the pairs of rows[r].
struct RowTransform {
  PlanArray source = PlanArray::Input, target = PlanArray::Stored;
  std::vector<SparseVector> rows;

  int64_t nonZeros() const;
};

/// Sources and targets that only meet each other.
struct RowComponent {
  std::vector<int64_t> sources, targets;
  std::vector<double> coefficients; ///< in the order of the pattern
};

/// Components of one pattern: they differ in the rows that they join and in
/// the coefficients.
struct RowComponentClass {
  int64_t numSources = 0;
  /// Per target the numbers of its sources within the component.
  std::vector<std::vector<int>> pattern;
  std::vector<RowComponent> components;
};

/// The connected components of a transform; targets of nothing are components
/// without sources.
std::vector<RowComponentClass>
classifyComponents(const RowTransform &transform);

} // namespace eqc

#endif // EQC_PLAN_ROWTRANSFORM_H
