//===- Group.h - The groups eqc knows ---------------------------*- C++ -*-===//
//
// The families of groups whose equivariant maps are spanned by diagrams. What
// is particular to each stands in Groups/.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUP_H
#define EQC_ALGEBRA_GROUP_H

#include <optional>
#include <string_view>

namespace eqc {

/// S_n (permutations), O(n), SO(n), Sp(n) .., each acting on R^n.
enum class Group {
#define EQC_GROUP(ID, RULES) ID,
#include "compiler/Algebra/Groups/Groups.def"
};

/// All of them, in the order of their list.
inline constexpr Group allGroups[] = {
#define EQC_GROUP(ID, RULES) Group::ID,
#include "compiler/Algebra/Groups/Groups.def"
};

/// The way the group is written in a source: "S", "O", "SO" or "Sp".
std::string_view groupName(Group group);

/// The group written `name`, if there is one. Case matters.
std::optional<Group> parseGroup(std::string_view name);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUP_H
