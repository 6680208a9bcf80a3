//===- SymmetricGroupTest.cpp ---------------------------------------------===//

#include "compiler/Algebra/SymmetricGroup.h"

#include <gtest/gtest.h>

using namespace eqc;

TEST(SymmetricGroup, RanksCountPermutations) {
  for (int t = 0; t <= 5; ++t) {
    const auto all = permutationsOf(t);
    for (size_t i = 0; i < all.size(); ++i)
      EXPECT_EQ(rankOf(all[i]), static_cast<int>(i));
  }
}

TEST(SymmetricGroup, DimensionsSquaredAddUpToTheOrder) {
  for (int t = 0; t <= 5; ++t) {
    size_t sum = 0;
    for (const Irrep &irrep : irrepsOf(t))
      sum += irrep.dimension * irrep.dimension;
    EXPECT_EQ(sum, permutationsOf(t).size());
  }
}

TEST(SymmetricGroup, MatricesRepresentTheGroup) {
  for (int t = 1; t <= 4; ++t) {
    const auto all = permutationsOf(t);
    for (const Irrep &irrep : irrepsOf(t))
      for (size_t p = 0; p < all.size(); ++p)
        for (size_t q = 0; q < all.size(); ++q) {
          std::vector<int> product;
          for (int a = 0; a < t; ++a)
            product.push_back(all[p][all[q][a]]);
          const int pq = rankOf(product), d = irrep.dimension;
          for (int i = 0; i < d; ++i)
            for (int j = 0; j < d; ++j) {
              double sum = 0;
              for (int k = 0; k < d; ++k)
                sum += irrep.entry(p, i, k) * irrep.entry(q, k, j);
              ASSERT_NEAR(sum, irrep.entry(pq, i, j), 1e-14);
            }
        }
  }
}

// Schur: entries of different irreps, or different entries, are orthogonal.
TEST(SymmetricGroup, EntriesAreOrthogonal) {
  for (int t = 1; t <= 4; ++t) {
    std::vector<std::vector<double>> slots;
    std::vector<double> norms;
    const int order = static_cast<int>(permutationsOf(t).size());
    for (const Irrep &irrep : irrepsOf(t))
      for (int i = 0; i < irrep.dimension; ++i)
        for (int j = 0; j < irrep.dimension; ++j) {
          slots.emplace_back();
          for (int p = 0; p < order; ++p)
            slots.back().push_back(irrep.entry(p, i, j));
          norms.push_back(static_cast<double>(order) / irrep.dimension);
        }
    for (size_t a = 0; a < slots.size(); ++a)
      for (size_t b = 0; b < slots.size(); ++b) {
        double sum = 0;
        for (int p = 0; p < order; ++p)
          sum += slots[a][p] * slots[b][p];
        ASSERT_NEAR(sum, a == b ? norms[a] : 0, 1e-13);
      }
  }
}
