//===- GroupElement.h - Random group elements -------------------*- C++ -*-===//
//
// Elements of S_n, O(n), SO(n) and Sp(n) for tests of equivariance, and their
// action on every axis of a tensor with batch and channels.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_GROUPELEMENT_H
#define EQC_CHECK_GROUPELEMENT_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Check/Random.h"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace eqc {

class GroupElement {
public:
  /// S: a permutation, never the identity when n >= 2. O: orthogonal, of either
  /// determinant. SO: determinant +1. Sp: g^T Omega g = Omega in the
  /// interleaved basis, with a small condition number. Up to n = 64 the matrix
  /// is dense; beyond, g is block-diagonal with dense blocks on randomly chosen
  /// coordinates, so that it can be drawn and applied for any n.
  static GroupElement random(Group group, int64_t n, Random &random);

  int64_t n() const { return size; }

  /// g as a matrix (for small n).
  Eigen::MatrixXd matrix() const;

  /// The largest singular value: 1 for S, O and SO.
  double norm() const { return spectralNorm; }

  /// g applied to each of the `order` axes of length n of a tensor with the
  /// layout's batch and channel axes.
  std::vector<double> apply(const std::vector<double> &tensor, int order,
                            int64_t batch, int64_t channels,
                            Layout layout) const;

private:
  /// A dense matrix acting on some of the coordinates.
  struct Block {
    std::vector<int64_t> coordinates;
    Eigen::MatrixXd matrix;
  };

  int64_t size = 0;
  double spectralNorm = 1;
  std::vector<Block> blocks;     ///< empty for S
  std::vector<int64_t> permuted; ///< S: coordinate i goes to permuted[i]
};

} // namespace eqc

#endif // EQC_CHECK_GROUPELEMENT_H
