//===- Diagram.h - (l,k)-diagrams -------------------------------*- C++ -*-===//
//
// Set partition, Brauer and free-vertex (Levi-Civita) diagrams with l outputs
// (top row) and k inputs (bottom row), and their textual notation.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_DIAGRAM_H
#define EQC_ALGEBRA_DIAGRAM_H

#include "compiler/Algebra/Group.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace eqc {

/// An orbit of tuples, one value for each vertex, under a group of
/// permutations: the matrix has ones at its tuples of output and input indices.
/// The values of outputs form `rows` different tuples and those of inputs
/// `columns`, so that every row that is not zero has size / rows ones.
struct TupleOrbit {
  std::vector<int> values; ///< the smallest member; empty: no orbit
  int64_t rows = 1, columns = 1, size = 1;
  /// What `mean` divides by: the ones in a row, also of the exchanged rows.
  int64_t divisor = 1;

  bool exists() const { return !values.empty(); }
  bool operator==(const TupleOrbit &o) const {
    return values == o.values && rows == o.rows && columns == o.columns &&
           size == o.size && divisor == o.divisor;
  }
};

/// Two letters at whose values there is a factor of the adjacency matrix of a
/// graph: A[value of the first, value of the second].
using LetterEdge = std::pair<int, int>;

/// What a graph map has beside its blocks, which are its first letters: see
/// GraphMap.h.
struct GraphMap {
  /// Blocks, then letters without a vertex, which are summed; -1: no graph map.
  int letters = -1;
  std::vector<LetterEdge> edges; ///< ascending
  bool symmetric = false;        ///< whether the adjacency matrix is
  /// The letters that are summed from the inputs on, and from the outputs on,
  /// each in the order of contraction. The two sides meet at the others.
  std::vector<int> ofInputs, ofOutputs;

  bool exists() const { return letters >= 0; }
  bool operator==(const GraphMap &o) const {
    return letters == o.letters && edges == o.edges &&
           symmetric == o.symmetric && ofInputs == o.ofInputs &&
           ofOutputs == o.ofOutputs;
  }
};

/// A partition of l output and k input vertices into blocks. Vertices are
/// numbered o1 < .. < ol < i1 < .. < ik, from 0. In an SO diagram one block may
/// hold the n free vertices, the arguments of a Levi-Civita symbol.
struct Diagram {
  int l = 0; ///< outputs, the top row
  int k = 0; ///< inputs, the bottom row
  /// Restricted growth string: the block of each vertex, blocks numbered from 0
  /// by first appearance. Size l + k.
  std::vector<int> block;
  /// The number of the block of free vertices, or -1.
  int free = -1;
  /// Of a jellyfish the space whose blocks are the legs of its head, 0 where
  /// all axes are of one; else -1. Its matrix has, where indices are equal
  /// within blocks, the sign of the values of the n legs as a permutation, by
  /// smallest vertex; of n - 1 legs the sum over the value that is missing.
  int head = -1;
  /// Of a group of permutations that is spelled out: the values that the
  /// vertices of its space, `head`, have together. Each is a leg, in a block of
  /// its own. Other spaces have blocks beside it, also one of free vertices.
  TupleOrbit orbit;
  /// Of the automorphisms of a graph: edges that join the blocks.
  GraphMap map;
  /// The space of each vertex, of a diagram of a product of groups; else empty.
  std::vector<int> space;
  /// Which part of a sum each vertex lies in, or -1 on axes of no sum; empty
  /// where there are no sums. See `placeOfPart`.
  std::vector<int> part;
  /// Whether each vertex is an axis of the dual of its space; empty: none is.
  std::vector<bool> dual;

  bool isDual(int vertex) const { return !dual.empty() && dual[vertex]; }
  int spaceOf(int vertex) const { return space.empty() ? 0 : space[vertex]; }
  int partOf(int vertex) const { return part.empty() ? -1 : part[vertex]; }
  /// The space of the free vertices.
  int freeSpace() const;
  /// Whether no block has vertices of two spaces.
  bool hasPureBlocks() const;

