//===- Tile.cpp - Register tiles of a product -----------------------------===//

#include "compiler/Lowering/Cpu/Tile.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

/// Channels from .. from+depth-1 of the rows that a tile of shape `tile` reads.
static Value sliceOf(KernelBuilder &kernel, const TileView &view,
                     ArrayRef<int64_t> tile, Value from, int64_t depth) {
  OpBuilder &b = kernel.b;
  const OpFoldResult one = b.getIndexAttr(1);
  SmallVector<int64_t> shape(tile.drop_back());
  SmallVector<OpFoldResult> offsets = getAsOpFoldResult(view.position), sizes;
  // Indices before those of the rows have one value.
  sizes.append(view.position.size() - shape.size(), one);
  for (int64_t rows : shape)
    sizes.push_back(b.getIndexAttr(rows));
  SmallVector<OpFoldResult> strides(offsets.size(), one);
  if (view.step && shape.back() > 1)
    strides.back() = getAsOpFoldResult(view.step);
  offsets.push_back(getAsOpFoldResult(from));
  sizes.push_back(b.getIndexAttr(depth));
  strides.push_back(one);
  shape.push_back(depth);
  return tensor::ExtractSliceOp::create(
      b, kernel.loc, RankedTensorType::get(shape, kernel.element), view.tensor,
      offsets, sizes, strides);
}

/// The weights of the same channels, for a tile of `width` columns.
static Value sliceOf(KernelBuilder &kernel, const TileWeights &weights,
                     int64_t width, Value from, int64_t depth) {
  OpBuilder &b = kernel.b;
  const OpFoldResult one = b.getIndexAttr(1), none = b.getIndexAttr(0);
  return tensor::ExtractSliceOp::create(
      b, kernel.loc, RankedTensorType::get({depth, width}, kernel.element),
      kernel.packed(),
      ArrayRef<OpFoldResult>{getAsOpFoldResult(weights.term),
                             getAsOpFoldResult(weights.tile),
                             getAsOpFoldResult(from), none},
      ArrayRef<OpFoldResult>{one, one, b.getIndexAttr(depth),
                             b.getIndexAttr(width)},
      ArrayRef<OpFoldResult>{one, one, one, one});
}

Value eqc::emitTileProduct(KernelBuilder &kernel, Value acc, int64_t depth,
                           const TileView &view, const TileWeights &weights) {
  const ArrayRef<int64_t> tile = cast<VectorType>(acc.getType()).getShape();
  return emitBlockedProduct(kernel, acc, depth, [&](Value from, int64_t size) {
    Value rows = sliceOf(kernel, view, tile, from, size);
    return std::make_pair(rows,
                          sliceOf(kernel, weights, tile.back(), from, size));
  });
}

void eqc::forColumnTiles(KernelBuilder &kernel, ArrayRef<Value *> carried,
                         const ColumnTiling &tiling, int64_t columns,
                         bool padded,
                         function_ref<void(const ColumnTile &)> body) {
  // The last tile is one of them where it is as wide and all of it is there.
  const bool alike = padded && tiling.lastIsAsWide();
  const int64_t whole = tiling.whole() + (alike ? 1 : 0);
  kernel.forCarried(carried, kernel.index(0), kernel.index(whole), 1,
                    [&](Value tile) {
                      body({tile, kernel.mul(tile, kernel.index(tiling.width)),
                            tiling.width, tiling.width});
                    });
  int64_t index = whole, first = whole * tiling.width;
  auto tile = [&](int64_t width, int64_t valid, bool dots) {
    body({kernel.index(index), kernel.index(first), width, valid, dots});
    ++index;
    first += valid;
  };
  if (tiling.lastVectors > 0 && !alike)
    tile(tiling.lastVectors * tiling.lanes(), columns - tiling.dots - first,
         false);
  if (tiling.dots > 0)
    tile(tiling.lanes(), tiling.dots, true);
}

