//===- SchurChoice.h - Which plan schur is for a layer ----------*- C++ -*-===//
//
// Two plans mix channels in a basis adapted to a symmetry. The isotypic one
// takes that of the group: x and y fall apart into irreducible tensors, which
// takes a basis of all positions and so a small, fixed n. The one in strands
// takes that of S_t on the propagating blocks, for any n. `--plan=schur` is the
// one of them with fewer operations.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SCHUR_SCHURCHOICE_H
#define EQC_PLAN_SCHUR_SCHURCHOICE_H

#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include <optional>
#include <string>
#include <string_view>

namespace eqc {

enum class SchurBasis { Isotypic, Strands };

constexpr std::string_view basisName(SchurBasis basis) {
  return basis == SchurBasis::Isotypic ? "isotypic" : "strands";
}
constexpr std::optional<SchurBasis> findBasis(std::string_view name) {
  for (SchurBasis basis : {SchurBasis::Isotypic, SchurBasis::Strands})
    if (name == basisName(basis))
      return basis;
  return std::nullopt;
}

struct SchurChoice {
  std::shared_ptr<const IsotypicPlan> isotypic; ///< null: strands
  StrandPlan strands;                           ///< unless isotypic

  SchurBasis basis() const {
    return isotypic ? SchurBasis::Isotypic : SchurBasis::Strands;
  }
  /// Whether there is a basis to change to; else the plan is the shared one.
  bool hasBasis() const { return isotypic || strands.hasStrands(); }
  /// Of its basis. Strands have an orthogonal one: Young's orthonormal form.
  double condition() const { return isotypic ? isotypic->condition : 1; }
  const std::vector<PackedTerm> &packed() const {
    return isotypic ? isotypic->packed : strands.packed;
  }
};

/// The plan with fewer operations; with `n = ?` always strands.
SchurChoice chooseSchur(const LayerSpec &spec, BuiltPlans &built);

PlanCost costOf(const SchurChoice &form);

} // namespace eqc

#endif // EQC_PLAN_SCHUR_SCHURCHOICE_H
