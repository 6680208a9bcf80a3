//===- IntegerElement.cpp - Group elements of integers --------------------===//

#include "compiler/Algebra/Groups/IntegerElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <Eigen/LU>

#include <numeric>

using namespace eqc;
using Eigen::MatrixXd;

/// A monomial matrix with signs that permutes the first `plus` coordinates and
/// the others, each among themselves.
static MatrixXd signedPermutation(const std::vector<int64_t> &coordinates,
                                  int64_t plus, Random &random) {
  const auto size = static_cast<Eigen::Index>(coordinates.size());
  MatrixXd g = MatrixXd::Zero(size, size);
  for (bool first : {true, false}) {
    std::vector<Eigen::Index> from;
    for (Eigen::Index i = 0; i < size; ++i)
      if ((coordinates[i] < plus) == first)
        from.push_back(i);
    std::vector<Eigen::Index> to = from;
    random.shuffle(to);
    for (size_t i = 0; i < from.size(); ++i)
      g(to[i], from[i]) = random.below(2) == 0 ? 1 : -1;
  }
  return g;
}

/// Adds a multiple of one coordinate to another, if there are two.
static void shear(MatrixXd &g, Random &random) {
  if (g.rows() < 2)
    return;
  const Eigen::Index from = random.below(g.rows());
  const Eigen::Index to = (from + 1 + random.below(g.rows() - 1)) % g.rows();
  g.row(to) += (random.below(2) == 0 ? 1 : -1) * g.row(from);
}

/// Planes change places; within one a quarter of a turn, or a shear.
static MatrixXd symplectic(const std::vector<int64_t> &coordinates,
                           Random &random) {
  const auto size = static_cast<Eigen::Index>(coordinates.size());
  std::vector<Eigen::Index> planes(size / 2);
  std::iota(planes.begin(), planes.end(), 0);
  random.shuffle(planes);
  MatrixXd g = MatrixXd::Zero(size, size);
  for (Eigen::Index i = 0; i < size / 2; ++i) {
    Eigen::Matrix2d within;
    if (random.below(2) == 0)
      within << 0, 1, -1, 0;
    else
      within << 1, static_cast<double>(random.below(3) - 1), 0, 1;
    g.block<2, 2>(2 * planes[i], 2 * i) = within;
  }
  return g;
}

GroupElement eqc::integerElement(Group group, int64_t n, Random &random) {
  const int64_t plus = group.hasSignature() ? group.plus() : n;
  const int64_t unit = rulesOf(group).sizeUnit();
  auto inBlocks = [&](const GroupElement::RandomBlock &block) {
    return GroupElement::inBlocks(n, unit, random, block);
  };
  auto monomial = [plus](const std::vector<int64_t> &coordinates,
                         Random &numbers) {
    return signedPermutation(coordinates, plus, numbers);
  };
  switch (group.family()) {
  case Family::S:
  case Family::H:
  case Family::SPrime:
    return rulesOf(group).randomElement(n, random);
  case Family::B:
    return rulesOf(Group::S).randomElement(n, random);
  case Family::BPrime:
    return rulesOf(Group::SPrime).randomElement(n, random);
  case Family::O:
    return inBlocks(monomial);
  case Family::SO:
    return inBlocks([&](const std::vector<int64_t> &at, Random &numbers) {
      MatrixXd g = monomial(at, numbers);
      if (g.determinant() < 0)
        g.col(0) *= -1;
      return g;
    });
  case Family::Sp:
    return inBlocks(symplectic);
  case Family::GL:
    return inBlocks([&](const std::vector<int64_t> &at, Random &numbers) {
      MatrixXd g = monomial(at, numbers);
      shear(g, numbers);
      return g;
    });
  }
  return rulesOf(group).randomElement(n, random);
}
