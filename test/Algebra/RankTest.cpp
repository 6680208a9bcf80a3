//===- RankTest.cpp - The basis is one --------------------------*- C++ -*-===//
//
// Ranks of diagrams as vectors, against the basis and against the space of
// invariants computed without diagrams.
//
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

/// Matrices with n^(l+k) entries or fewer are looked at.
constexpr int kMostEntries = 260;

MatrixXd stack(Group group, const std::vector<Diagram> &diagrams, int n,
               int size) {
  MatrixXd columns(power(n, size), diagrams.size());
  for (size_t d = 0; d < diagrams.size(); ++d)
    columns.col(d) = denseMatrix(group, diagrams[d], n).reshaped();
  return columns;
}

Eigen::Index rankOf(const MatrixXd &matrix) {
  if (matrix.size() == 0)
    return 0;
  Eigen::ColPivHouseholderQR<MatrixXd> qr(matrix);
  qr.setThreshold(1e-9);
  return qr.rank();
}

MatrixXd identityOf(int n) { return MatrixXd::Identity(n, n); }

/// The dimension of the tensors of order `size` that random elements of the
/// group fix: what the diagrams claim to span.
Eigen::Index numInvariants(Group group, int n, int size) {
  std::mt19937 rng(17);
  int entries = power(n, size);
  MatrixXd gram = MatrixXd::Zero(entries, entries);
  MatrixXd identity = MatrixXd::Identity(entries, entries);
  auto require = [&](const MatrixXd &g) {
    MatrixXd change = tensorPower(g, size) - identity;
    gram += change.transpose() * change;
  };
  const Family family = group.family();
  auto isOneOf = [&](std::initializer_list<Family> families) {
    return std::find(families.begin(), families.end(), family) !=
           families.end();
  };
  if (!isOneOf({Family::S, Family::SPrime, Family::H, Family::A}))
    for (int i = 0; i < 4; ++i)
      require(randomElement(group, n, rng));
  // All transpositions of neighbours generate the permutations.
  if (isOneOf(
          {Family::S, Family::SPrime, Family::H, Family::B, Family::BPrime}))
    for (int i = 0; i + 1 < n; ++i) {
      MatrixXd g = identityOf(n);
      g.row(i).swap(g.row(i + 1));
      require(g);
    }
  // And cycles of three neighbours the even ones.
  for (int i = 0; family == Family::A && i + 2 < n; ++i) {
    MatrixXd g = identityOf(n);
    g.row(i).swap(g.row(i + 1));
    g.row(i + 1).swap(g.row(i + 2));
    require(g);
  }
  if (isOneOf({Family::SPrime, Family::BPrime}))
    require(-identityOf(n));
  if (isOneOf({Family::O, Family::H}))
    for (int axis : {0, n - 1}) {
      MatrixXd reflection = identityOf(n);
      reflection(axis, axis) = -1;
      require(reflection);
    }
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver(gram, Eigen::EigenvaluesOnly);
  return (solver.eigenvalues().array() < 1e-8).count();
}

void checkRanks(Group group) {
  for (int n = 1; n <= 16; ++n) {
    if (!hasSize(group, n))
      continue;
    for (int size = 0; size <= 8 && power(n, size) <= kMostEntries; ++size) {
      SCOPED_TRACE("n = " + std::to_string(n) +
                   ", N = " + std::to_string(size));
      Eigen::Index dimension = numInvariants(group, n, size);
      EXPECT_EQ(countBasis(group, n, size, 0).value, uint64_t(dimension));
      for (int l = 0; l <= size; ++l) {
        // All ways to share the vertices matter for Sp's signs alone.
        if (group != Group::Sp && group != Group::A && !group.hasSignature() &&
            l != 0 && l != size / 2)
          continue;
        std::vector<Diagram> all = enumerateDiagrams(group, n, l, size - l);
        std::vector<Diagram> basis;
        for (const Diagram &diagram : all)
          if (inBasis(diagram, group, n))
            basis.push_back(diagram);
        EXPECT_EQ(Eigen::Index(basis.size()), dimension);
        EXPECT_EQ(rankOf(stack(group, basis, n, size)), dimension);
        EXPECT_EQ(rankOf(stack(group, all, n, size)), dimension);
      }
    }
  }
}

TEST(Rank, S) { checkRanks(Group::S); }
TEST(Rank, O) { checkRanks(Group::O); }
TEST(Rank, SO) { checkRanks(Group::SO); }
TEST(Rank, Sp) { checkRanks(Group::Sp); }
TEST(Rank, H) { checkRanks(Group::H); }
TEST(Rank, SPrime) { checkRanks(Group::SPrime); }
TEST(Rank, A) { checkRanks(Group::A); }
TEST(Rank, B) { checkRanks(Group::B); }
TEST(Rank, BPrime) { checkRanks(Group::BPrime); }
TEST(Rank, Signatures) {
  for (Group group : testGroups())
    if (group.hasSignature())
      checkRanks(group);
}

TEST(Rank, ManyBlocksAddNothing) {
  // Partitions with more than n blocks lie in the span of the others.
  for (int n : {1, 2, 3})
    for (int size = 0; size <= 5; ++size) {
      std::vector<Diagram> every = enumerateDiagrams(Group::S, -1, size, 0);
      EXPECT_EQ(uint64_t(rankOf(stack(Group::S, every, n, size))),
                countDiagrams(Group::S, n, size, 0).value);
    }
}

} // namespace
