//===- EquivarianceTest.cpp - Diagrams commute with the group ---*- C++ -*-===//
//
// The defining property of every matrix, and of the Levi-Civita symbol.
//
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

TEST(Equivariance, RandomElementsBelongToTheGroup) {
  std::mt19937 rng(3);
  for (int n : {2, 4, 6}) {
    for (Group group : testGroups()) {
      if (!hasSize(group, n) || group == Group::GL) // which keeps no form
        continue;
      MatrixXd g = randomElement(group, n, rng);
      MatrixXd form = MatrixXd::NullaryExpr(
          n, n, [&](auto a, auto b) { return double(formOf(group, a, b)); });
      EXPECT_LT((g.transpose() * form * g - form).norm(), 1e-10);
      const Eigen::VectorXd ones = Eigen::VectorXd::Ones(n);
      if (group == Group::B) {
        EXPECT_LT((g * ones - ones).norm(), 1e-10);
      }
      if (group.family() == Family::SO) {
        EXPECT_NEAR(g.determinant(), 1, 1e-10);
      }
    }
  }
}

TEST(Equivariance, OfEveryDiagram) {
  std::mt19937 rng(5);
  for (Group group : testGroups())
    for (int n = 1; n <= 4; ++n) {
      if (!hasSize(group, n))
        continue;
      for (int l = 0; l <= 3; ++l)
        for (int k = 0; k <= 3; ++k) {
          if (power(n, l + k) > 1100)
            continue;
          MatrixXd g = randomElement(group, n, rng);
          MatrixXd out = tensorPower(g, l), in = tensorPower(g, k);
          for (const Diagram &d : enumerateDiagrams(group, n, l, k)) {
            MatrixXd matrix = denseMatrix(group, d, n);
            EXPECT_GT(matrix.norm(), 0.5);
            EXPECT_LT((matrix * in - out * matrix).norm(), 1e-9)
                << groupName(group) << " n = " << n << ": " << toString(d);
          }
        }
    }
}

Diagram freeDiagram(int n) {
  return makeDiagram(n, 0, std::vector<int>(n, 0), 0);
}

TEST(LeviCivita, ScalesByTheDeterminant) {
  std::mt19937 rng(7);
  std::normal_distribution<double> normal;
  for (int n = 1; n <= 4; ++n) {
    MatrixXd g = MatrixXd::NullaryExpr(n, n, [&] { return normal(rng); });
    MatrixXd epsilon = denseMatrix(Group::SO, freeDiagram(n), n);
    MatrixXd moved = tensorPower(g, n) * epsilon;
    EXPECT_LT((moved - g.determinant() * epsilon).norm(), 1e-9);
    EXPECT_EQ(epsilon.squaredNorm(), std::tgamma(n + 1));
  }
}

TEST(LeviCivita, VanishesOverOnePointMore) {
  // sum_a (-1)^a eps(all but a) delta(a, q) = 0 for each point q and the n + 1
  // others: what makes the basis of SO smaller than its diagrams.
  for (int n = 2; n <= 4; ++n)
    for (int q = 0; q < n + 2; ++q) {
      MatrixXd sum = MatrixXd::Zero(power(n, n + 2), 1);
      int sign = 1;
      for (int a = 0; a < n + 2; ++a) {
        if (a == q)
          continue;
        std::vector<int> labels(n + 2, 0);
        labels[a] = labels[q] = 1;
        Diagram d = makeDiagram(n + 2, 0, labels, 0);
        EXPECT_EQ(whyNotOfGroup(d, Group::SO, n), "");
        sum += sign * denseMatrix(Group::SO, d, n);
        sign = -sign;
      }
      EXPECT_EQ(sum.norm(), 0);
    }
}

TEST(LeviCivita, CrossProduct) {
  // `* o1 i1 i2` for n = 3: e_1 x e_2 = e_3.
  std::variant<Diagram, DiagramError> read = parseDiagram("* o1 i1 i2", 1, 2);
  MatrixXd cross = denseMatrix(Group::SO, std::get<Diagram>(read), 3);
  EXPECT_EQ(cross(2, 0 * 3 + 1), 1);
  EXPECT_EQ(cross(2, 1 * 3 + 0), -1);
  EXPECT_EQ(cross(0, 1 * 3 + 2), 1);
  EXPECT_EQ(cross.squaredNorm(), 6);
}

} // namespace
