//===- PlanRules.h - What there is to say about a plan ----------*- C++ -*-===//
//
// One table per plan, in the folder of the plan. What is asked of all plans is
// asked here, so that nobody else tells them apart.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_PLANRULES_H
#define EQC_PLAN_PLANRULES_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/BuiltPlans.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/LayerPlan.h"
#include "compiler/Plan/PlanKind.h"

#include <string>
#include <string_view>

namespace eqc {

/// Why a layer has no such plan; `why` is empty where it has. `id` is the
/// diagnostic for a plan that was asked for.
struct PlanRefusal {
  std::string why;
  std::string_view id;
};

/// What is known of a plan once it is built for a layer.
struct CountedPlan {
  PlanCost cost;
  std::string basis;         ///< that channels are mixed in, where it has one
  double basisCondition = 1; ///< of the basis that channels are mixed in
  KeptPlan plan;
};

struct PlanRules {
  PlanRefusal (*whyNot)(const LayerSpec &spec);
  CountedPlan (*count)(const LayerSpec &spec, BuiltPlans &built);
  /// Whether a NaN in x may reach elements of its sample that do not depend on
  /// it, or errors are bounded by a condition: less than the others promise.
  bool promisesLess = false;
  /// Whether weights become one matrix over all positions, instead of one for
  /// each diagram.
  bool oneMatrix = false;
  /// The basis that channels are mixed in, without counting; null: there is
  /// nothing to settle.
  std::string_view (*basisOf)(const LayerSpec &spec,
                              BuiltPlans &built) = nullptr;
  /// Whether it mixes channels in a basis of that name for some layers; null:
  /// it has none.
  bool (*isBasis)(std::string_view name) = nullptr;
  /// Whether layers have functions for batches of different sizes.
  bool takesRagged = true;
};

const PlanRules &rulesOf(PlanKind kind);

#define EQC_PLAN(NAME, TEXT, WORDS) extern const PlanRules NAME##Rules;
#include "compiler/Plan/Plans.def"

/// A plan that mixes channels as they are.
template <typename PlanT> CountedPlan countedPlan(PlanT plan) {
  PlanCost cost = costOf(plan);
  return {std::move(cost), "", 1, keep(std::move(plan))};
}

/// For those that multiply by matrices, whose layers take sums of x.
inline PlanRefusal refusedForPooling(const LayerSpec &spec) {
  if (!spec.pools())
    return {};
  return {
      "it takes sums, where the layer takes the largest or smallest entries",
      "E0053"};
}

/// For plans that every layer has.
inline PlanRefusal neverRefused(const LayerSpec &) { return {}; }

} // namespace eqc

#endif // EQC_PLAN_PLANRULES_H
