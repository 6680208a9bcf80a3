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

void eqc::writeTile(KernelBuilder &kernel, Value tile, KernelArray &array,
                    ArrayRef<Value> position, Value column, int64_t valid) {
  const int64_t rows = cast<VectorType>(tile.getType()).getDimSize(0);
  for (int64_t r = 0; r < rows; ++r) {
    Value row = vector::ExtractOp::create(kernel.b, kernel.loc, tile,
                                          ArrayRef<int64_t>{r});
    SmallVector<Value> at(position);
    at.back() = kernel.add(at.back(), kernel.index(r));
    array.tensor = kernel.writeRow(row, array.tensor, at, column, valid);
  }
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
