//===- SweepNest.h - All sums over one axis of x ----------------*- C++ -*-===//
//
// stored[target row of the other axes] = sum over one axis of x, for several
// axes: a nest over all axes of x in which every element is added to each sum.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_SWEEPNEST_H
#define EQC_LOWERING_NESTS_SWEEPNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

struct SweepNest {
  /// Whether a stage takes nothing but sums over single axes of x.
  static bool serves(const SharedPlan &plan, const ReadStage &stage);

  SweepNest(const SharedPlan &plan, const ReadStage &stage);

  /// The sum over one axis.
  struct Sum {
    size_t axis = 0;
    Poly target;               ///< row offset in Stored
    std::vector<Poly> strides; ///< in Stored, of every axis of x; its own: 0
    bool mean = false;         ///< of `values` values
    Poly values;
  };

  /// How many rows a sum has.
  Poly rowsOf(const Sum &sum) const;

  std::vector<Axis> axes;       ///< of x
  std::vector<Poly> rowStrides; ///< in x
  std::vector<Sum> sums;        ///< in the order of the stage
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_SWEEPNEST_H