  int numBlocks() const;
  /// The vertices of every block, ascending; indexed by block number.
  std::vector<std::vector<int>> blocks() const;
  /// Vertices of the free block, ascending; empty without one.
  std::vector<int> freeVertices() const;
  /// Whether it has a sign that depends on several blocks or vertices: that of
  /// a Levi-Civita symbol or of a head.
  bool hasSymbol() const { return free >= 0 || head >= 0; }
  /// Whether the block of a vertex is a leg of the head.
  bool isLegOf(int vertex) const {
    return head >= 0 && spaceOf(vertex) == head;
  }
  /// The numbers of the legs, ascending.
  std::vector<int> legs() const;
  /// How many blocks hold inputs only; the free block and legs never count.
  /// (What `normalize = mean` divides by: n to this power.)
  int numBottomOnlyBlocks() const;
  /// The spaces of these blocks, ascending by block.
  std::vector<int> spacesOfBottomOnlyBlocks() const;

  bool operator==(const Diagram &other) const;
  bool operator!=(const Diagram &other) const { return !(*this == other); }
};

/// Builds a diagram from any labelling of the vertices by blocks: renumbers the
/// labels into a restricted growth string. `freeLabel` is the label of the
/// block of free vertices, or -1.
Diagram makeDiagram(int l, int k, const std::vector<int> &labels,
                    int freeLabel = -1, std::vector<int> space = {});

/// The vertices of diagrams in one space: outputs, then inputs.
struct Vertices {
  uint64_t l = 0, k = 0;
  std::vector<bool> dual; ///< as of Diagram

  uint64_t number() const { return l + k; }
  int size() const { return static_cast<int>(number()); }
  /// Outputs of the dual and inputs that are not of it. Invariant pairings join
  /// each with a vertex that is none.
  uint64_t sources() const;
  Diagram diagramOf(const std::vector<int> &labels, int freeLabel = -1) const;
};
/// Whether each vertex of a diagram is a source.
std::vector<bool> sourcesOf(const Diagram &diagram);

/// `dual`, or empty where no vertex is.
std::vector<bool> someDual(std::vector<bool> dual);

/// `part`, or empty where no vertex lies in a part of a sum.
std::vector<int> somePart(std::vector<int> part);

/// The part of a diagram that lies in one space, as a diagram of its group.
Diagram restrictTo(const Diagram &diagram, int space);

/// The diagram of a product that has these parts, one for each space, where the
/// vertices are of the spaces given.
Diagram joinParts(const std::vector<Diagram> &parts, int l, int k,
                  const std::vector<int> &space);

/// `o1` or `i2`: the name of a vertex in a diagram with l outputs.
std::string vertexName(int l, int vertex);

/// The space or sum that each vertex of a diagram of a product is an axis of;
/// empty where the group is no product.
std::vector<int> axesOf(Group group, const Diagram &diagram);

/// The vertices of one block, as in the notation: `o1 i2`.
std::string blockText(const std::vector<int> &vertices, int l);

/// The diagram of an orbit, of which only the values are known.
Diagram makeOrbit(int l, int k, std::vector<int> values);

/// Canonical notation: `o1 i1 | o2 i2`, `* o1 i1 i2`, of jellyfish
/// `* | o1 i1 | o2`, of orbits `o1=0 i1=2`, a block where there are others,
/// `o1=0 i1=2 | o2 i2`, of graph maps `o1=a i1=b : a-b`; blocks by smallest
/// vertex, vertices ascending; `1` for the diagram without vertices.
std::string toString(const Diagram &diagram);
/// The same of a diagram of the group, in which vertices on axes of sums name
/// their summand: `o1:carbon i1:carbon`.
std::string toString(const Diagram &diagram, Group group);

