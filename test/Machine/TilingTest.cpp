//===- TilingTest.cpp - Register tiles of a matrix product ----------------===//

#include "compiler/Machine/Tiling.h"

#include <gtest/gtest.h>

using namespace eqc;

namespace {

const Machine avx512{64, 32}, avx2{32, 16};

TEST(Tiling, TilesDivideWhatTheyCan) {
  EXPECT_EQ(tileRows(avx512, 1, 36), 18);
  EXPECT_EQ(tileRows(avx512, 2, 36), 12);
  EXPECT_EQ(tileRows(avx2, 2, 36), 6);
}

TEST(Tiling, TilesStayInRegisters) {
  for (const Machine &machine : {avx512, avx2})
    for (int64_t vectors : {1, 2})
      for (int64_t extent = 1; extent < 200; ++extent) {
        const int64_t rows = tileRows(machine, vectors, extent);
        EXPECT_GE(rows, 1);
        EXPECT_LE(rows, extent);
        EXPECT_LE(rows * vectors + vectors + 2, machine.registers);
      }
}

TEST(Tiling, AliasingRowsShareASetOfEightWays) {
  EXPECT_LE(tileRows(avx512, 1, 64, /*aliasing=*/true), 8);
}

TEST(Tiling, StretchesAreCoveredOneByOne) {
  auto padded = [](int64_t rows, const std::vector<int64_t> &extents) {
    int64_t sum = 0;
    for (int64_t extent : extents)
      sum += (extent + rows - 1) / rows * rows - extent;
    return sum;
  };
  const std::vector<int64_t> extents{36, 24, 12};
  EXPECT_EQ(tileRows(avx512, 2, extents), 12);
  EXPECT_EQ(padded(tileRows(avx512, 2, extents), extents), 0);
  EXPECT_EQ(tileRows(avx512, 2, std::vector<int64_t>{50}),
            tileRows(avx512, 2, 50));
  EXPECT_LE(tileRows(avx512, 1, std::vector<int64_t>{1, 1, 2}), 2);
}

} // namespace