std::pair<Value, Value> eqc::placeOfDot(KernelBuilder &kernel, Value packed,
                                        int64_t dot, Value c) {
  const int64_t width = cast<ShapedType>(packed.getType()).getShape().back();
  Value element =
      kernel.add(kernel.index(dot * kernel.wholeVectors(kernel.spec.cIn)), c);
  return {kernel.div(element, width), kernel.rem(element, width)};
}

/// The indices of all rows of a tile, the last one innermost.
static SmallVector<SmallVector<int64_t, 2>> rowsOfTile(ArrayRef<int64_t> rows) {
  SmallVector<SmallVector<int64_t, 2>> all{{}};
  for (int64_t extent : rows) {
    SmallVector<SmallVector<int64_t, 2>> longer;
    for (const SmallVector<int64_t, 2> &index : all)
      for (int64_t i = 0; i < extent; ++i) {
        longer.push_back(index);
        longer.back().push_back(i);
      }
    all = std::move(longer);
  }
  return all;
}

void eqc::forTileRows(
    KernelBuilder &kernel, ArrayRef<int64_t> rows, ArrayRef<Value> position,
    Value step, function_ref<void(ArrayRef<int64_t>, ArrayRef<Value>)> body) {
  for (const SmallVector<int64_t, 2> &index : rowsOfTile(rows)) {
    SmallVector<Value> at(position);
    Value row = kernel.index(index.back());
    at.back() = kernel.add(at.back(), step ? kernel.mul(step, row) : row);
    if (index.size() > 1)
      at[at.size() - 2] =
          kernel.add(at[at.size() - 2], kernel.index(index.front()));
    body(index, at);
  }
}

Values TileSums::begin(Value tile) {
  start = tile;
  if (!column.dots)
    return {tile};
  const int64_t rows =
      cast<VectorType>(tile.getType()).getNumElements() / column.width;
  return Values(rows * column.valid,
                kernel.zeroVector(kernel.vectorType(kernel.lanes)));
}

Values TileSums::add(Values sums, int64_t depth, const TileView &view,
                     const TileWeights &weights) {
  if (!column.dots)
    return {emitTileProduct(kernel, sums.front(), depth, view, weights)};
  const ArrayRef<int64_t> rows =
      cast<VectorType>(start.getType()).getShape().drop_back();
  auto addVector = [&](Value c, int64_t valid, Values partial) {
    Values columns;
    for (int64_t dot = 0; dot < column.valid; ++dot) {
      auto [row, at] = placeOfDot(kernel, kernel.packed(), dot, c);
      columns.push_back(kernel.readRow(kernel.packed(),
                                       {weights.term, weights.tile, row}, at,
                                       kernel.lanes, kernel.lanes));
    }
    size_t i = 0;
    forTileRows(kernel, rows, view.position, view.step,
                [&](ArrayRef<int64_t>, ArrayRef<Value> position) {
                  Value x = kernel.readRow(view.tensor, position, c,
                                           kernel.lanes, valid);
                  for (Value weight : columns) {
                    partial[i] = vector::FMAOp::create(kernel.b, kernel.loc, x,
                                                       weight, partial[i]);
                    ++i;
                  }
                });
    return partial;
  };
  const int64_t whole = depth / kernel.lanes;
  auto addWhole = [&](Value number, Values partial) {
    return addVector(kernel.mul(number, kernel.index(kernel.lanes)),
                     kernel.lanes, std::move(partial));
  };
  // A loop, however short: a step of it has a multiply-add for each row.
  Value zero = kernel.index(0), end = kernel.index(whole);
  sums = whole <= kTermsOfBlock
             ? kernel.accumulateInLoop(zero, end, std::move(sums), addWhole)
             : emitNestedSums(kernel, zero, end, whole, 1, std::move(sums),
                              addWhole);
  const int64_t done = whole * kernel.lanes;
  if (done == depth)
    return sums;
  return addVector(kernel.index(done), depth - done, std::move(sums));
}

