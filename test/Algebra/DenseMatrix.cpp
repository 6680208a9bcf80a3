//===- DenseMatrix.cpp - Diagrams as matrices, by definition ----*- C++ -*-===//
//
// See DenseMatrix.h.
//
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <cctype>
#include <numeric>

using namespace eqc;
using Eigen::MatrixXd;

std::vector<Group> test::testGroups() {
  std::vector<Group> groups;
  for (Group group : allGroups)
    if (!rulesOf(group).hasOrbits()) // these are in ActionTest.cpp
      groups.push_back(group);
  for (auto [plus, minus] : {std::pair(1, 1), {1, 2}, {2, 1}, {1, 3}, {2, 2}})
    for (Family family : {Family::O, Family::SO})
      groups.emplace_back(family, plus, minus);
  return groups;
}

std::string test::identifierOf(Group group) {
  std::string text = groupName(group);
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return !std::isalnum(c); }, '_');
  return text;
}

bool test::hasSize(Group group, int n) {
  if (group.hasSignature())
    return n == group.plus() + group.minus();
  return group == Group::A ? n > 1 : group != Group::Sp || n % 2 == 0;
}

std::vector<Vertices> test::allVertices(Group group, int most) {
  std::vector<Vertices> all;
  for (int l = 0; l <= most; ++l)
    for (int k = 0; k <= most; ++k)
      for (int duals = 0;
           duals < (rulesOf(group).hasDuals() ? 1 << (l + k) : 1); ++duals) {
        Vertices vertices{uint64_t(l), uint64_t(k), {}};
        for (int v = 0; v < l + k; ++v)
          vertices.dual.push_back(duals >> v & 1);
        vertices.dual = someDual(vertices.dual);
        all.push_back(vertices);
      }
  return all;
}

int test::power(int n, int e) {
  int result = 1;
  while (e-- > 0)
    result *= n;
  return result;
}

std::vector<int> test::digitsOf(int flat, int n, int order) {
  std::vector<int> digits(order);
  for (int i = order; i-- > 0; flat /= n)
    digits[i] = flat % n;
  return digits;
}

int test::flatOf(const std::vector<int> &digits, int n) {
  int flat = 0;
  for (int digit : digits)
    flat = flat * n + digit;
  return flat;
}

int test::leviCivita(const std::vector<int> &values) {
  int sign = 1;
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = i + 1; j < values.size(); ++j) {
      if (values[i] == values[j])
        return 0;
      if (values[i] > values[j])
        sign = -sign;
    }
  return sign;
}

int test::symplectic(int a, int b) {
  if (a / 2 != b / 2 || a == b)
    return 0;
  return a < b ? 1 : -1;
}

int test::formOf(Group group, int a, int b) {
  if (group == Group::Sp)
    return symplectic(a, b);
  if (group.hasSignature() && a >= group.plus())
    return a == b ? -1 : 0;
  return a == b;
}

/// eps(v_1, .., v_n) of the values of n blocks, or the sum over the last one.
static int signOfBlocks(const std::vector<std::vector<int>> &blocks,
                        const std::vector<int> &index, int n) {
  std::vector<int> values;
  for (const std::vector<int> &block : blocks)
    values.push_back(index[block.front()]);
  if (int(values.size()) == n)
    return test::leviCivita(values);
  int sum = 0;
  values.push_back(0);
  for (values.back() = 0; values.back() < n; ++values.back())
    sum += test::leviCivita(values);
  return sum;
}

MatrixXd test::denseMatrix(Group group, const Diagram &diagram, int n) {
  int rows = power(n, diagram.l), columns = power(n, diagram.k);
  std::vector<std::vector<int>> blocks = diagram.blocks();
  MatrixXd result(rows, columns);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      std::vector<int> index = digitsOf(row, n, diagram.l);
      std::vector<int> in = digitsOf(column, n, diagram.k);
      index.insert(index.end(), in.begin(), in.end());
      int entry = 1;
      if (diagram.head >= 0)
        entry = signOfBlocks(blocks, index, n);
      for (size_t b = 0; b < blocks.size(); ++b) {
        const std::vector<int> &block = blocks[b];
        if (static_cast<int>(b) == diagram.free) {
          std::vector<int> values;
          for (int v : block)
            values.push_back(index[v]);
          entry *= leviCivita(values);
          for (int v : block)
            if (v >= diagram.l)
              entry *= formOf(group, index[v], index[v]);
        } else if (block.size() == 2 &&
                   (block[0] < diagram.l) == (block[1] < diagram.l)) {
          entry *= formOf(group, index[block[0]], index[block[1]]);
        } else {
          for (int v : block)
            entry *= index[v] == index[block[0]];
        }
      }
      result(row, column) = entry;
    }
  return result;
}

