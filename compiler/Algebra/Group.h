//===- Group.h - The groups eqc knows ---------------------------*- C++ -*-===//
//
// The four families of groups whose equivariant maps are spanned by diagrams.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUP_H
#define EQC_ALGEBRA_GROUP_H

#include <optional>
#include <string_view>

namespace eqc {

/// S_n (permutations), O(n), SO(n) and Sp(n), each acting on R^n.
enum class Group { S, O, SO, Sp };

/// The way the group is written in a source: "S", "O", "SO" or "Sp".
std::string_view groupName(Group group);

/// The group written `name`, if there is one. Case matters.
std::optional<Group> parseGroup(std::string_view name);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUP_H
