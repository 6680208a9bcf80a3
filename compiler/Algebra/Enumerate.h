//===- Enumerate.h - Counting and listing diagrams --------------*- C++ -*-===//
//
// Closed-form counts, canonical enumeration and pruning to a basis.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_ENUMERATE_H
#define EQC_ALGEBRA_ENUMERATE_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace eqc {

/// A count that saturates: `exceeds` once it passed 2^64 - 1.
struct Count {
  uint64_t value = 0;
  bool saturated = false;
};

/// How many (l,k)-diagrams the group has (`diagrams = all`), from closed
/// forms, without listing any. `n` is -1 when dynamic (never for SO).
/// Costs O(min(l+k, 64)^2) at most, whatever l and k.
Count countDiagrams(Group group, long long n, long long l, long long k);

/// How many diagrams the basis has (the dimension of the space of equivariant
/// maps), from closed forms where there is one, otherwise by counting `inBasis`
/// over the enumeration. Fixed n only.
Count countBasis(Group group, long long n, int l, int k);

/// Calls `visit` with every diagram of the group in canonical order until it
/// returns false. Nothing is kept in memory beyond the current diagram (SO's
/// tuples of free vertices included).
void forEachDiagram(Group group, long long n, int l, int k,
                    const std::function<bool(const Diagram &)> &visit);

/// All of them, in canonical order.
std::vector<Diagram> enumerateDiagrams(Group group, long long n, int l, int k);

/// Whether the diagram belongs to the linearly independent subset
/// (`diagrams = basis`): S: at most n blocks; O: involution word with longest
/// increasing subsequence at most n; Sp: no (n/2+1)-nesting; SO: 0 or n free
/// vertices and longest increasing subsequence of the involution word (free
/// vertices are fixed points) at most n.
bool inBasis(const Diagram &diagram, Group group, long long n);

/// Why the group has no (l,k)-diagram at all (odd l + k for O, odd n ..), in
/// words for a user, or an empty string when it has.
std::string whyNoDiagrams(Group group, long long n, long long l, long long k);

/// The rows of a layer: how many outputs and inputs, and the space of each
/// where the group is a product.
struct LayerRows {
  Group group = Group::S;
  int64_t n = 1;
  int l = 0, k = 0;
  std::vector<int> axes; ///< of the outputs, then of the inputs; or empty
  /// Whether each axis is of the dual of its space; empty: none is.
  std::vector<bool> dual = {};
  /// Where axes of sums have been assigned to summands, as of Diagram: `axes`
  /// are then those of the summands.
  std::vector<int> part = {};

  bool isProduct() const { return group.isProduct(); }
  /// Whether axes of sums are still to be assigned.
  bool hasSums() const { return group.hasSums() && part.empty(); }
  /// How many vertices are of a space.
  uint64_t numVertices(int space) const { return verticesOf(space).number(); }
  Vertices verticesOf(int space) const;
};

/// Calls visit(rows) for every assignment of a summand to each axis of a sum,
/// in the order of the tuples of summands, until it returns false.
void forEachAssignment(const LayerRows &rows,
                       const std::function<bool(const LayerRows &)> &visit);

/// How many diagrams there are with all assignments, or in the basis; why there
/// is none.
Count countOnSums(const LayerRows &rows, bool ofBasis);
std::string whyNoneOnSums(const LayerRows &rows);

/// The same of layers of any group. Diagrams of a product are numbered by those
/// of the factors, of which the first varies slowest: the order of its spaces
/// is that of their first axes. Those of sums are those of each assignment,
/// one after another.
Count countDiagrams(const LayerRows &rows);
Count countBasis(const LayerRows &rows);
void forEachDiagram(const LayerRows &rows,
                    const std::function<bool(const Diagram &)> &visit);
std::string whyNoDiagrams(const LayerRows &rows);

} // namespace eqc

#endif // EQC_ALGEBRA_ENUMERATE_H
