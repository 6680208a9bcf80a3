//===- SchurForm.h - Which form the schur plan of a layer takes -*- C++ -*-===//
//
// Both mix channels in a basis adapted to a symmetry. In full form it is that
// of the group: x and y fall apart into irreducible tensors, which takes a
// basis of all positions and so a small, fixed n. In strands it is that of S_t
// on the propagating blocks, for any n.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SCHURFORM_H
#define EQC_PLAN_SCHURFORM_H

#include "compiler/Plan/SchurPlan.h"
#include "compiler/Plan/StrandPlan.h"

#include <string>

namespace eqc {

struct SchurForm {
  std::shared_ptr<const SchurPlan> full; ///< null: strands
  StrandPlan strands;                    ///< unless full

  /// Whether there is a basis to change to; else the plan is the shared one.
  bool hasBasis() const { return full || strands.hasStrands(); }
  /// Of its basis. Strands have an orthogonal one: Young's orthonormal form.
  double condition() const { return full ? full->condition : 1; }
  const std::vector<PackedTerm> &packed() const {
    return full ? full->packed : strands.packed;
  }
};

/// The form with fewer operations; with `n = ?` always strands.
SchurForm schurFormOf(const LayerSpec &spec);

} // namespace eqc

#endif // EQC_PLAN_SCHURFORM_H
