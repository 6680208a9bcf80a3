//===- SymmetricGroup.h - Irreducible representations of S_t ----*- C++ -*-===//
//
// Young's orthonormal form. The propagating blocks of diagrams carry an action
// of S_t; in its irreducible representations a mix over all t! permutations
// falls apart into small blocks.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_SYMMETRICGROUP_H
#define EQC_ALGEBRA_SYMMETRICGROUP_H

#include <vector>

namespace eqc {

/// All permutations of 0..t-1 in lexicographic order; p[a] is the image of a.
std::vector<std::vector<int>> permutationsOf(int t);

/// The place of `permutation` in permutationsOf().
int rankOf(const std::vector<int> &permutation);

/// An irreducible representation by orthogonal matrices: D(p q) = D(p) D(q),
/// where (p q)[a] = p[q[a]].
struct Irrep {
  std::vector<int> partition; ///< its Young diagram: rows, longest first
  int dimension = 1;
  /// matrices[p][row * dimension + column] for permutation number p.
  std::vector<std::vector<double>> matrices;

  double entry(int permutation, int row, int column) const {
    return matrices[permutation][row * dimension + column];
  }
};

/// The irreducible representations of S_t, one per partition of t, the trivial
/// one first. Source: James and Kerber, The Representation Theory of the
/// Symmetric Group, section 3.4.
std::vector<Irrep> irrepsOf(int t);

} // namespace eqc

#endif // EQC_ALGEBRA_SYMMETRICGROUP_H
