//===- Factored.h - The published single-diagram algorithm ------*- C++ -*-===//
//
// Factor, Permute, PlanarMult, Permute (Pearce-Crump, arXiv 2304.14165): a
// diagram as two permutations and a planar Kronecker product of tiny matrices.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_FACTORED_H
#define EQC_ALGEBRA_FACTORED_H

#include "compiler/Algebra/Diagram.h"

#include <vector>

namespace eqc {

/// One Kronecker factor of the planar middle diagram: a block with `top`
/// vertices in the top and `bottom` vertices in the bottom row. The free
/// block's factor is the Levi-Civita symbol reshaped to n^top x n^bottom.
struct KroneckerFactor {
  int top = 0;
  int bottom = 0;
  bool free = false;
  int space = 0; ///< that its axes are of
};

/// D_d = P(out) . D_planar . P(in). The planar diagram is the Kronecker product
/// of `factors`, left to right: top-only blocks, then the free block if any,
/// then through blocks (no crossings), then bottom-only blocks, sizes
/// decreasing from right to left. No vertex order inside a same-row pair is
/// ever reversed, so no sign arises for Sp.
struct FactoredDiagram {
  int l = 0, k = 0;
  /// Planar input axis q is axis `in[q]` of the layer's input tensor.
  std::vector<int> in;
  /// Planar output axis q is axis `out[q]` of the layer's output tensor.
  std::vector<int> out;
  std::vector<KroneckerFactor> factors;
  /// The order in which PlanarMult contracts the bottom-only blocks: indices
  /// into `factors`. Initially right to left (largest first), the published
  /// order.
  std::vector<int> contractionOrder;
  bool typed = false; ///< of a product of groups: the spaces of factors count
};

/// Factors `diagram`.
FactoredDiagram factorDiagram(const Diagram &diagram);

/// The diagram again (for verification).
Diagram unfactor(const FactoredDiagram &factored);

/// Exact additions of one multiplication by `factored` for a vector of n^k
/// entries: sum over the contractions, in `contractionOrder`, of (n-1) n^(order
/// left), (for Sp n - 1 as well), plus for a free block f! terms per entry of
/// what is kept (n! n^t). Saturates at 2^63-1. Of a product every axis has the
/// length of its space, n where that is given at run time.
long long exactAdditions(const FactoredDiagram &factored, Group group,
                         long long n);

/// The same in closed form, for the published order: bottom-only sizes
/// b_1 >= b_2 >= ..: (n-1) sum_j n^(k - b_1 - .. - b_j), plus n! n^t.
long long leastAdditions(const Diagram &diagram, Group group, long long n);

/// The contraction order of least exact cost; ties keep the published order.
/// Sorting by decreasing size is optimal; this is computed, not assumed, for
/// at most 8 bottom-only blocks, and by sorting beyond.
std::vector<int> cheapestContractionOrder(const FactoredDiagram &factored,
                                          Group group, long long n);

} // namespace eqc

#endif // EQC_ALGEBRA_FACTORED_H
