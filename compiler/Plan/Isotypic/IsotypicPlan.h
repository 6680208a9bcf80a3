//===- IsotypicPlan.h - A layer in an isotypic basis ------------*- C++ -*-===//
//
// The isotypic plan, one of the two behind `schur`: a change of basis of the
// inputs, channels mixed block by block, a change of basis to the outputs.
// Needs a fixed and small n. Built once, then visited to evaluate, to cost and
// to emit.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_ISOTYPIC_ISOTYPICPLAN_H
#define EQC_PLAN_ISOTYPIC_ISOTYPICPLAN_H

#include "compiler/Plan/BuiltPlans.h"
#include "compiler/Plan/PackedTerm.h"
#include "compiler/Plan/RowTransform.h"

#include <memory>

namespace eqc {

/// What is mixed of one kind of irreducible tensors.
struct MixedCopies {
  int order = 0;       ///< the least order that they occur in
  int64_t dim = 1;     ///< rows of a copy
  int64_t inputs = 0;  ///< copies that are mixed
  int64_t outputs = 0; ///< copies that are mixed to
};

/// The plan of one layer: `read`, `bias`, `mixes` and `write` are run in this
/// order for each block of samples. Nodes and Stored are as in the shared plan;
/// Bias stands for the rows that `bias` makes of the layer's.
struct IsotypicPlan {
  Group group = Group::S;
  int64_t n = 1;
  int k = 0, l = 0;
  int64_t storedRows = 0, nodeRows = 0;

  std::vector<MixedCopies> blocks;
  RowTransform read;           ///< x to Stored: the copies in the inputs
  RowTransform bias;           ///< the layer's bias to the bias of Nodes
  std::vector<MixStage> mixes; ///< one per dimension, from Stored to Nodes
  RowTransform write;          ///< Nodes to y: the copies in the outputs
  /// The largest condition of a kind's copies in the inputs times that of those
  /// in the outputs: how much larger rounding errors may be than without a
  /// change of basis.
  double condition = 1;
  /// The packed weights. A MixTerm's `diagram` is the number of one.
  std::vector<PackedTerm> packed;

  /// Multiply-adds per sample and pair of channels.
  int64_t multiplyAdds() const;
};

struct PlanCost;
PlanCost costOf(const IsotypicPlan &plan);

/// The isotypic plan of `spec`. Null, with `refused` filled in, where there is
/// none. Finding a basis takes long.
std::shared_ptr<const IsotypicPlan> buildIsotypicPlan(const LayerSpec &spec,
                                                      std::string &refused);

/// The same, built once.
std::shared_ptr<const IsotypicPlan>
getIsotypicPlan(const LayerSpec &spec, BuiltPlans &built, std::string &refused);

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_ISOTYPICPLAN_H
