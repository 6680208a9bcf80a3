//===- SumTiles.cpp - Tiles of sums of outer products ---------------------===//

#include "compiler/Lowering/Cpu/SumTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

/// The first row of the sums of a tile.
Value SumTiles::rowOf(Value tile, Value firstRow) {
  return kernel.add(kernel.mul(tile, kernel.index(tiling.rows)), firstRow);
}

void SumTiles::add(Value tile, Value firstRow, OverRows overRows) {
  Value row = rowOf(tile, firstRow);
  Value channel = kernel.min(kernel.mul(tile, kernel.index(tiling.rows)),
                             kernel.index(kernel.spec.cIn - tiling.rows));
  forColumnTiles(kernel, &sums.tensor, tiling.columns, kernel.spec.cOut,
                 /*padded=*/false, [&](const ColumnTile &column) {
                   if (column.dots)
                     return addDots(tile, firstRow, column, overRows);
                   addTile(row, channel, column, overRows);
                 });
}

void SumTiles::endBlocks(Value tile, Value firstRow) {
  const ColumnTiling &columns = tiling.columns;
  const int64_t ofDots = columns.dots > 0 ? columns.lanes() : 0;
  const int64_t others = columns.columns() - ofDots;
  planes.endBlocks(rowOf(tile, firstRow), tiling.rows, 0, others);
  if (ofDots > 0)
    ifFirst(tile, [&] {
      planes.endBlocks(firstRow, tiling.rowsOfDiagram(), others, ofDots);
    });
}

void SumTiles::ifFirst(Value tile, function_ref<void()> body) {
  Value isFirst = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::eq, tile, kernel.index(0));
  kernel.ifElse(sums, isFirst, body, [] {});
}

void SumTiles::addTile(Value row, Value channel, const ColumnTile &column,
                       OverRows overRows) {
  Values acc(tiling.rows, kernel.zeroVector(kernel.vectorType(column.width)));
  acc = overRows(std::move(acc), [&](const Position &at, Values sum) {
    return addRow(at, channel, column, std::move(sum));
  });
  for (int64_t r = 0; r < tiling.rows; ++r)
    planes.add(kernel.add(row, kernel.index(r)), column.column, acc[r]);
}

/// The sums of columns beyond whole vectors: vectors of input channels. They
/// are the work of the first tile of a matrix.
void SumTiles::addDots(Value tile, Value firstRow, const ColumnTile &column,
                       OverRows overRows) {
  ifFirst(tile, [&] {
    // As many sums as hide their latency, and stay in registers.
    const int64_t size = std::max<int64_t>(1, 4 / column.valid) * kernel.lanes;
    int64_t count = 0;
    for (int64_t first = 0; first < kernel.spec.cIn; first += count) {
      count = std::min(size, kernel.spec.cIn - first);
      // LLVM takes three vectors apart where a loop carries them.
      if (kernel.wholeVectors(count) == 3 * kernel.lanes)
        count = 2 * kernel.lanes;
      addDotsOf(firstRow, column, first, count, overRows);
    }
  });
}

/// The same for `count` input channels from `first` on.
void SumTiles::addDotsOf(Value firstRow, const ColumnTile &column,
                         int64_t first, int64_t count, OverRows overRows) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  const int64_t width = kernel.wholeVectors(count);
  auto addRow = [&](const Position &at, Values sum) {
    Value vector =
        kernel.readRow(x.tensor, {at.xSample, at.x}, kernel.index(first), width,
                       x.present(width, count));
    for (int64_t dot = 0; dot < column.valid; ++dot) {
      Value scalar = tensor::ExtractOp::create(
          b, loc, gradY.tensor,
          ValueRange{at.gradYSample, at.gradY,
                     kernel.add(column.column, kernel.index(dot))});
      Value factor =
          vector::BroadcastOp::create(b, loc, vector.getType(), scalar);
      sum[dot] = vector::FMAOp::create(b, loc, factor, vector, sum[dot]);
    }
    return sum;
  };
  Values acc(column.valid, kernel.zeroVector(kernel.vectorType(width)));
  acc = overRows(std::move(acc), addRow);
  for (int64_t c = 0; c < count; ++c) {
    Value row = kernel.add(
        firstRow, kernel.index(tiling.rowOf(first + c, kernel.spec.cIn)));
    for (int64_t dot = 0; dot < column.valid; ++dot)
      planes.addElement(
          row, kernel.add(column.column, kernel.index(dot)),
          vector::ExtractOp::create(b, loc, acc[dot], ArrayRef<int64_t>{c}));
  }
}

/// sum[r] += x[channel + r] * grad_y.
Values SumTiles::addRow(const Position &at, Value channel,
                        const ColumnTile &column, Values sum) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  Value vector =
      kernel.readRow(gradY.tensor, {at.gradYSample, at.gradY}, column.column,
                     column.width, gradY.present(column.width, column.valid));
  for (int64_t r = 0; r < tiling.rows; ++r) {
    Value scalar = tensor::ExtractOp::create(
        b, loc, x.tensor,
        ValueRange{at.xSample, at.x, kernel.add(channel, kernel.index(r))});
    Value factor =
        vector::BroadcastOp::create(b, loc, vector.getType(), scalar);
    sum[r] = vector::FMAOp::create(b, loc, factor, vector, sum[r]);
  }
  return sum;
}
