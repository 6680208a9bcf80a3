//===- GroupElementTest.cpp - Random elements are of their group ----------===//

#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <Eigen/LU>
#include <gtest/gtest.h>

#include <set>

using namespace eqc;

/// 64 is the largest dense matrix, 65 and 130 are made of blocks.
static const int64_t kSizes[] = {1, 2, 3, 5, 64, 65, 130};

TEST(GroupElement, Permutations) {
  Random random(1);
  for (int64_t n : kSizes) {
    Eigen::MatrixXd g = rulesOf(Group::S).randomElement(n, random).matrix();
    EXPECT_EQ(g * g.transpose(), Eigen::MatrixXd::Identity(n, n));
    EXPECT_EQ(g.minCoeff() >= 0, true);
    EXPECT_EQ(g.isIdentity(), n == 1);
  }
}

TEST(GroupElement, OrthogonalOfBothDeterminants) {
  Random random(2);
  for (int64_t n : kSizes) {
    std::set<int> signs;
    for (int i = 0; i < 12; ++i) {
      Eigen::MatrixXd g = rulesOf(Group::O).randomElement(n, random).matrix();
      EXPECT_LT((g * g.transpose() - Eigen::MatrixXd::Identity(n, n)).norm(),
                1e-11);
      signs.insert(g.determinant() > 0 ? 1 : -1);
    }
    EXPECT_EQ(signs.size(), 2u) << n;
  }
}

TEST(GroupElement, Rotations) {
  Random random(3);
  for (int64_t n : kSizes)
    for (int i = 0; i < 6; ++i) {
      Eigen::MatrixXd g = rulesOf(Group::SO).randomElement(n, random).matrix();
      EXPECT_LT((g * g.transpose() - Eigen::MatrixXd::Identity(n, n)).norm(),
                1e-11);
      EXPECT_NEAR(g.determinant(), 1, 1e-10);
    }
}

TEST(GroupElement, SymplecticInTheInterleavedBasis) {
  Random random(4);
  for (int64_t n : {2, 4, 6, 64, 66, 130}) {
    Eigen::MatrixXd omega = Eigen::MatrixXd::Zero(n, n);
    for (int64_t a = 0; a < n; a += 2) {
      omega(a, a + 1) = 1;
      omega(a + 1, a) = -1;
    }
    GroupElement element = rulesOf(Group::Sp).randomElement(n, random);
    Eigen::MatrixXd g = element.matrix();
    EXPECT_LT((g.transpose() * omega * g - omega).norm(), 1e-11);
    // Not orthogonal, or it would test too little; yet well conditioned.
    EXPECT_GT((g.transpose() * g - Eigen::MatrixXd::Identity(n, n)).norm(),
              0.05);
    EXPECT_GT(element.norm(), 1);
    EXPECT_LT(element.norm(), 2.3);
  }
}

TEST(GroupElement, ActsOnEveryAxis) {
  Random random(5);
  const int64_t n = 3, batch = 2, channels = 2;
  for (Group group : {Group::S, Group::O, Group::H, Group::SPrime, Group::B})
    for (Layout layout : {Layout::ChannelsLast, Layout::ChannelsFirst}) {
      GroupElement element = rulesOf(group).randomElement(n, random);
      Eigen::MatrixXd g = element.matrix();
      std::vector<double> x(batch * n * n * channels);
      for (double &v : x)
        v = random.symmetric();
      auto y = element.apply(x, 2, batch, channels, layout);
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t c = 0; c < channels; ++c) {
          auto at = [&](int64_t i, int64_t j) {
            return layout == Layout::ChannelsLast
                       ? ((b * n + i) * n + j) * channels + c
                       : ((b * channels + c) * n + i) * n + j;
          };
          for (int64_t i = 0; i < n; ++i)
            for (int64_t j = 0; j < n; ++j) {
              double expected = 0;
              for (int64_t p = 0; p < n; ++p)
                for (int64_t q = 0; q < n; ++q)
                  expected += g(i, p) * g(j, q) * x[at(p, q)];
              EXPECT_NEAR(y[at(i, j)], expected, 1e-13);
            }
        }
    }
}

