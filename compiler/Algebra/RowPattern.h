//===- RowPattern.h - How a diagram treats one row --------------*- C++ -*-===//
//
// The unique split of a diagram into top pattern, permutation, bottom pattern:
// D_d = E_top P_sigma C_bottom. Diagrams share patterns; that is what the
// shared plan lives on.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_ROWPATTERN_H
#define EQC_ALGEBRA_ROWPATTERN_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace eqc {

/// A row of a diagram that is an orbit of tuples. What the row becomes has an
/// entry for each tuple of the values of this row (`isOwn`) or of the other
/// one, in ascending order, and joins it with the tuples of this row that the
/// orbit has beside it, equally many each.
struct RowOrbit {
  std::vector<int> values, others; ///< of this row and, unless `isOwn`, of both
  bool isOwn = false;
  int64_t entries = 1, terms = 1;

  bool exists() const { return !values.empty(); }
  bool operator==(const RowOrbit &o) const {
    return std::tie(values, others, isOwn, entries, terms) ==
           std::tie(o.values, o.others, o.isOwn, o.entries, o.terms);
  }
  bool operator<(const RowOrbit &o) const {
    return std::tie(values, others, isOwn, entries, terms) <
           std::tie(o.values, o.others, o.isOwn, o.entries, o.terms);
  }
};

/// A step of the contraction of a graph map: the letters of a row, and `added`
/// new ones behind them, are joined by edges, and some are summed. Letters of
/// edges beyond all of these are summed in the step alone.
struct RowStep {
  std::vector<int> summed; ///< ascending
  int added = 0;
  std::vector<LetterEdge> edges; ///< ascending

  bool operator==(const RowStep &o) const {
    return summed == o.summed && added == o.added && edges == o.edges;
  }
  bool operator<(const RowStep &o) const {
    return std::tie(summed, added, edges) <
           std::tie(o.summed, o.added, o.edges);
  }
};

/// A row of m vertices, partitioned into blocks that are kept (they run through
/// to the other row) or dropped (summed over on input, broadcast on
/// output); for SO one block may hold the row's free vertices.
struct RowPattern {
  /// Restricted growth string of the row's m vertices.
  std::vector<int> block;
  /// Per block, or letter: whether it is kept. The free block is not kept.
  std::vector<bool> kept;
  /// The block of free vertices, or -1. A Levi-Civita diagram whose free
  /// vertices all stand in the other row has -1 here.
  int free = -1;
  /// The space of each vertex, of a row of a product of groups; else empty.
  /// A vertex of a pattern that keeps all of an axis of a sum has the number of
  /// the sum, as of an axis.
  std::vector<int> space;
  /// The part of a sum that each vertex lies in, as of Diagram; empty: none.
  std::vector<int> part;
  /// Of a row of a jellyfish the space whose blocks are legs, or -1. None of
  /// them is kept: what the row becomes has an entry for every tuple of
  /// distinct values of the legs that run through to the other row, and for
  /// every set of others of the legs that the row of inputs has alone.
  int head = -1;
  /// The legs that run through, in the order in which the row of inputs has
  /// them.
  std::vector<int> through;
  /// In a row of outputs, how many legs the row of inputs has alone; else -1.
  int otherLegs = -1;
  /// Of a row of an orbit, whose vertices with values are the legs, each alone
  /// in its block. Beside it there may be free vertices of another space.
  RowOrbit orbit;
  /// Of a row of a graph map, whose letters are the blocks and then those that
  /// steps add; `kept` says which are left after all of them. Blocks that are
  /// dropped by no step are dropped before.
  std::vector<RowStep> steps;

  /// Whether entries carry signs that depend on several blocks or vertices.
  bool hasSymbol() const { return free >= 0 || head >= 0; }
  /// Whether a block is a leg of the head.
  bool isLeg(int block) const { return head >= 0 && spaceOf(block) == head; }
  /// The legs that this row has alone, ascending.
  std::vector<int> ownLegs() const;
  /// The space of a symbol's axes, of free vertices where there are some.
  int spaceOfSymbol() const { return free >= 0 ? spaceOf(free) : head; }
  /// How many entries there are for each value of the kept blocks, where the
  /// axes of the symbol are of length n: of a Levi-Civita symbol the sets of
  /// values of the free vertices; 1 without one. Saturated at 2^63 - 1.
  int64_t numEntries(int64_t n) const;
  /// How many entries of the row each of these is a sum of.
  int64_t termsPerEntry(int64_t n) const;

