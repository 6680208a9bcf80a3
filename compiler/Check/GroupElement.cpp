//===- GroupElement.cpp - Random group elements ---------------------------===//

#include "compiler/Check/GroupElement.h"
#include "compiler/Check/Oracle.h"

#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>

#include <algorithm>
#include <numeric>

using namespace eqc;

/// Largest dense block: keeps QR and the action cheap for any n. Even, so that
/// symplectic pairs stay together.
static constexpr int64_t kLargestBlock = 64;

/// Haar-distributed: Q of a Gaussian matrix, columns flipped so that R has a
/// positive diagonal.
static Eigen::MatrixXd randomOrthogonal(int64_t n, Random &random) {
  Eigen::MatrixXd gauss(n, n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      gauss(i, j) = random.normal();
  Eigen::HouseholderQR<Eigen::MatrixXd> qr(gauss);
  Eigen::MatrixXd q = qr.householderQ();
  for (int64_t j = 0; j < n; ++j)
    if (qr.matrixQR()(j, j) < 0)
      q.col(j) *= -1;
  return q;
}

/// A product of transvections 1 + c v (v^T Omega) with unit v. Four of them
/// move every coordinate, and |c| <= 0.4 keeps each singular value within 1.22.
static Eigen::MatrixXd randomSymplectic(int64_t n, Random &random) {
  Eigen::MatrixXd omega = Eigen::MatrixXd::Zero(n, n);
  for (int64_t a = 0; a < n; a += 2) {
    omega(a, a + 1) = 1;
    omega(a + 1, a) = -1;
  }
  Eigen::MatrixXd g = Eigen::MatrixXd::Identity(n, n);
  for (int i = 0; i < 4; ++i) {
    Eigen::VectorXd v(n);
    for (int64_t a = 0; a < n; ++a)
      v(a) = random.normal();
    v.normalize();
    double c = random.uniform() < 0.5 ? -0.4 : 0.4;
    g = g + c * v * (v.transpose() * omega * g);
  }
  return g;
}

GroupElement GroupElement::random(Group group, int64_t n, Random &random) {
  GroupElement g;
  g.size = n;
  if (group == Group::S) {
    g.permuted.resize(n);
    std::iota(g.permuted.begin(), g.permuted.end(), 0);
    // The identity would test nothing.
    do
      random.shuffle(g.permuted);
    while (n >= 2 && std::is_sorted(g.permuted.begin(), g.permuted.end()));
    return g;
  }

  // Coordinates in random order; for Sp the pairs (2a, 2a+1) stay whole.
  const int64_t unit = group == Group::Sp ? 2 : 1;
  std::vector<int64_t> units(n / unit);
  std::iota(units.begin(), units.end(), 0);
  random.shuffle(units);
  for (size_t first = 0; first < units.size();) {
    size_t last = std::min(units.size(), first + kLargestBlock / unit);
    Block block;
    for (; first < last; ++first)
      for (int64_t i = 0; i < unit; ++i)
        block.coordinates.push_back(units[first] * unit + i);
    const int64_t m = static_cast<int64_t>(block.coordinates.size());
    if (group == Group::Sp) {
      block.matrix = randomSymplectic(m, random);
      Eigen::JacobiSVD<Eigen::MatrixXd> svd(block.matrix);
      g.spectralNorm = std::max(g.spectralNorm, svd.singularValues()(0));
    } else {
      block.matrix = randomOrthogonal(m, random);
      if (group == Group::SO && block.matrix.determinant() < 0)
        block.matrix.col(0) *= -1;
    }
    g.blocks.push_back(std::move(block));
  }
  return g;
}

Eigen::MatrixXd GroupElement::matrix() const {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(size, size);
  for (size_t i = 0; i < permuted.size(); ++i)
    result(permuted[i], static_cast<int64_t>(i)) = 1;
  for (const Block &block : blocks)
    for (size_t i = 0; i < block.coordinates.size(); ++i)
      for (size_t j = 0; j < block.coordinates.size(); ++j)
        result(block.coordinates[i], block.coordinates[j]) = block.matrix(i, j);
  return result;
}

std::vector<double> GroupElement::apply(const std::vector<double> &tensor,
                                        int order, int64_t batch,
                                        int64_t channels, Layout layout) const {
  using RowMajor =
      Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  std::vector<double> from = tensor, to(tensor.size());
  const bool last = layout == Layout::ChannelsLast;
  for (int axis = 0; axis < order; ++axis) {
    // The tensor as [outer][n][inner], the axis in the middle.
    const int64_t outer =
        batch * (last ? 1 : channels) * integerPower(size, axis);
    const int64_t inner =
        integerPower(size, order - 1 - axis) * (last ? channels : 1);
    for (int64_t o = 0; o < outer; ++o) {
      const double *in = from.data() + o * size * inner;
      double *out = to.data() + o * size * inner;
      for (size_t i = 0; i < permuted.size(); ++i)
        std::copy(in + i * inner, in + (i + 1) * inner,
                  out + permuted[i] * inner);
      for (const Block &block : blocks) {
        const int64_t m = static_cast<int64_t>(block.coordinates.size());
        RowMajor gathered(m, inner);
        for (int64_t i = 0; i < m; ++i)
          std::copy(in + block.coordinates[i] * inner,
                    in + (block.coordinates[i] + 1) * inner,
                    gathered.data() + i * inner);
        RowMajor moved = block.matrix * gathered;
        for (int64_t i = 0; i < m; ++i)
          std::copy(moved.data() + i * inner, moved.data() + (i + 1) * inner,
                    out + block.coordinates[i] * inner);
      }
    }
    std::swap(from, to);
  }
  return from;
}
