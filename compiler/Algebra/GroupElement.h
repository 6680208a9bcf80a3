//===- GroupElement.h - Random group elements -------------------*- C++ -*-===//
//
// Elements for tests of equivariance, and their action on every axis of a
// tensor with batch and channels. Each group draws its own.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPELEMENT_H
#define EQC_ALGEBRA_GROUPELEMENT_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Algebra/Random.h"

#include <Eigen/Core>

#include <cstdint>
#include <functional>
#include <vector>

namespace eqc {

class GroupElement {
public:
  /// Coordinate i goes to images[i].
  static GroupElement permutation(std::vector<int64_t> images);

  /// A random block of the group for some of the coordinates.
  using RandomBlock = std::function<Eigen::MatrixXd(
      const std::vector<int64_t> &coordinates, Random &random)>;

  /// Up to n = 64 one dense block; beyond, block-diagonal with dense blocks on
  /// randomly chosen coordinates, so that it can be drawn and applied for any
  /// n. `unit` neighbours stay together: the two axes of a symplectic plane.
  static GroupElement inBlocks(int64_t n, int64_t unit, Random &random,
                               const RandomBlock &block);

  /// This element with the signs of random rows changed.
  GroupElement withRandomSigns(Random &random) const;
  /// -1 times this element.
  GroupElement negative() const;
  /// Elements acting on the summands of a sum, one after another.
  static GroupElement
  directSum(const std::vector<const GroupElement *> &summands);
  /// The inverse transpose, by which this element acts on the dual.
  GroupElement dual() const;

  int64_t n() const { return size; }

  /// g as a matrix (for small n).
  Eigen::MatrixXd matrix() const;

  /// The largest singular value.
  double norm() const { return spectralNorm; }

  /// g applied to each of the `order` axes of length n of a tensor with the
  /// layout's batch and channel axes.
  std::vector<double> apply(const std::vector<double> &tensor, int order,
                            int64_t batch, int64_t channels,
                            Layout layout) const;
  /// The same with an element for every axis: one for each space of a product.
  static std::vector<double>
  apply(const std::vector<const GroupElement *> &axes,
        const std::vector<double> &tensor, int64_t batch, int64_t channels,
        Layout layout);

private:
  /// A dense matrix acting on some of the coordinates.
  struct Block {
    std::vector<int64_t> coordinates;
    Eigen::MatrixXd matrix;
  };

  /// Measures a block, and adds it.
  void add(Block block);

  /// To one axis, with so many entries before it and behind.
  void applyTo(const std::vector<double> &from, std::vector<double> &to,
               int64_t outer, int64_t inner) const;

  int64_t size = 0;
  double spectralNorm = 1;
  std::vector<Block> blocks;     ///< empty for a permutation
  std::vector<int64_t> permuted; ///< else i goes to permuted[i]; -1: in a block
  std::vector<double> signs;     ///< times signs[i]
};

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPELEMENT_H
