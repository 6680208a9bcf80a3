//===- SharedPlan.h - Everything shared between diagrams --------*- C++ -*-===//
//
// The shared plan: every input pattern read once, one channel mix per
// propagating order, every output pattern written once. Built once, then
// visited to evaluate, to cost and to emit.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SHARED_SHAREDPLAN_H
#define EQC_PLAN_SHARED_SHAREDPLAN_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Shared/ReadOrder.h"
#include "compiler/Plan/Stages.h"

#include <vector>

namespace eqc {

/// The plan of one layer. `stages` are run in order for each block of samples.
struct SharedPlan {
  Group group = Group::S;
  int64_t n = 1; ///< -1 when dynamic
  int k = 0, l = 0;
  std::vector<int> xAxes, yAxes; ///< of a product the space of each axis
  bool mean = false;
  /// What is taken of inputs, or of the x that `unpools` says outputs are given
  /// the gradient of.
  Pool pool = Pool::Sum;
  bool unpools = false;

  std::vector<RowPattern> stored; ///< in storage order
  std::vector<RowPattern> nodes;  ///< in storage order
  Poly storedRows, nodeRows;      ///< rows per sample
  std::vector<SharedStage> stages;
  /// Execution order of the weights: packed weight p is weight packedOrder[p].
  std::vector<int> packedOrder;

  Poly rowsOf(PlanArray array) const;
  /// Whether there are steps of graph maps, whose loops have tables alone.
  bool isUneven() const;
  /// What a stage takes over what it drops: sums where there is a symbol.
  Pool poolOf(const ReadStage &stage) const;
  /// The lengths of the axes of x and of y.
  std::vector<Poly> inputLengths() const {
    return lengthsOfAxes(group, k, xAxes);
  }
  std::vector<Poly> outputLengths() const {
    return lengthsOfAxes(group, l, yAxes);
  }
};

/// The stage that adds to what the mix at `mix` has made, or null.
const WriteStage *writeAfter(const SharedPlan &plan, size_t mix);

/// Builds the shared plan of `spec`, its inputs read in the given order.
SharedPlan buildSharedPlan(const LayerSpec &spec,
                           ReadOrder order = ReadOrder::Cheapest);

struct PlanCost;
PlanCost costOf(const SharedPlan &plan);

} // namespace eqc

#endif // EQC_PLAN_SHARED_SHAREDPLAN_H