/// The same with the space of every vertex of a product, `o1:0 i1:0 | o2:1`,
/// and the part of a sum, `o1:0/2`, and of a head, `* @1`, and an apostrophe
/// behind those of duals; behind an orbit its numbers of rows and columns, its
/// size and its divisor, `o1=0 i1=2 # 5 5 10 2`, and behind a graph map the
/// letters that each side sums, `o1=a i1=b : a-c c-b # b c /`: all that there
/// is to a diagram.
std::string toTypedString(const Diagram &diagram);

/// Where and why a diagram's notation is wrong. Offsets are bytes of the text.
struct DiagramError {
  size_t offset = 0;
  size_t length = 0;
  std::string message; ///< lower case, no full stop
};

/// Reads the notation of an (l,k)-diagram. Refuses unknown, repeated and
/// missing vertices and empty blocks. Any group: see `whyNotOfGroup`. Vertices
/// may name their spaces, all or none, and be of duals where `typed`.
std::variant<Diagram, DiagramError> parseDiagram(std::string_view text, int l,
                                                 int k, bool typed = false);
/// The same with the axes of a layer of the group, of which those of sums name
/// their summand, no name of which stands twice: `o1:carbon`.
std::variant<Diagram, DiagramError> parseDiagram(std::string_view text, int l,
                                                 int k, Group group,
                                                 const std::vector<int> &axes);

/// Why `diagram` is not one of the group's for size n, or an empty string. S
/// takes any partition, with any number of blocks; O and Sp perfect matchings;
/// SO perfect matchings and diagrams with exactly n free vertices and the rest
/// matched. `n` is -1 when dynamic. A diagram of a product is, space by space,
/// one of the factors.
std::string whyNotOfGroup(const Diagram &diagram, Group group, long long n);

/// `diagram` where the second axis of every pair in one row is of the dual, if
/// its space has one: a diagram of the group, whichever axes really are.
Diagram withSomeDuals(Diagram diagram, Group group);

/// Canonical order (lexicographic restricted growth strings; for SO the
/// matchings first, then by tuple of free vertices, then by the restricted
/// growth string of the matching of the others; for A the partitions first,
/// then the jellyfish). Of a product by space, in the
/// order of their first vertices, the first one slowest.
bool canonicalLess(const Diagram &a, const Diagram &b);

/// The diagram with the rows exchanged, and the sign s of D_d^T = s D_{d*}
/// (for free-vertex diagrams (-1)^(f_o f_i + q), f_o free outputs, f_i free
/// inputs, q minuses of the group's form; for jellyfish that of the permutation
/// which brings the legs into the order of the exchanged rows; else 1).
struct SignedDiagram {
  Diagram diagram;
  int sign = 1;
};
SignedDiagram transpose(Group group, const Diagram &diagram);

/// The sign of the permutation that sorts the legs of a head, if there is one,
/// by their smallest vertices once each vertex has gone to its image.
int signOfLegs(const Diagram &diagram,
               const std::function<int(int vertex)> &image);

/// The product of two diagrams d1 : m -> l and d2 : k -> m without free
/// vertices or heads, glued in the middle row: D_d1 D_d2 = sign * n^loops *
/// D_(d1 after d2). The sign differs from 1 for Sp only, where it is the
/// product over paths and loops of (-1)^(floor(q/2) + r), q same-row pairs, r
/// of them walked right to left.
struct Composition {
  Diagram diagram;
  int loops = 0; ///< components left entirely in the middle row
  std::vector<int> spacesOfLoops; ///< n is that of the space of each
  int sign = 1;
};
Composition compose(Group group, const Diagram &d1, const Diagram &d2);

/// Side by side: D_(a (x) b) = D_a (x) D_b. Neither has free vertices.
Diagram kronecker(const Diagram &a, const Diagram &b);

} // namespace eqc

#endif // EQC_ALGEBRA_DIAGRAM_H
