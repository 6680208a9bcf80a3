//===- GroupOfMaps.h - Groups that have the maps of another -----*- C++ -*-===//

#ifndef EQC_ALGEBRA_GROUPS_GROUPOFMAPS_H
#define EQC_ALGEBRA_GROUPS_GROUPOFMAPS_H

#include "compiler/Algebra/Group.h"

namespace eqc {

/// The group whose maps between two tensors are those of `group`, where it has
/// any: G for G x {1, -1}, else the group itself. A basis of the tensors that
/// makes the maps of one simple does so for the other.
Group groupOfMaps(const Group &group);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_GROUPOFMAPS_H
