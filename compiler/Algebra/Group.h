//===- Group.h - The groups eqc knows ---------------------------*- C++ -*-===//
//
// The families of groups whose equivariant maps are spanned by diagrams. What
// is particular to each stands in Groups/.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUP_H
#define EQC_ALGEBRA_GROUP_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eqc {

/// S_n (permutations), O(n), SO(n), Sp(n) .., each acting on R^n.
enum class Family {
#define EQC_GROUP(ID, NAME, RULES) ID,
#include "compiler/Algebra/Groups/Groups.def"
};

/// A family and, where the form that the group keeps is indefinite, its
/// signature: first `plus` entries +1 on the diagonal, then `minus` of -1. The
/// size is then plus + minus. Else the size of a layer is its own.
class Group {
public:
  constexpr Group(Family family) : kind(family) {}
  /// The form has both signs: a definite one is the family's own.
  constexpr Group(Family family, int64_t plus, int64_t minus)
      : kind(family), numPlus(plus), numMinus(minus) {}

#define EQC_GROUP(ID, NAME, RULES) static const Group ID;
#include "compiler/Algebra/Groups/Groups.def"

  constexpr Family family() const { return kind; }
  constexpr bool hasSignature() const { return numMinus > 0; }
  constexpr int64_t plus() const { return numPlus; }
  constexpr int64_t minus() const { return numMinus; }

  constexpr bool operator==(const Group &o) const {
    return kind == o.kind && numPlus == o.numPlus && numMinus == o.numMinus;
  }
  constexpr bool operator!=(const Group &o) const { return !(*this == o); }

private:
  Family kind;
  int64_t numPlus = 0, numMinus = 0;
};

#define EQC_GROUP(ID, NAME, RULES) inline constexpr Group Group::ID{Family::ID};
#include "compiler/Algebra/Groups/Groups.def"

/// All families, in the order of their list.
inline constexpr Group allGroups[] = {
#define EQC_GROUP(ID, NAME, RULES) Family::ID,
#include "compiler/Algebra/Groups/Groups.def"
};

/// The way a family is written in a source: "S", "Sp" or "S'".
std::string_view familyName(Family family);

/// The way the group is written in a source: "S", or "O(1,3)" with a signature.
std::string groupName(Group group);

/// The group written `name`, if there is one. Case matters.
std::optional<Group> parseGroup(std::string_view name);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUP_H
