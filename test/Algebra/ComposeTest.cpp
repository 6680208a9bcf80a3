//===- ComposeTest.cpp - Products against matrices --------------*- C++ -*-===//
//
// Composition, Kronecker product and transpose, compared with what the
// matrices do.
//
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <map>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

/// Diagrams with their matrices, made once.
class Matrices {
public:
  Matrices(Group group, int n) : group(group), n(n) {}

  using List = std::vector<std::pair<Diagram, MatrixXd>>;
  const List &of(int l, int k) {
    auto [it, isNew] = lists.try_emplace({l, k});
    if (isNew) // partitions with any number of blocks
      for (const Diagram &d :
           enumerateDiagrams(group, group == Group::S ? -1 : n, l, k))
        it->second.push_back({d, denseMatrix(group, d, n)});
    return it->second;
  }

private:
  Group group;
  int n;
  std::map<std::pair<int, int>, List> lists;
};

/// How many products of `k -> m -> l` have the sign -1.
int checkProducts(Group group, int n, int l, int m, int k, Matrices &matrices) {
  int negative = 0;
  for (const auto &[d1, m1] : matrices.of(l, m))
    for (const auto &[d2, m2] : matrices.of(m, k)) {
      Composition product = compose(group, d1, d2);
      MatrixXd expected = denseMatrix(group, product.diagram, n) *
                          product.sign * power(n, product.loops);
      EXPECT_EQ((m1 * m2 - expected).norm(), 0)
          << groupName(group) << " n = " << n << ": (" << toString(d1)
          << ") after (" << toString(d2) << ")";
      EXPECT_EQ(product.diagram.l, l);
      EXPECT_EQ(product.diagram.k, k);
      if (group != Group::Sp) {
        EXPECT_EQ(product.sign, 1);
      }
      negative += product.sign < 0;
    }
  return negative;
}

TEST(Compose, SetPartitions) {
  for (Group group : {Group::S, Group::H, Group::B, Group::SPrime})
    for (int n : {2, 3}) {
      Matrices matrices(group, n);
      for (int l = 0; l <= 2; ++l)
        for (int m = 0; m <= 2; ++m)
          for (int k = 0; k <= 2; ++k)
            checkProducts(group, n, l, m, k, matrices);
    }
  Matrices matrices(Group::S, 2);
  checkProducts(Group::S, 2, 1, 3, 1, matrices);
  checkProducts(Group::S, 2, 3, 1, 2, matrices);
}

TEST(Compose, Matchings) {
  for (Group group :
       {Group::O, Group::Sp, Group(Family::O, 1, 1), Group(Family::O, 1, 3)})
    for (int n : {2, 4}) {
      if (!hasSize(group, n))
        continue;
      Matrices matrices(group, n);
      for (int l = 0; l <= 3; ++l)
        for (int m = 0; m <= 3; ++m)
          for (int k = 0; k <= 3; ++k)
            if ((l + m) % 2 == 0 && (m + k) % 2 == 0)
              checkProducts(group, n, l, m, k, matrices);
    }
}

TEST(Compose, LongMiddleRows) {
  // Paths and loops through four middle vertices.
  for (Group group : {Group::O, Group::Sp}) {
    Matrices matrices(group, 2);
    for (int outer : {0, 2, 4})
      checkProducts(group, 2, outer, 4, 2, matrices);
    checkProducts(group, 2, 0, 6, 0, matrices);
    checkProducts(group, 2, 1, 5, 1, matrices);
  }
}

TEST(Compose, SymplecticSigns) {
  Matrices matrices(Group::Sp, 2);
  EXPECT_EQ(checkProducts(Group::Sp, 2, 3, 3, 3, matrices), 72);
  // A snake is minus the identity.
  Diagram d1 = std::get<Diagram>(parseDiagram("o1 i1 | i2 i3", 1, 3));
  Diagram d2 = std::get<Diagram>(parseDiagram("o1 o2 | o3 i1", 3, 1));
  EXPECT_EQ(compose(Group::Sp, d1, d2).sign, -1);
  EXPECT_EQ(compose(Group::O, d1, d2).sign, 1);
  EXPECT_EQ(toString(compose(Group::Sp, d1, d2).diagram), "o1 i1");
}

TEST(Compose, LoopsAreCounted) {
  Diagram d1 = std::get<Diagram>(parseDiagram("o1 | i1 | i2 i3", 1, 3));
  Diagram d2 = std::get<Diagram>(parseDiagram("o1 | o2 o3 | i1", 3, 1));
  Composition product = compose(Group::S, d1, d2);
  EXPECT_EQ(product.loops, 2);
  EXPECT_EQ(toString(product.diagram), "o1 | i1");
}

TEST(Compose, IdentityIsNeutral) {
  for (Group group : {Group::S, Group::O, Group::Sp})
    for (const Diagram &d : enumerateDiagrams(group, 4, 2, 2)) {
      Diagram one = std::get<Diagram>(parseDiagram("o1 i1 | o2 i2", 2, 2));
      EXPECT_EQ(compose(group, d, one).diagram, d);
      EXPECT_EQ(compose(group, one, d).diagram, d);
      EXPECT_EQ(compose(group, one, d).sign, 1);
      EXPECT_EQ(compose(group, one, d).loops, 0);
    }
}

TEST(Kronecker, IsTheProductOfTheMatrices) {
  for (Group group : {Group::S, Group::O, Group::Sp}) {
    Matrices matrices(group, 2);
    for (auto [l1, k1] : {std::pair(0, 0), {1, 1}, {2, 0}, {0, 2}, {2, 1}})
      for (auto [l2, k2] : {std::pair(0, 0), {1, 1}, {0, 2}, {2, 2}, {1, 2}})
        for (const auto &[d1, m1] : matrices.of(l1, k1))
          for (const auto &[d2, m2] : matrices.of(l2, k2)) {
            Diagram product = kronecker(d1, d2);
            EXPECT_EQ((denseMatrix(group, product, 2) - kron(m1, m2)).norm(), 0)
                << toString(d1) << " (x) " << toString(d2);
          }
  }
}

TEST(Transpose, IsTheTransposeOfTheMatrix) {
  int negative = 0;
  for (Group group : testGroups())
    for (int n = 1; n <= 4; ++n) {
      if (!hasSize(group, n))
        continue;
      for (int l = 0; l <= 3; ++l)
        for (int k = 0; k <= 3; ++k) {
          if (power(n, l + k) > 1100)
            continue;
          for (const Diagram &d : enumerateDiagrams(group, n, l, k)) {
            SignedDiagram flipped = transpose(group, d);
            EXPECT_EQ((denseMatrix(group, d, n).transpose() -
                       flipped.sign * denseMatrix(group, flipped.diagram, n))
                          .norm(),
                      0)
                << groupName(group) << " n = " << n << ": " << toString(d);
            EXPECT_EQ(transpose(group, flipped.diagram).diagram, d);
            EXPECT_EQ(transpose(group, flipped.diagram).sign, flipped.sign);
            // Never but for jellyfish, and Levi-Civita with even n or an odd
            // number of minuses.
            if (flipped.sign < 0) {
              ++negative;
              EXPECT_TRUE(
                  d.head >= 0 ||
                  (d.free >= 0 && (n % 2 == 0 || group.minus() % 2 != 0)));
            }
          }
        }
    }
  EXPECT_GT(negative, 0);
}

} // namespace
