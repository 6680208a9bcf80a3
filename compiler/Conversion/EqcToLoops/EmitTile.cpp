//===- EmitTile.cpp - One register tile of a matrix product ---------------===//

#include "compiler/Conversion/EqcToLoops/KernelBuilder.h"

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