  int size() const { return static_cast<int>(block.size()); }
  int numBlocks() const { return static_cast<int>(kept.size()); }
  int numKept() const;
  int numFree() const; ///< free vertices in this row
  /// Vertices (0-based in the row) of each block, ascending.
  std::vector<std::vector<int>> blocks() const;
  /// Block numbers of the kept blocks, by smallest vertex.
  std::vector<int> keptBlocks() const;
  /// Block numbers of the dropped blocks, by smallest vertex.
  std::vector<int> droppedBlocks() const;
  int spaceOfVertex(int vertex) const {
    return space.empty() ? 0 : space[vertex];
  }
  int partOfVertex(int vertex) const {
    return part.empty() ? -1 : part[vertex];
  }
  /// The space that the vertices of a block are of.
  int spaceOf(int block) const;
  /// Those of the kept blocks, by smallest vertex.
  std::vector<int> spacesOfKept() const;
  bool operator==(const RowPattern &o) const {
    return block == o.block && kept == o.kept && free == o.free &&
           space == o.space && part == o.part && head == o.head &&
           through == o.through && otherLegs == o.otherLegs &&
           orbit == o.orbit && steps == o.steps;
  }
  bool operator<(const RowPattern &o) const;
};

/// Notation: blocks by smallest vertex separated by `|`, vertices 1-based, `~`
/// before a dropped block, `*` before the free block: `1 3 | ~2`, `* 1 2 | 3`;
/// a head stands first, `* | 1 3 | ~2`, and legs that do not run through have
/// `~`; in a row of outputs it has the number of the other row's legs and the
/// legs that run through, by the number of their block, `* +1 2 1 | 1 | 3`;
/// of a product the space, `* @1`, and vertices theirs, `1:0`, with the part of
/// a sum, `1:0/2`; rows of orbits have a block of values, and
/// behind all the numbers of entries and of terms, `1=0 2=3 # 60 1` with
/// entries of their own and `1=0 > 3 5 # 60 2` with those of the other row;
/// rows of graph maps have steps behind them, `1 ; ~1 +1 : 1-2`, of letters
/// that are summed, how many are added and the edges; `1` .. as in diagrams the
/// pattern of an empty row is written `-`.
std::string toString(const RowPattern &pattern);
std::variant<RowPattern, DiagramError> parseRowPattern(std::string_view text,
                                                       int size);

/// The space or sum that each vertex of a pattern of a product is an axis of;
/// empty where the group is no product.
std::vector<int> axesOf(Group group, const RowPattern &pattern);

/// How many sets of r out of n there are. Saturated at 2^63 - 1.
int64_t numSubsets(int64_t n, int64_t r);

/// `pattern` with a dropped block kept as it is.
RowPattern keepWhole(const RowPattern &pattern, int block);

/// `pattern`, of a jellyfish, without its head: legs are kept.
RowPattern withoutHead(const RowPattern &pattern);

/// `pattern` with block `split` replaced by one kept singleton per vertex.
RowPattern splitIntoKept(const RowPattern &pattern, int split);

/// D_d = E_top P_sigma C_bottom. Kept blocks are ordered by smallest vertex on
/// both sides; top kept block a joins bottom kept block sigma[a].
struct Split {
  RowPattern top;
  RowPattern bottom;
  std::vector<int> sigma;
};
Split splitDiagram(const Diagram &diagram);

/// The inverse of `splitDiagram`.
Diagram joinPatterns(const RowPattern &top, const std::vector<int> &sigma,
                     const RowPattern &bottom);

} // namespace eqc

#endif // EQC_ALGEBRA_ROWPATTERN_H
