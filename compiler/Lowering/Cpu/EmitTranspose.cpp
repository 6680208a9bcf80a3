//===- EmitTranspose.cpp - Between the layouts ----------------------------===//
//
// Stages work on rows of channels. A layer with channels first is transposed
// on the way in and out, sample by sample while it is in cache, in square tiles
// of one vector.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitTranspose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

/// Whether tiles along a dimension never reach past its end.
static bool wholeTiles(KernelBuilder &kernel, Value tensor, int dimension) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return !type.isDynamicDim(dimension) &&
         type.getDimSize(dimension) % kernel.lanes == 0;
}

/// target[to.., b, a] = source[from.., a, b] for one tile of a and b.
static Value copyTile(KernelBuilder &kernel, Value source, ArrayRef<Value> from,
                      Value target, ArrayRef<Value> to) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
  auto type = VectorType::get({kernel.lanes, kernel.lanes}, kernel.element);
  Value tile = vector::TransferReadOp::create(
      b, loc, type, source, from, zero,
      ArrayRef<bool>{wholeTiles(kernel, source, 1),
                     wholeTiles(kernel, source, 2)});
  Value turned =
      vector::TransposeOp::create(b, loc, tile, ArrayRef<int64_t>{1, 0});
  return vector::TransferWriteOp::create(
             b, loc, turned, target, to,
             ArrayRef<bool>{wholeTiles(kernel, target, 1),
                            wholeTiles(kernel, target, 2)})
      .getResult();
}

/// Calls body(sample, channel, row) at the corner of every tile; parts share
/// the rows.
static void forTiles(KernelBuilder &kernel, KernelArray &threaded,
                     const KernelArray &rows,
                     function_ref<void(Value, Value, Value)> body) {
  Value tiles = kernel.div(
      kernel.add(kernel.poly(rows.rows), kernel.index(kernel.lanes - 1)),
      kernel.lanes);
  kernel.forRange(threaded, kernel.count(), [&](Value sample) {
    kernel.forRange(threaded, kernel.index(0), kernel.index(rows.channels),
                    kernel.lanes, [&](Value channel) {
                      kernel.forShare(threaded, tiles, [&](Value tile) {
                        body(sample, channel,
                             kernel.mul(tile, kernel.index(kernel.lanes)));
                      });
                    });
  });
}

void eqc::emitChannelsLast(KernelBuilder &kernel, Value planes,
                           KernelArray &rows) {
  forTiles(kernel, rows, rows, [&](Value sample, Value channel, Value row) {
    rows.tensor = copyTile(kernel, planes,
                           {kernel.add(kernel.first(), sample), channel, row},
                           rows.tensor, {sample, row, channel});
  });
}

Value eqc::emitChannelsFirst(KernelBuilder &kernel, const KernelArray &rows,
                             Value planes) {
  KernelArray target;
  target.tensor = planes;
  forTiles(kernel, target, rows, [&](Value sample, Value channel, Value row) {
    target.tensor =
        copyTile(kernel, rows.tensor, {sample, row, channel}, target.tensor,
                 {kernel.add(kernel.first(), sample), channel, row});
  });
  return target.tensor;
}
