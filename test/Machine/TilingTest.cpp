//===- TilingTest.cpp - Register tiles of a matrix product ----------------===//

#include "compiler/Machine/Tiling.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace eqc;

namespace {

const Machine avx512{64, 32}, avx2{32, 16}, sse{16, 16};

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

TEST(Tiling, ColumnsAreCoveredOnceAndHardlyPadded) {
  for (const Machine &machine : {avx512, avx2, sse})
    for (int64_t bytes : {4, 8})
      for (int64_t inputs : {1, 8, 33})
        for (int64_t outputs = 1; outputs < 100; ++outputs) {
          const int64_t lanes = machine.lanes(bytes);
          const ColumnTiling tiling =
              mixTiling(machine, bytes, inputs, outputs);
          EXPECT_EQ(tiling.width, tiling.vectors * lanes);
          EXPECT_LE(tiling.lastVectors, tiling.vectors);
          EXPECT_GE(tiling.whole(), 0);
          // Whole vectors hold what are no dots, the last of them a part.
          const int64_t inVectors = outputs - tiling.dots;
          const int64_t vectors =
              tiling.whole() * tiling.vectors + tiling.lastVectors;
          EXPECT_EQ(vectors, (inVectors + lanes - 1) / lanes);
          EXPECT_EQ(tiling.columns(), (outputs + lanes - 1) / lanes * lanes);
          if (tiling.dots > 0) {
            EXPECT_EQ(inVectors % lanes, 0);
            EXPECT_LE(tiling.dots, 4);
            EXPECT_LE(2 * tiling.dots, lanes);
            // A tile has room for its dots, each in whole vectors.
            EXPECT_LE(tiling.dots * ((inputs + lanes - 1) / lanes * lanes),
                      inputs * tiling.width);
          }
        }
}

TEST(Tiling, FewColumnsBeyondWholeVectorsAreDots) {
  EXPECT_EQ(mixTiling(avx512, 4, 33, 33).dots, 1);
  EXPECT_EQ(mixTiling(avx512, 4, 64, 36).dots, 4);
  EXPECT_EQ(mixTiling(avx512, 4, 64, 37).dots, 0);
  EXPECT_EQ(mixTiling(avx512, 4, 64, 37).lastVectors, 1);
  EXPECT_EQ(mixTiling(avx2, 4, 16, 17).dots, 1);
  EXPECT_EQ(mixTiling(avx2, 4, 16, 32).dots, 0);
  // A vector along so few input channels would be padding.
  EXPECT_EQ(mixTiling(avx512, 4, 8, 33).dots, 0);
  // Adding up four would take longer than a vector of columns.
  EXPECT_EQ(mixTiling(avx2, 4, 8, 4).dots, 0);
  EXPECT_EQ(mixTiling(avx2, 4, 8, 4).lastVectors, 1);
  // Their sums of gradients are added channel by channel.
  EXPECT_EQ(sumTiling(avx512, 4, 33, 33).columns.dots, 1);
  EXPECT_EQ(sumTiling(avx512, 4, 1000, 33).columns.dots, 0);
  EXPECT_EQ(sumTiling(avx512, 4, 1000, 33).columns.lastVectors, 1);
}

TEST(Tiling, RowsOfSumsOverlapInTheLastTile) {
  for (int64_t inputs = 1; inputs < 70; ++inputs) {
    const SumTiling tiling = sumTiling(avx2, 4, inputs, 40);
    const SumMatrix matrix = sumMatrix(tiling, 1, 0);
    for (int64_t channel = 0; channel < inputs; ++channel) {
      // Tile t begins at channel t * rows, the last one where it ends with the
      // last channel.
      const int64_t row = tiling.rowOf(channel, inputs);
      const int64_t tile = row / tiling.rows;
      const int64_t first = std::min(tile * tiling.rows, inputs - tiling.rows);
      EXPECT_EQ(first + row % tiling.rows, channel);
      EXPECT_EQ(row < matrix.shiftedFrom, channel < matrix.shiftedFrom);
    }
  }
}

TEST(Tiling, AShortRowOfAMatrixIsNotAWholeVector) {
  EXPECT_EQ(matrixTiling(avx512, 4, 3).width, 4);
  EXPECT_EQ(matrixTiling(avx512, 4, 4).lastVectors, 0);
  EXPECT_EQ(matrixTiling(avx512, 4, 40).width, 32);
  EXPECT_EQ(matrixTiling(avx512, 4, 40).lastVectors, 1);
  EXPECT_EQ(matrixTiling(avx512, 4, 40).columns(), 48);
}

} // namespace