/// Random and orthogonal.
static MatrixXd orthogonal(int n, std::mt19937 &rng) {
  std::normal_distribution<double> normal;
  MatrixXd random = MatrixXd::NullaryExpr(n, n, [&] { return normal(rng); });
  return Eigen::HouseholderQR<MatrixXd>(random).householderQ();
}

/// exp of a random element of the Lie algebra: eta times an antisymmetric
/// matrix. Small, since the group is not compact.
static MatrixXd pseudoOrthogonal(Group group, int n, std::mt19937 &rng) {
  std::uniform_real_distribution<double> uniform(-0.5, 0.5);
  MatrixXd random = MatrixXd::NullaryExpr(n, n, [&] { return uniform(rng); });
  MatrixXd generator = random - random.transpose();
  for (int a = group.plus(); a < n; ++a)
    generator.row(a) *= -1;
  MatrixXd g = MatrixXd::Identity(n, n), term = g;
  for (int i = 1; i < 40; ++i) {
    term = term * generator / i;
    g += term;
  }
  return g;
}

MatrixXd test::randomElement(Group group, int n, std::mt19937 &rng) {
  const bool negate = rng() % 2 == 0;
  if (group.hasSignature()) {
    MatrixXd g = pseudoOrthogonal(group, n, rng);
    // The other parts of the group: a plus or a minus axis turned round.
    if (group.family() == Family::O)
      g.row(negate ? 0 : n - 1) *= -1;
    return g;
  }
  switch (group.family()) {
  case Family::S:
  case Family::SPrime:
  case Family::H: {
    std::vector<int> image(n);
    std::iota(image.begin(), image.end(), 0);
    std::shuffle(image.begin(), image.end(), rng);
    MatrixXd g = MatrixXd::Zero(n, n);
    for (int i = 0; i < n; ++i)
      g(image[i], i) = group == Group::H && rng() % 2 == 0 ? -1 : 1;
    return group == Group::SPrime && negate ? MatrixXd(-g) : g;
  }
  case Family::A: {
    // Products of cycles of three.
    MatrixXd g = MatrixXd::Identity(n, n);
    for (int i = 0; n > 2 && i < 2 * n; ++i) {
      std::vector<int> image(n);
      std::iota(image.begin(), image.end(), 0);
      std::shuffle(image.begin(), image.end(), rng);
      MatrixXd next = MatrixXd::Identity(n, n);
      next.row(image[0]).swap(next.row(image[1]));
      next.row(image[1]).swap(next.row(image[2]));
      g = next * g;
    }
    return g;
  }
  case Family::B:
  case Family::BPrime: {
    // Orthogonal, then turned so that ones stay where they were.
    MatrixXd g = orthogonal(n, rng);
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(n);
    const Eigen::VectorXd between = g * ones - ones;
    if (between.norm() > 1e-9)
      g -= 2 / between.squaredNorm() * between * (between.transpose() * g);
    return group == Group::BPrime && negate ? MatrixXd(-g) : g;
  }
  case Family::O:
  case Family::SO: {
    MatrixXd g = orthogonal(n, rng);
    bool reflect = group == Group::SO ? g.determinant() < 0 : negate;
    if (reflect)
      g.col(0) = -g.col(0);
    return g;
  }
  case Family::GL: {
    std::uniform_real_distribution<double> stretch(0.5, 2);
    MatrixXd g = orthogonal(n, rng);
    for (int axis = 0; axis < n; ++axis)
      g.row(axis) *= stretch(rng);
    return g;
  }
  case Family::Sp: {
    std::normal_distribution<double> normal;
    // A product of transvections 1 + v v^T Omega.
    MatrixXd omega = MatrixXd::NullaryExpr(
        n, n, [](auto a, auto b) { return double(symplectic(a, b)); });
    MatrixXd g = MatrixXd::Identity(n, n);
    for (int i = 0; i < n + 1; ++i) {
      Eigen::VectorXd v =
          Eigen::VectorXd::NullaryExpr(n, [&] { return normal(rng); });
      v /= v.norm(); // not compact: keep the entries small
      g = g + g * v * (v.transpose() * omega);
    }
    return g;
  }
  case Family::Perm:
  case Family::Graph:
    break; // in ActionTest.cpp
  }
  return {};
}

MatrixXd test::kron(const MatrixXd &a, const MatrixXd &b) {
  MatrixXd result(a.rows() * b.rows(), a.cols() * b.cols());
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    for (Eigen::Index j = 0; j < a.cols(); ++j)
      result.block(i * b.rows(), j * b.cols(), b.rows(), b.cols()) =
          a(i, j) * b;
  return result;
}

MatrixXd test::tensorPower(const MatrixXd &g, int order) {
  MatrixXd result = MatrixXd::Identity(1, 1);
  while (order-- > 0)
    result = kron(result, g);
  return result;
}
