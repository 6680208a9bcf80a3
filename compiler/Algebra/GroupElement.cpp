//===- GroupElement.cpp - Random group elements ---------------------------===//

#include "compiler/Algebra/GroupElement.h"

#include <Eigen/LU>
#include <Eigen/SVD>

#include <algorithm>
#include <cassert>
#include <numeric>

using namespace eqc;

/// Largest dense block: keeps QR and the action cheap for any n. A multiple of
/// every unit, so that those stay together.
static constexpr int64_t kLargestBlock = 64;

GroupElement GroupElement::permutation(std::vector<int64_t> images) {
  GroupElement g;
  g.size = static_cast<int64_t>(images.size());
  g.signs.assign(images.size(), 1);
  g.permuted = std::move(images);
  return g;
}

GroupElement GroupElement::withRandomSigns(Random &random) const {
  assert(blocks.empty() && "a monomial matrix");
  GroupElement g = *this;
  for (double &sign : g.signs)
    sign = random.below(2) == 0 ? sign : -sign;
  return g;
}

GroupElement GroupElement::negative() const {
  GroupElement g = *this;
  for (double &sign : g.signs)
    sign = -sign;
  for (Block &block : g.blocks)
    block.matrix = -block.matrix;
  return g;
}

GroupElement GroupElement::inBlocks(int64_t n, int64_t unit, Random &random,
                                    const RandomBlock &block) {
  GroupElement g;
  g.size = n;
  std::vector<int64_t> units(n / unit);
  std::iota(units.begin(), units.end(), 0);
  random.shuffle(units);
  for (size_t first = 0; first < units.size();) {
    const size_t last = std::min(units.size(), first + kLargestBlock / unit);
    Block part;
    for (; first < last; ++first)
      for (int64_t i = 0; i < unit; ++i)
        part.coordinates.push_back(units[first] * unit + i);
    part.matrix = block(part.coordinates, random);
    g.add(std::move(part));
  }
  return g;
}

void GroupElement::add(Block block) {
  if (!block.matrix.isUnitary(1e-12)) {
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(block.matrix);
    spectralNorm = std::max(spectralNorm, svd.singularValues()(0));
  }
  blocks.push_back(std::move(block));
}

GroupElement
GroupElement::directSum(const std::vector<const GroupElement *> &summands) {
  GroupElement g;
  for (const GroupElement *summand : summands) {
    for (Block block : summand->blocks) {
      for (int64_t &coordinate : block.coordinates)
        coordinate += g.size;
      g.blocks.push_back(std::move(block));
    }
    for (int64_t i = 0; i < summand->size; ++i) {
      const int64_t image =
          summand->permuted.empty() ? -1 : summand->permuted[i];
      g.permuted.push_back(image < 0 ? -1 : g.size + image);
      g.signs.push_back(image < 0 ? 1 : summand->signs[i]);
    }
    g.size += summand->size;
    g.spectralNorm = std::max(g.spectralNorm, summand->spectralNorm);
  }
  return g;
}

GroupElement GroupElement::dual() const {
  GroupElement g = *this; // a signed permutation is its own
  g.blocks.clear();
  g.spectralNorm = 1;
  for (const Block &block : blocks)
    g.add({block.coordinates, block.matrix.inverse().transpose()});
  return g;
}

Eigen::MatrixXd GroupElement::matrix() const {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(size, size);
  for (size_t i = 0; i < permuted.size(); ++i)
    if (permuted[i] >= 0)
      result(permuted[i], static_cast<int64_t>(i)) = signs[i];
  for (const Block &block : blocks)
    for (size_t i = 0; i < block.coordinates.size(); ++i)
      for (size_t j = 0; j < block.coordinates.size(); ++j)
        result(block.coordinates[i], block.coordinates[j]) = block.matrix(i, j);
  return result;
}

void GroupElement::applyTo(const std::vector<double> &from,
                           std::vector<double> &to, int64_t outer,
                           int64_t inner) const {
  using RowMajor =
      Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for (int64_t o = 0; o < outer; ++o) {
    const double *in = from.data() + o * size * inner;
    double *out = to.data() + o * size * inner;
    for (size_t i = 0; i < permuted.size(); ++i)
      if (permuted[i] >= 0)
        std::transform(in + i * inner, in + (i + 1) * inner,
                       out + permuted[i] * inner,
                       [&](double value) { return signs[i] * value; });
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
}

std::vector<double> GroupElement::apply(const std::vector<double> &tensor,
                                        int order, int64_t batch,
                                        int64_t channels, Layout layout) const {
  return apply(std::vector<const GroupElement *>(order, this), tensor, batch,
               channels, layout);
}

std::vector<double>
GroupElement::apply(const std::vector<const GroupElement *> &axes,
                    const std::vector<double> &tensor, int64_t batch,
                    int64_t channels, Layout layout) {
  std::vector<double> from = tensor, to(tensor.size());
  const bool last = layout == Layout::ChannelsLast;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    // The tensor as [outer][n][inner], the axis in the middle.
    int64_t outer = batch * (last ? 1 : channels), inner = last ? channels : 1;
    for (size_t other = 0; other < axes.size(); ++other)
      if (other != axis)
        (other < axis ? outer : inner) *= axes[other]->size;
    axes[axis]->applyTo(from, to, outer, inner);
    std::swap(from, to);
  }
  return from;
}