TEST(GroupElement, BistochasticRowsAndColumnsSumToOne) {
  Random random(9);
  for (int64_t n : {1, 2, 5, 64, 65, 130}) {
    const Eigen::MatrixXd g =
        rulesOf(Group::B).randomElement(n, random).matrix();
    EXPECT_TRUE(g.isUnitary(1e-11)) << n;
    EXPECT_LT((g.rowwise().sum().array() - 1).abs().maxCoeff(), 1e-11) << n;
    // No permutation matrix, or it would test S.
    if (n > 2) {
      EXPECT_GT((g.array().abs() - g.array().square()).abs().maxCoeff(), 0.01);
    }
  }
}

TEST(GroupElement, SignedPermutationsHaveBothSigns) {
  Random random(10);
  const Eigen::MatrixXd g =
      rulesOf(Group::H).randomElement(40, random).matrix();
  EXPECT_GT(g.maxCoeff(), 0);
  EXPECT_LT(g.minCoeff(), 0);
  EXPECT_TRUE(g.isUnitary(1e-15));
}

TEST(GroupElement, SignaturesAreKeptAndMixed) {
  Random random(11);
  for (Family family : {Family::O, Family::SO})
    for (auto [plus, minus] : {std::pair(1, 1), {1, 3}, {2, 2}, {60, 70}}) {
      const Group group(family, plus, minus);
      const int64_t n = plus + minus;
      Eigen::VectorXd eta = Eigen::VectorXd::Ones(n);
      eta.tail(minus).setConstant(-1);
      const GroupElement element = rulesOf(group).randomElement(n, random);
      const Eigen::MatrixXd g = element.matrix();
      const Eigen::MatrixXd form = eta.asDiagonal();
      EXPECT_LT((g.transpose() * form * g - form).cwiseAbs().maxCoeff(), 1e-11);
      EXPECT_GT((g.transpose() * g - Eigen::MatrixXd::Identity(n, n)).norm(),
                0.05);
      // Each of at most three reflections stretches by less than 1.43.
      EXPECT_LT(element.norm(), 2.93);
      if (n < 10) {
        EXPECT_NEAR(g.determinant(), family == Family::SO ? 1 : -1, 1e-10);
      }
    }
}

TEST(GroupElement, LeavesScalarsAlone) {
  Random random(6);
  GroupElement g = rulesOf(Group::O).randomElement(4, random);
  std::vector<double> x = {1, 2, 3};
  EXPECT_EQ(g.apply(x, 0, 3, 1, Layout::ChannelsLast), x);
}

TEST(GroupElement, SameSeedSameElement) {
  for (Group group : allGroups) {
    if (rulesOf(group).hasOrbits())
      continue; // no permutations are given
    Random first(7), second(7), other(8);
    Eigen::MatrixXd g = rulesOf(group).randomElement(6, first).matrix();
    EXPECT_EQ(g, rulesOf(group).randomElement(6, second).matrix());
    EXPECT_NE(g, rulesOf(group).randomElement(6, other).matrix());
  }
}

TEST(GroupElement, RandomNumbersAreThoseOfTheStandardEngine) {
  // The first number of std::mt19937_64 with its default seed, in 53 bits.
  Random random(5489);
  EXPECT_EQ(random.uniform(),
            static_cast<double>(UINT64_C(14514284786278117030) >> 11) *
                0x1p-53);
}

TEST(GroupElement, IntegersAreMovedToIntegers) {
  Random random(7);
  auto groups = std::vector<Group>(std::begin(allGroups), std::end(allGroups));
  groups.insert(groups.end(),
                {Group(Family::O, 1, 3), Group(Family::SO, 2, 2)});
  for (Group group : groups)
    for (int64_t n : {2, 4, 6}) {
      if (group.hasSignature())
        n = group.plus() + group.minus();
      const GroupRules &rules = rulesOf(group);
      for (int i = 0; i < 8; ++i) {
        const GroupElement element = rulesOf(group).integerElement(n, random);
        const Eigen::MatrixXd g = element.matrix();
        const Eigen::MatrixXd inverse = element.dual().matrix().transpose();
        EXPECT_EQ(g, g.array().round().matrix());
        EXPECT_EQ(g * inverse, Eigen::MatrixXd::Identity(n, n));
        Eigen::MatrixXd form(n, n);
        for (int64_t a = 0; a < n; ++a)
          for (int64_t b = 0; b < n; ++b)
            form(a, b) = rules.form(a, b);
        if (!rules.hasDuals())
          EXPECT_EQ(g * form * g.transpose(), form) << groupText(group, n);
        if (group.family() == Family::SO)
          EXPECT_GT(g.determinant(), 0);
      }
    }
}
