//===- Group.h - The groups eqc knows ---------------------------*- C++ -*-===//
//
// The families of groups whose equivariant maps are spanned by diagrams, and
// products of them. What is particular to each stands in Groups/.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUP_H
#define EQC_ALGEBRA_GROUP_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eqc {

class Action;
struct Space;

/// S_n (permutations), O(n), SO(n), Sp(n) .., each acting on R^n.
enum class Family {
#define EQC_GROUP(ID, NAME, RULES) ID,
#include "compiler/Algebra/Groups/Groups.def"
};

/// A family and, where the form that the group keeps is indefinite, its
/// signature: first `plus` entries +1 on the diagonal, then `minus` of -1. The
/// size is then plus + minus. Else the size of a layer is its own.
///
/// Or a group of permutations that a source spells out, with its size: see
/// Action.h.
///
/// Or a product of groups, each acting on a space of its own: every axis of a
/// tensor belongs to one of the spaces, which are numbered. Diagrams and row
/// patterns say of each vertex which one (`Diagram::space`).
class Group {
public:
  constexpr Group(Family family) : kind(family) {}
  /// The form has both signs: a definite one is the family's own.
  constexpr Group(Family family, int64_t plus, int64_t minus)
      : kind(family), numPlus(plus), numMinus(minus) {}
  /// The permutations that a source spells out.
  explicit Group(const Action *action);

#define EQC_GROUP(ID, NAME, RULES) static const Group ID;
#include "compiler/Algebra/Groups/Groups.def"

  /// The product of the groups of at least two spaces.
  static Group product(const std::vector<Space> &spaces);

  constexpr bool isProduct() const { return factors != nullptr; }
  /// The spaces of a product.
  const std::vector<Space> &spaces() const { return *factors; }
  /// The group that acts on a space: of a product one of its factors, else the
  /// group itself.
  Group of(int space) const;
  /// How many spaces a layer of it has: those of a product, else one.
  size_t numSpaces() const;

  /// Not of a product.
  constexpr Family family() const { return kind; }
  constexpr bool hasSignature() const { return numMinus > 0; }
  constexpr int64_t plus() const { return numPlus; }
  constexpr int64_t minus() const { return numMinus; }
  /// Of permutations that are spelled out; else null.
  constexpr const Action *action() const { return points; }
  /// Whether the size belongs to the group, not to the layer.
  constexpr bool hasSize() const { return hasSignature() || points; }

  constexpr bool operator==(const Group &o) const {
    return kind == o.kind && numPlus == o.numPlus && numMinus == o.numMinus &&
           factors == o.factors && points == o.points;
  }
  constexpr bool operator!=(const Group &o) const { return !(*this == o); }

private:
  Family kind;
  int64_t numPlus = 0, numMinus = 0;
  /// Equal products share one list.
  const std::vector<Space> *factors = nullptr;
  /// Equal ones are one object.
  const Action *points = nullptr;
};

/// A layer has axes of at most so many spaces.
inline constexpr int kMostSpaces = 16;

/// What is added to the number of a space on axes of its dual, where programs
/// are told of them.
inline constexpr int kDualAxis = 65536;

/// R^n with a group acting on it.
struct Space {
  std::string name; ///< "" for the space that `group` and `n` declare
  Group group = Family::S;
  int64_t n = 1; ///< -1: given at run time

  bool operator==(const Space &o) const {
    return name == o.name && group == o.group && n == o.n;
  }
};

inline size_t Group::numSpaces() const { return factors ? factors->size() : 1; }

inline Group Group::of(int space) const {
  return factors ? (*factors)[static_cast<size_t>(space)].group : *this;
}

/// The length of a space's axes in a layer of size n; -1: given at run time.
inline int64_t sizeOf(Group group, int64_t n, int space) {
  return group.isProduct() ? group.spaces()[static_cast<size_t>(space)].n : n;
}

/// The same where all sizes that are given at run time are n.
inline int64_t sizeAt(Group group, int64_t n, int space) {
  const int64_t size = sizeOf(group, n, space);
  return size < 0 ? n : size;
}

/// What stands for the size of a product, whose spaces have their own: -1 if
/// one of them is given at run time, else 0.
int64_t sizeOfProduct(Group product);

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
/// Of a product its spaces, "users:S xyz:SO". Of permutations that are spelled
/// out in short, "Graph(60)".
std::string groupName(Group group);

/// The same with these in full, `Perm(3, "(0 1 2)")`.
std::string groupSource(Group group);

/// A space's group with its size, as in a source: "S(943)", "S(?)", "O(1,3)".
std::string spaceText(const Space &space);

/// The group written `name`, if there is one. Case matters.
std::optional<Group> parseGroup(std::string_view name);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUP_H