Values TileSums::addInGroups(Values sums, int64_t depth, int64_t group,
                             const TileView &view, const TileWeights &weights,
                             function_ref<void()> between) {
  if (column.dots || depth > kTermsOfBlock)
    return add(std::move(sums), depth, view, weights);
  Value tile = sums.front();
  const ArrayRef<int64_t> shape = cast<VectorType>(tile.getType()).getShape();
  for (int64_t first = 0; first < depth; first += group) {
    if (first > 0)
      between();
    const int64_t size = std::min(group, depth - first);
    Value from = kernel.index(first);
    tile =
        emitContraction(kernel, tile, sliceOf(kernel, view, shape, from, size),
                        sliceOf(kernel, weights, shape.back(), from, size));
  }
  return {tile};
}

Value TileSums::end(const Values &sums) {
  if (!column.dots)
    return sums.front();
  // Sums of halves, of their halves, ..: the order is fixed.
  const auto halves = arith::FastMathFlags::reassoc;
  Value tile = start;
  const ArrayRef<int64_t> rows =
      cast<VectorType>(tile.getType()).getShape().drop_back();
  size_t i = 0;
  for (const SmallVector<int64_t, 2> &at : rowsOfTile(rows)) {
    Value products = kernel.zeroVector(kernel.vectorType(column.width));
    for (int64_t dot = 0; dot < column.valid; ++dot) {
      Value sum = vector::ReductionOp::create(
          kernel.b, kernel.loc, vector::CombiningKind::ADD, sums[i++], halves);
      products = vector::InsertOp::create(kernel.b, kernel.loc, sum, products,
                                          ArrayRef<int64_t>{dot});
    }
    Value before = vector::ExtractOp::create(kernel.b, kernel.loc, tile, at);
    tile = vector::InsertOp::create(
        kernel.b, kernel.loc,
        arith::AddFOp::create(kernel.b, kernel.loc, before, products), tile,
        at);
  }
  return tile;
}

void eqc::writeTile(KernelBuilder &kernel, Value tile, KernelArray &array,
                    ArrayRef<Value> position, Value column, int64_t valid) {
  forTileRows(
      kernel, cast<VectorType>(tile.getType()).getShape().drop_back(), position,
      Value(), [&](ArrayRef<int64_t> index, ArrayRef<Value> at) {
        Value row =
            vector::ExtractOp::create(kernel.b, kernel.loc, tile, index);
        array.tensor = kernel.writeRow(row, array.tensor, at, column, valid);
      });
}

Value eqc::emitContraction(KernelBuilder &kernel, Value acc, Value view,
                           Value weights) {
  // On tensors, so that upstream tiling, vectorisation and hoisting apply; the
  // accumulator becomes a vector again there.
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto type = cast<VectorType>(acc.getType());
  const int64_t rank = type.getRank();
  const SmallVector<Value> origin(rank, kernel.index(0));
  const SmallVector<bool> inBounds(rank, true);
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), kernel.element);
  Value sum =
      vector::TransferWriteOp::create(b, loc, acc, empty, origin, inBounds)
          .getResult();
  SmallVector<AffineExpr> rows(rank - 1);
  bindDimsList<AffineExpr>(b.getContext(), rows);
  AffineExpr c = b.getAffineDimExpr(rank - 1), k = b.getAffineDimExpr(rank);
  SmallVector<AffineExpr> left(rows), result(rows);
  left.push_back(k);
  result.push_back(c);
  SmallVector<AffineMap> maps = AffineMap::inferFromExprList(
      {ArrayRef<AffineExpr>(left), ArrayRef<AffineExpr>{k, c},
       ArrayRef<AffineExpr>(result)},
      b.getContext());
  sum = linalg::ContractOp::create(b, loc, TypeRange{sum.getType()},
                                   ValueRange{view, weights}, ValueRange{sum},
                                   b.getAffineMapArrayAttr(maps))
            .getResult(0);
  Value pad = arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
  return vector::TransferReadOp::create(b, loc, type, sum, origin, pad,
                                        inBounds);
}
