//===- GroupRules.h - What is particular to a group -------------*- C++ -*-===//
//
// A group is a table of rules: which sizes and blocks it has, how many diagrams
// and which of them are independent, the form that joins a pair, a random
// element. Nothing outside this folder asks which group it has before it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_GROUPRULES_H
#define EQC_ALGEBRA_GROUPS_GROUPRULES_H

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/RowPattern.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eqc {

class GroupElement;
class Random;

/// Called with diagrams in canonical order until it returns false.
using DiagramVisitor = std::function<bool(const Diagram &)>;

class GroupRules {
public:
  virtual ~GroupRules() = default;

  /// The elements in words: "permutations".
  virtual std::string_view words() const = 0;

  //===--------------------------------------------------------------------===//
  // Sizes
  //===--------------------------------------------------------------------===//

  /// Whether n may be left to the run time: which diagrams there are does not
  /// depend on it.
  virtual bool allowsDynamicN() const { return true; }

  /// The smallest n.
  virtual int64_t leastN() const { return 1; }

  /// n is a multiple of this: 2 where R^n is made of symplectic planes.
  virtual int sizeUnit() const { return 1; }

  /// Why n has to be a multiple of `sizeUnit`, in words for a user.
  virtual std::string_view whySizeUnit() const { return ""; }

  /// The rules where the form has this signature; null where the group keeps
  /// none that could be indefinite.
  virtual std::unique_ptr<GroupRules> withSignature(int64_t plus,
                                                    int64_t minus) const {
    return nullptr;
  }
  bool takesSignature() const { return withSignature(1, 1) != nullptr; }

  /// The rules of permutations that a source spells out; null where the group
  /// is not one of these.
  virtual std::unique_ptr<GroupRules> withAction(const Action *action) const {
    return nullptr;
  }
  /// Whether diagrams are orbits of tuples: see Diagram::orbit. A family alone,
  /// before it is known which permutations there are, has no diagrams.
  virtual bool hasOrbits() const { return false; }

  /// Whether there are graph maps beside orbits: see GraphMap.h.
  virtual bool hasGraphMaps() const { return false; }

  /// Makes a diagram as it is written, with any member of an orbit, the one
  /// that is listed. Why it is none of the group's, or an empty string.
  virtual std::string complete(Diagram &diagram) const { return ""; }

  /// Why a row of an orbit is none of the group's, or an empty string.
  virtual std::string whyNotRow(const RowOrbit &row) const;

  //===--------------------------------------------------------------------===//
  // Diagrams
  //===--------------------------------------------------------------------===//

  /// Why `diagram` is not one of the group's for size n (-1: dynamic), or an
  /// empty string.
  virtual std::string whyNot(const Diagram &diagram, int64_t n) const = 0;

  /// Whether the space is not its own dual: axes may be of either, and diagrams
  /// depend on which are. Elements act on the dual by the inverse transpose.
  virtual bool hasDuals() const { return false; }

  /// Whether there are jellyfish: see Diagram::head.
  virtual bool hasJellyfish() const { return false; }

  /// How many diagrams with these vertices there are.
  virtual Count count(int64_t n, const Vertices &vertices) const = 0;

  /// Why there is none, in words for a user, or an empty string.
  virtual std::string whyNone(int64_t n, const Vertices &vertices) const = 0;

  /// Calls `visit` with every diagram in canonical order until it returns
  /// false.
  virtual void enumerate(int64_t n, const Vertices &vertices,
                         const DiagramVisitor &visit) const = 0;

  /// Whether the diagram, one of the group's, belongs to the linearly
  /// independent subset.
  virtual bool inBasis(const Diagram &diagram, int64_t n) const = 0;

  /// How many diagrams with these vertices do.
  virtual Count countBasis(int64_t n, const Vertices &vertices) const = 0;

  /// The sign of D_d1 D_d2 against n^loops times the matrix of the composed
  /// diagram; neither has free vertices.
  virtual int compositionSign(const Diagram &d1, const Diagram &d2) const {
    return 1;
  }

  //===--------------------------------------------------------------------===//
  // Blocks
  //===--------------------------------------------------------------------===//

  /// The invariant bilinear form that joins two vertices of one row: its entry
  /// at (a, b), in {-1, 0, 1}. Blocks across rows are deltas in every group.
  virtual int form(int64_t a, int64_t b) const { return a == b; }

  /// The one b at which form(a, b) is not zero.
  virtual int64_t partner(int64_t a) const { return a; }

  /// How far apart entries of the form repeat: form(a + period, b + period) is
  /// form(a, b). A period of n is the whole of it.
  virtual int64_t formPeriod() const { return sizeUnit(); }

  /// `pattern` with the dropped block made into kept ones, one step finer: a
  /// row pattern of the group from which the sum over the block gives
  /// `pattern`.
  virtual RowPattern keepDropped(const RowPattern &pattern, int block) const;

  /// Whether every element is a monomial matrix, one entry a row and a column.
  /// Which indices of a tuple are equal is then invariant.
  virtual bool isMonomial() const { return false; }

  /// Whether tensors fall apart into irreducible ones at right angles, so that
  /// channels may be mixed in a basis of them.
  virtual bool hasSchurBasis() const { return true; }

  /// Another group whose maps between two tensors are those of this one, where
  /// it has any: a basis that makes the maps of one simple does so for the
  /// other.
  virtual std::optional<Group> groupOfMaps() const { return std::nullopt; }

  //===--------------------------------------------------------------------===//
  // Elements
  //===--------------------------------------------------------------------===//

  /// A random element, for tests of equivariance; see GroupElement.
  virtual GroupElement randomElement(int64_t n, Random &random) const = 0;

  /// One whose matrix and whose inverse are of integers, so that a test needs
  /// no tolerance. Few elements of an infinite group are.
  virtual GroupElement integerElement(int64_t n, Random &random) const;
};

/// The rules of each group, defined in its file.
#define EQC_GROUP(ID, NAME, RULES) const GroupRules &RULES();
#include "compiler/Algebra/Groups/Groups.def"

/// The rules of a product, defined in Product.cpp.
const GroupRules &rulesOfProduct(Group group);

/// The rules of a group.
const GroupRules &rulesOf(Group group);

/// Values of the vertices of a block that stands in one row, vertex by vertex,
/// relative to `formPeriod` times the value of its letter.
struct BlockTerm {
  std::vector<int64_t> values;
  int sign = 1;
};

/// All of them, for a block of `size` vertices. A letter of it takes the values
/// 0 .. n / formPeriod - 1. One term of zeros for a delta, two for a symplectic
/// pair: eps(2a, 2a+1) = +1 and eps(2a+1, 2a) = -1; n where the form has a
/// signature.
std::vector<BlockTerm> termsOfRowBlock(const GroupRules &rules, int size);

/// "even" or "a multiple of 3": what n has to be for this `sizeUnit`.
std::string sizeUnitInWords(int unit);

/// Why there are no maps where only tensors of even order are invariant, in
/// words for a user, or an empty string.
std::string whyNoneOfOddOrder(Group group, uint64_t numVertices);

/// What those say that have no jellyfish.
std::string whyNoJellyfish();

/// How users write a group: "SO(3)", or "SO(n)" when the size is dynamic;
/// "O(1,3)" with a signature; of a product "S(943) x SO(3)".
std::string groupText(Group group, int64_t n);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_GROUPRULES_H
