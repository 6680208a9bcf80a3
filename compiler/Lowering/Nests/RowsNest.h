//===- RowsNest.h - What a sparse change of basis computes ------*- C++ -*-===//
//
// target[row] = sum of coefficient * source[row], by components: sources and
// targets that only meet each other, in classes of one pattern.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_ROWSNEST_H
#define EQC_LOWERING_NESTS_ROWSNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/RowTransform.h"

namespace eqc {

/// All components of one pattern; they are parallel.
struct RowsNest {
  explicit RowsNest(const RowComponentClass &shape);

  int64_t numSources = 0, numTargets = 0;
  /// Per target the numbers of its sources within a component.
  std::vector<std::vector<int>> pattern;
  int64_t numTerms = 0; ///< of a component
  /// Of every component the rows of its sources, then those of its targets.
  Table components;
  std::vector<double> coefficients; ///< in the order of the pattern
  bool alike = true; ///< whether all components have the same coefficients
};

/// The same where a component is too large to be written out: every target is a
/// sum over a range of terms. Targets are parallel.
struct RowSumsNest {
  explicit RowSumsNest(const RowComponentClass &shape);

  enum TargetField : int64_t { kRow, kFirstTerm, kEndTerm, kNumTargetFields };

  Table targets;
  Table terms;                      ///< rows of sources
  std::vector<double> coefficients; ///< one for each term
  int64_t most = 0;                 ///< terms of a target
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_ROWSNEST_H
