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
struct SpaceSum;
struct SpaceList;

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
/// patterns say of each vertex which one (`Diagram::space`). Axes may also be
/// of sums of these spaces, which are numbered after them; vertices then say
/// which summand they are in (`Diagram::part`).
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

  /// The product of the groups of at least two spaces, or of one with sums.
  static Group product(const std::vector<Space> &spaces,
                       const std::vector<SpaceSum> &sums = {});

  constexpr bool isProduct() const { return factors != nullptr; }
  /// The spaces of a product.
  const std::vector<Space> &spaces() const;
  /// The sums of them that axes are of; none but of a product.
  const std::vector<SpaceSum> &sums() const;
  bool hasSums() const { return !sums().empty(); }
  /// The group that acts on a space: of a product one of its factors, else the
  /// group itself.
  Group of(int space) const;
  /// How many spaces a layer of it has: those of a product, else one. Sums are
  /// not counted.
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
  const SpaceList *factors = nullptr;
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

/// A direct sum of spaces: its axes have the entries of the first summand, then
/// those of the second and so on.
struct SpaceSum {
  std::string name;
  std::vector<int> summands; ///< the numbers of the spaces; some may be equal

  bool operator==(const SpaceSum &o) const {
    return name == o.name && summands == o.summands;
  }
};

/// A sum has at most so many summands, and a layer has axes of at most so many
/// sums.
inline constexpr int kMostSummands = 16;
inline constexpr int kMostSums = 16;

/// What a product is of.
struct SpaceList {
  std::vector<Space> spaces;
  std::vector<SpaceSum> sums;

  bool operator==(const SpaceList &o) const {
    return spaces == o.spaces && sums == o.sums;
  }
};

inline const std::vector<Space> &Group::spaces() const {
  return factors->spaces;
}

inline size_t Group::numSpaces() const {
  return factors ? factors->spaces.size() : 1;
}

inline Group Group::of(int space) const {
  return factors ? factors->spaces[static_cast<size_t>(space)].group : *this;
}

/// The length of the axes of a space, or of a sum, in a layer of size n; -1:
/// given at run time.
int64_t sizeOf(Group group, int64_t n, int axis);

/// The same where all sizes that are given at run time are n.
int64_t sizeAt(Group group, int64_t n, int axis);

/// The sum that an axis is of, or null.
const SpaceSum *sumOf(Group group, int axis);

/// What a source calls the space, or the sum, of an axis of a product.
const std::string &nameOfAxis(Group group, int axis);

/// All summands of all sums of a product are numbered one after another: a
/// vertex that lies in one of them names it by this number.
struct SummandPlace {
  int axis = 0;     ///< the number of the sum, as that of an axis
  int position = 0; ///< among its summands
  int space = 0;
};
SummandPlace placeOfPart(Group group, int part);
/// How many numbers there are.
int numParts(Group group);
/// That of the summand at `position` of the sum that an axis is of.
int partAt(Group group, int axis, int position);

/// The kind of an axis with a vertex in a space, as that part of a sum; -1: of
/// none. A space, or a sum.
int axisOf(Group group, int space, int part);

/// Where on its axis a part begins, where all sizes given at run time are n.
int64_t offsetAt(Group group, int64_t n, int part);

/// What stands for the size of a product, whose spaces have their own: -1 if
/// one of them is given at run time, else 0.
int64_t sizeOfProduct(Group product);

/// The spaces of a product whose sizes are given at run time, in their order:
/// such a size has the number of its place.
std::vector<int> spacesWithSizes(Group product);

/// The product with these sizes for them.
Group withSizes(Group product, const std::vector<int64_t> &sizes);

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

/// The summands of a sum by their names: "carbon + oxygen".
std::string summandsText(const std::vector<Space> &spaces, const SpaceSum &sum,
                         std::string_view plus = " + ");

/// The group written `name`, if there is one. Case matters.
std::optional<Group> parseGroup(std::string_view name);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUP_H
