//===- JoinOrbits.h - Orbits of diagrams in an isotypic basis ---*- C++ -*-===//

#ifndef EQC_PLAN_ISOTYPIC_JOINORBITS_H
#define EQC_PLAN_ISOTYPIC_JOINORBITS_H

#include "compiler/Plan/Isotypic/IsotypicBasis.h"

namespace eqc {

/// Turns the basis of a layer of all members of orbits into that of `spec`,
/// whose weights have their signed sums. Copies that depend on others in all
/// maps are added to these: of x those that its symmetry takes to each other
/// are only seen as their sum.
void joinOrbits(IsotypicBasis &basis, const MemberLayer &layer,
                const LayerSpec &spec);

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_JOINORBITS_H
