//===- Walk.h - How a row pattern visits a tensor ---------------*- C++ -*-===//
//
// The matrix of a row pattern as loops: which entries of the row's tensor
// belong to which entry of the smaller tensor indexed by the kept blocks.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_WALK_H
#define EQC_PLAN_WALK_H

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/RowPattern.h"
#include "compiler/Plan/Poly.h"

#include <cstddef>
#include <vector>

namespace eqc {

/// One loop of a walk: the value common to all vertices of a block.
struct Letter {
  /// The length of an axis, half of it for a symplectic pair, 1 for one of a
  /// signature.
  Poly extent;
  Poly rowStride;   ///< step in the row's tensor
  Poly innerStride; ///< step in the inner tensor; zero for a dropped block
  /// How many values a vertex of the block takes: those of its letter or, for a
  /// symplectic pair, twice as many.
  Poly values;
};

/// A signed pair of entries that the letters are relative to. More than one for
/// a symplectic pair (2), for a pair of a form with a signature (n), for free
/// vertices (f! for each f-subset of 0..n-1) and for the legs of a head.
struct WalkTerm {
  Poly rowOffset;
  Poly innerOffset;
  int sign = 1;
};

/// The sparse matrix C of a row pattern: over all values of the letters and all
/// terms, C[inner, row] += sign. Reading a pattern applies C, writing it C^T.
/// Terms are grouped by inner offset; all groups have the same size.
struct Walk {
  std::vector<Letter> kept;    ///< one per kept block, in kept order
  std::vector<Letter> dropped; ///< one per dropped block
  std::vector<WalkTerm> terms;
  int termsPerGroup = 1;
  /// Of a step of a graph map, whose groups have terms of any number and whose
  /// signs are factors of any size: the letters of the inner tensor that terms
  /// have values of. A group may have no terms.
  std::vector<Letter> grouped;
  bool isUneven = false;
};

/// The length of the axes of a space, or of a sum: a number, or a size of its
/// own where that is given at run time. n, also a fixed one, where all axes are
/// alike.
Poly lengthOf(Group group, int axis);
/// Where on its axis a part of a sum begins; 0 for -1, no part.
Poly offsetOf(Group group, int part);
/// The same of the axes of a row, and of what a pattern keeps of it.
std::vector<Poly> lengthsOfAxes(Group group, int order,
                                const std::vector<int> &axes);
std::vector<Poly> lengthsOfKept(Group group, const RowPattern &pattern);
Poly productOf(const std::vector<Poly> &lengths, int64_t scale = 1);

/// The strides of a row-major tensor with axes of these lengths and `inner`
/// entries behind them.
std::vector<Poly> rowMajorStrides(const std::vector<Poly> &lengths,
                                  int64_t inner = 1);
/// The same for `order` axes of extent n.
std::vector<Poly> rowMajorStrides(int order, int64_t inner = 1);

/// The sorted `free`-subsets of 0..n-1 in lexicographic order.
std::vector<std::vector<int>> subsetsOf(int64_t n, int free);

/// The sign of the permutation that sorts `values`, which are distinct.
int permutationSign(const std::vector<int> &values);

/// How often the form repeats along its diagonal: length / formPeriod, the
/// values of the letter of a dropped block of axes of that length.
Poly lettersOfForm(const GroupRules &rules, const Poly &length);

/// Adds the letter of a dropped block of a space whose vertices have these row
/// strides to `walk`, and multiplies its terms by those of the block.
void addDropped(Walk &walk, Group group, int space,
                const std::vector<Poly> &strides);

/// The walk of `pattern` over a row whose vertex v has stride `strides[v]`. The
/// inner tensor is row-major over the kept blocks, then the subsets. Dropped
/// blocks carry the group's form, left vertex first;
/// free vertices carry the sign of the permutation that sorts their values.
/// Legs of inputs carry the sign of those that are not joined, and legs of
/// outputs that of all values, of outputs by smallest vertex, of the inputs'
/// set, and the one that is missing. `n` matters only where there is a symbol.
Walk makeWalk(const RowPattern &pattern, Group group, int64_t n,
              const std::vector<Poly> &strides);

/// The parts of a walk each of which reaches a row at most once, whatever the
/// terms: entries of jellyfish that differ may write to the same rows.
std::vector<Walk> reachingRowsOnce(const Walk &walk);

/// `child` seen from `parent`, which distinguishes at least as much: a pattern
/// over the parent's kept blocks, which lie in parts of what the parent keeps
/// whole. The parent drops only blocks that the child
/// drops too and has no free vertices.
RowPattern relativePattern(const RowPattern &parent, const RowPattern &child);

/// Calls visit(row, inner) for all values of `letters` from the `first`-th on,
/// at size n, or at these sizes, starting at the given offsets.
template <typename Size, typename Visit>
void forLetters(const std::vector<Letter> &letters, size_t first, const Size &n,
                int64_t row, int64_t inner, const Visit &visit) {
  if (first == letters.size())
    return visit(row, inner);
  const Letter &letter = letters[first];
  for (int64_t i = 0, e = letter.extent.at(n); i < e; ++i)
    forLetters(letters, first + 1, n, row + i * letter.rowStride.at(n),
               inner + i * letter.innerStride.at(n), visit);
}

/// Calls visit(row, inner, sign) for every entry of the walk's matrix at size
/// n, or at these sizes.
template <typename Size, typename Visit>
void forWalk(const Walk &walk, const Size &n, const Visit &visit) {
  std::vector<Letter> letters = walk.kept;
  letters.insert(letters.end(), walk.dropped.begin(), walk.dropped.end());
  for (const WalkTerm &term : walk.terms)
    forLetters(
        letters, 0, n, term.rowOffset.at(n), term.innerOffset.at(n),
        [&](int64_t row, int64_t inner) { visit(row, inner, term.sign); });
}

} // namespace eqc

#endif // EQC_PLAN_WALK_H
