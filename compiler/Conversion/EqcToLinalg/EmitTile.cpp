//===- EmitTile.cpp - One register tile of a matrix product ---------------===//

#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

int64_t eqc::sampleTileRows(const TargetShape &target, int64_t vectors) {
  const int64_t most = std::min<int64_t>(8, maxTileRows(target, vectors));
  int64_t rows = 1;
  while (2 * rows <= most)
    rows *= 2;
  return rows;
}

Value eqc::emitTileProduct(KernelBuilder &kernel, Value acc, Value view,
                           Value weights) {
  // On tensors, so that upstream tiling, vectorisation and hoisting apply; the
  // accumulator becomes a vector again there.
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto type = cast<VectorType>(acc.getType());
  const SmallVector<Value> origin(2, kernel.index(0));
  const SmallVector<bool> inBounds(2, true);
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), kernel.element);
  Value sum =
      vector::TransferWriteOp::create(b, loc, acc, empty, origin, inBounds)
          .getResult();
  AffineExpr r, c, k;
  bindDims(b.getContext(), r, c, k);
  SmallVector<AffineMap> maps = AffineMap::inferFromExprList(
      {ArrayRef<AffineExpr>{r, k}, {k, c}, {r, c}}, b.getContext());
  sum = linalg::ContractOp::create(b, loc, TypeRange{sum.getType()},
                                   ValueRange{view, weights}, ValueRange{sum},
                                   b.getAffineMapArrayAttr(maps))
            .getResult(0);
  Value pad = arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
  return vector::TransferReadOp::create(b, loc, type, sum, origin, pad,
                                        inBounds);
}
