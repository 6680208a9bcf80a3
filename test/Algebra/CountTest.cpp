//===- CountTest.cpp - Known counts and saturation --------------*- C++ -*-===//
//
// The numbers of diagrams and the dimensions known from the literature.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <climits>

using namespace eqc;

namespace {

using Row = std::vector<uint64_t>;

uint64_t countOf(Group group, long long n, long long l, long long k) {
  Count count = countDiagrams(group, n, l, k);
  EXPECT_FALSE(count.saturated);
  return count.value;
}

/// The counts for N = 0, 1, .., the same for every way to share the vertices.
void expectCounts(Group group, long long n, const Row &expected) {
  for (size_t size = 0; size < expected.size(); ++size)
    for (size_t l = 0; l <= size; ++l)
      EXPECT_EQ(countOf(group, n, l, size - l), expected[size])
          << groupName(group) << " n = " << n << ", N = " << size;
}

/// The same for the dimensions.
void expectDimensions(Group group, long long n, const Row &expected) {
  for (size_t size = 0; size < expected.size(); ++size)
    for (int l = 0; l <= int(size); ++l) {
      Count count = countBasis(group, n, l, int(size) - l);
      EXPECT_FALSE(count.saturated);
      EXPECT_EQ(count.value, expected[size])
          << groupName(group) << " n = " << n << ", N = " << size;
    }
}

TEST(Count, SpanningSets) {
  const Row bell = {1, 1, 2, 5, 15, 52, 203, 877, 4140};
  expectCounts(Group::S, -1, bell);
  expectCounts(Group::S, 8, bell);
  expectCounts(Group::S, 100, bell);
  const Row matchings = {1, 0, 1, 0, 3, 0, 15, 0, 105};
  for (long long n : {1, 2, 3, 50, -1})
    expectCounts(Group::O, n, matchings);
  for (long long n : {2, 4, 50, -1})
    expectCounts(Group::Sp, n, matchings);
  expectCounts(Group::Sp, 3, Row(9, 0));
  expectCounts(Group::SO, 3, {1, 0, 1, 1, 3, 10, 15, 105, 105});
  expectCounts(Group::SO, 2, {1, 0, 2, 0, 9, 0, 60, 0, 525});
  expectCounts(Group::SO, 4, {1, 0, 1, 0, 4, 0, 30, 0, 315});
  expectCounts(Group::SO, 1, {1, 1, 1, 3, 3, 15, 15, 105, 105});
}

TEST(Count, PartitionsWithFewBlocks) {
  expectCounts(Group::S, 1, Row(9, 1));
  expectCounts(Group::S, 2, {1, 1, 2, 4, 8, 16, 32, 64, 128});
  expectCounts(Group::S, 3, {1, 1, 2, 5, 14, 41, 122, 365, 1094});
  expectCounts(Group::S, 4, {1, 1, 2, 5, 15, 51, 187, 715, 2795});
}

TEST(Count, Dimensions) {
  expectDimensions(Group::S, 2, {1, 1, 2, 4, 8, 16, 32, 64, 128});
  expectDimensions(Group::S, 3, {1, 1, 2, 5, 14, 41, 122, 365, 1094});
  expectDimensions(Group::O, 1, {1, 0, 1, 0, 1, 0, 1, 0, 1});
  expectDimensions(Group::O, 2, {1, 0, 1, 0, 3, 0, 10, 0, 35});
  expectDimensions(Group::O, 3, {1, 0, 1, 0, 3, 0, 15, 0, 91});
  expectDimensions(Group::O, 4, {1, 0, 1, 0, 3, 0, 15, 0, 105});
  expectDimensions(Group::SO, 1, Row(9, 1));
  expectDimensions(Group::SO, 2, {1, 0, 2, 0, 6, 0, 20, 0, 70});
  expectDimensions(Group::SO, 3, {1, 0, 1, 1, 3, 6, 15, 36, 91});
  expectDimensions(Group::SO, 4, {1, 0, 1, 0, 4, 0, 25, 0, 196});
  expectDimensions(Group::Sp, 2, {1, 0, 1, 0, 2, 0, 5, 0, 14});
  expectDimensions(Group::Sp, 4, {1, 0, 1, 0, 3, 0, 14, 0, 84});
}

TEST(Count, OfGroupsBetweenPermutationsAndRotations) {
  const Row even = {1, 0, 1, 0, 4, 0, 31, 0, 379};
  expectCounts(Group::H, -1, even);
  expectCounts(Group::H, 4, even);
  expectCounts(Group::H, 2, {1, 0, 1, 0, 4, 0, 16, 0, 64});
  expectCounts(Group::H, 3, {1, 0, 1, 0, 4, 0, 31, 0, 274});
  const Row involutions = {1, 1, 2, 4, 10, 26, 76, 232, 764};
  for (long long n : {1, 2, 3, 50, -1})
    expectCounts(Group::B, n, involutions);
  expectCounts(Group::BPrime, -1, {1, 0, 2, 0, 10, 0, 76, 0, 764});
  expectCounts(Group::SPrime, -1, {1, 0, 2, 0, 15, 0, 203, 0, 4140});
  expectDimensions(Group::H, 2, {1, 0, 1, 0, 4, 0, 16, 0, 64});
  expectDimensions(Group::H, 3, {1, 0, 1, 0, 4, 0, 31, 0, 274});
  expectDimensions(Group::H, 9, even);
  expectDimensions(Group::B, 1, Row(9, 1));
  expectDimensions(Group::B, 2, {1, 1, 2, 4, 8, 16, 32, 64, 128});
  expectDimensions(Group::B, 3, {1, 1, 2, 4, 10, 26, 71, 197, 554});
  expectDimensions(Group::B, 9, involutions);
  expectDimensions(Group::BPrime, 3, {1, 0, 2, 0, 10, 0, 71, 0, 554});
  expectDimensions(Group::SPrime, 2, {1, 0, 2, 0, 8, 0, 32});
  expectDimensions(Group::SPrime, 3, {1, 0, 2, 0, 14, 0, 122});
  expectDimensions(Group::SPrime, 9, {1, 0, 2, 0, 15, 0, 203});
}

// The dimensions of the paper on jellyfish.
TEST(Count, OfTheAlternatingGroup) {
  expectDimensions(Group::A, 2, {1, 2, 4, 8, 16, 32, 64, 128, 256});
  expectDimensions(Group::A, 3, {1, 1, 3, 9, 27, 81, 243, 729, 2187});
  expectDimensions(Group::A, 4, {1, 1, 2, 6, 22, 86, 342, 1366});
  expectDimensions(Group::A, 5, {1, 1, 2, 5, 16, 63, 282, 1345});
  expectCounts(Group::A, 4, {1, 1, 2, 6, 22, 86, 342, 1366});
  expectCounts(Group::A, 100, {1, 1, 2, 5, 15, 52, 203, 877, 4140});
  EXPECT_TRUE(countDiagrams(Group::A, 5, LLONG_MAX, LLONG_MAX).saturated);
  EXPECT_TRUE(countDiagrams(Group::A, LLONG_MAX, LLONG_MAX, 1).saturated);
}

TEST(Count, OfSignaturesIsThatOfTheSize) {
  const Group lorentz(Family::O, 1, 3), proper(Family::SO, 1, 2);
  expectCounts(lorentz, 4, {1, 0, 1, 0, 3, 0, 15, 0, 105});
  expectDimensions(lorentz, 4, {1, 0, 1, 0, 3, 0, 15, 0, 105});
  expectCounts(proper, 3, {1, 0, 1, 1, 3, 10});
  expectDimensions(proper, 3, {1, 0, 1, 1, 3, 6});
}

TEST(Count, KnownSequencesFarther) {
  auto dimension = [](Group group, long long n, int size) {
    return countBasis(group, n, size, 0).value;
  };
  // Catalan numbers, central binomials, Riordan numbers, squares of Catalan.
  EXPECT_EQ(dimension(Group::Sp, 2, 60), 3814986502092304u);
  EXPECT_EQ(dimension(Group::SO, 2, 20), 184756u);
  EXPECT_EQ(dimension(Group::O, 2, 20), 92378u);
  EXPECT_EQ(dimension(Group::SO, 3, 12), 4213u);
  EXPECT_EQ(dimension(Group::SO, 4, 12), 132u * 132u);
}

TEST(Count, KnownLayers) {
  EXPECT_EQ(countOf(Group::S, 16, 1, 1), 2u);
  EXPECT_EQ(countOf(Group::S, 16, 1, 2), 5u);
  EXPECT_EQ(countOf(Group::S, 16, 2, 2), 15u);
  EXPECT_EQ(countOf(Group::S, 16, 2, 0), 2u);
  EXPECT_EQ(countOf(Group::S, 16, 3, 3), 203u);
  EXPECT_EQ(countOf(Group::S, -1, 6, 6), 4213597u);
  EXPECT_EQ(countOf(Group::S, -1, 12, 13), 4638590332229999353u);
  EXPECT_EQ(countOf(Group::O, 3, 2, 2), 3u);
  EXPECT_EQ(countOf(Group::O, 3, 17, 17), 6332659870762850625u);
}

TEST(Count, AgreesWithTheEnumeration) {
  for (Group group : allGroups)
    for (int n = 1; n <= 9; ++n)
      for (int size = 0; size <= 8; ++size) {
        uint64_t all = 0, basis = 0;
        forEachDiagram(group, n, size / 2, size - size / 2,
                       [&](const Diagram &diagram) {
                         ++all;
                         basis += inBasis(diagram, group, n);
                         return true;
                       });
        EXPECT_EQ(countOf(group, n, size / 2, size - size / 2), all);
        EXPECT_EQ(countBasis(group, n, size / 2, size - size / 2).value, basis)
            << groupName(group) << " n = " << n << ", N = " << size;
      }
}

TEST(Count, SaturatesOnlyPastTheLimit) {
  EXPECT_EQ(countOf(Group::S, 2, 32, 32), uint64_t(1) << 63);
  EXPECT_TRUE(countDiagrams(Group::S, 2, 32, 33).saturated);
  EXPECT_EQ(countOf(Group::S, 3, 41, 0), 6078832729528464401u);
  EXPECT_EQ(countOf(Group::H, 2, 32, 32), uint64_t(1) << 62);
  EXPECT_TRUE(countDiagrams(Group::H, 2, 32, 34).saturated);
  EXPECT_EQ(countBasis(Group::B, 2, 32, 32).value, uint64_t(1) << 63);
  EXPECT_TRUE(countBasis(Group::B, 2, 32, 33).saturated);
  EXPECT_EQ(countOf(Group::S, 3, 42, 0), 18236498188585393202u);
  EXPECT_TRUE(countDiagrams(Group::S, 3, 43, 0).saturated);
  EXPECT_TRUE(countDiagrams(Group::S, -1, 26, 0).saturated);
  EXPECT_TRUE(countDiagrams(Group::O, 3, 18, 18).saturated);
  EXPECT_EQ(countOf(Group::O, 3, LLONG_MAX, LLONG_MAX - 1), 0u);
}

TEST(Count, HugeOrdersAnswerAtOnce) {
  auto start = std::chrono::steady_clock::now();
  const long long huge = LLONG_MAX;
  for (int repeat = 0; repeat < 100; ++repeat) {
    EXPECT_EQ(countOf(Group::S, 1, huge, huge), 1u);
    for (long long n : {2LL, 3LL, huge, -1LL})
      EXPECT_TRUE(countDiagrams(Group::S, n, huge, huge).saturated);
    EXPECT_TRUE(countDiagrams(Group::O, 1, huge, huge).saturated);
    EXPECT_TRUE(countDiagrams(Group::Sp, 2, huge, huge).saturated);
    EXPECT_EQ(countOf(Group::Sp, 3, huge, huge), 0u);
    EXPECT_TRUE(countDiagrams(Group::SO, 3, huge, 0).saturated);
    EXPECT_EQ(countOf(Group::SO, huge, huge, 0), 1u);
    EXPECT_EQ(countOf(Group::SO, 3999999999, 4000000001, 0),
              uint64_t(4000000001) * 2000000000);
    EXPECT_TRUE(countDiagrams(Group::SO, huge - 2, huge, 0).saturated);
    EXPECT_TRUE(countDiagrams(Group::SO, huge, huge, huge - 1).saturated);
    EXPECT_TRUE(countDiagrams(Group::H, 2, huge, huge).saturated);
    EXPECT_EQ(countOf(Group::H, 1, huge, huge), 1u);
    EXPECT_EQ(countOf(Group::H, 5, huge, huge - 1), 0u);
    EXPECT_TRUE(countDiagrams(Group::B, 1, huge, huge).saturated);
    EXPECT_EQ(countBasis(Group::B, 1, 1 << 30, 1 << 30).value, 1u);
    EXPECT_TRUE(countBasis(Group::B, 2, 1 << 30, 1 << 30).saturated);
  }
  EXPECT_EQ(countBasis(Group::O, 1, 1 << 30, 1 << 30).value, 1u);
  EXPECT_TRUE(countBasis(Group::O, 2, 1 << 30, 1 << 30).saturated);
  EXPECT_TRUE(countBasis(Group::Sp, 2, 1 << 30, 1 << 30).saturated);
  EXPECT_TRUE(countBasis(Group::SO, 3, 1 << 30, 1).saturated);
  auto elapsed = std::chrono::steady_clock::now() - start;
  // Microseconds each; the bound only has to tell them from years.
  EXPECT_LT(elapsed, std::chrono::seconds(5));
}

TEST(Count, SaysWhyThereAreNone) {
  EXPECT_EQ(whyNoDiagrams(Group::S, 1, 0, 0), "");
  EXPECT_EQ(whyNoDiagrams(Group::O, 3, 2, 2), "");
  EXPECT_EQ(whyNoDiagrams(Group::O, 3, 2, 1),
            "O(n) has no equivariant maps when k + l is odd (k + l = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::O, -1, LLONG_MAX, LLONG_MAX - 1),
            "O(n) has no equivariant maps when k + l is odd (k + l = "
            "18446744073709551613)");
  EXPECT_EQ(whyNoDiagrams(Group::Sp, 3, 2, 2), "Sp(n) needs even n (n = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::Sp, -1, 2, 1),
            "Sp(n) has no equivariant maps when k + l is odd (k + l = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::SO, 4, 2, 1),
            "SO(n) has no equivariant maps when n is even and k + l is odd "
            "(n = 4, k + l = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::SO, 5, 2, 1),
            "SO(n) has no equivariant maps when k + l is odd and less than n "
            "(n = 5, k + l = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::SO, 3, 2, 1), "");
  EXPECT_EQ(whyNoDiagrams(Group::H, -1, 2, 1),
            "H(n) has no equivariant maps when k + l is odd (k + l = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::BPrime, 3, 2, 1),
            "B'(n) has no equivariant maps when k + l is odd (k + l = 3)");
  EXPECT_EQ(whyNoDiagrams(Group::B, 3, 2, 1), "");
  EXPECT_EQ(whyNoDiagrams(Group(Family::O, 1, 3), 4, 2, 1),
            "O(1,3) has no equivariant maps when k + l is odd (k + l = 3)");
}

TEST(Count, SaysWhyExactlyWhenThereAreNone) {
  for (Group group : allGroups)
    for (int n = 1; n <= 9; ++n)
      for (int l = 0; l <= 5; ++l)
        for (int k = 0; k <= 5; ++k)
          EXPECT_EQ(whyNoDiagrams(group, n, l, k).empty(),
                    countDiagrams(group, n, l, k).value > 0);
}

} // namespace
