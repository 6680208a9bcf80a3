//===- EmitPack.cpp - Weights as the kernels want them --------------------===//

#include "compiler/Lowering/Cpu/EmitPack.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Lowering/Cpu/TermTables.h"
#include "compiler/Lowering/Cpu/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

namespace {

/// Fills a tile with zeros, with which products past c_in are added; `first` is
/// its first row.
void clearTile(KernelBuilder &kernel, KernelArray &packed,
               const ColumnTiling &tiling, Value first) {
  Value zero = kernel.zeroVector(kernel.vectorType(tiling.width));
  kernel.forRange(packed, kernel.index(kernel.spec.cIn), [&](Value row) {
    packed.tensor =
        kernel.writeRow(zero, packed.tensor, {kernel.add(first, row)},
                        kernel.index(0), tiling.width);
  });
}

/// Puts the weights of input channel `c` where the dots have them.
void packDots(KernelBuilder &kernel, KernelArray &packed,
              const ColumnTiling &tiling, Value first, Value c, Value vector) {
  for (int64_t dot = 0; dot < tiling.dots; ++dot) {
    auto [row, column] = placeOfDot(kernel, packed.tensor, dot, c);
    Value element = vector::ExtractOp::create(kernel.b, kernel.loc, vector,
                                              ArrayRef<int64_t>{dot});
    packed.tensor =
        tensor::InsertOp::create(kernel.b, kernel.loc, element, packed.tensor,
                                 ValueRange{kernel.add(first, row), column});
  }
}

} // namespace

EmittedKernel eqc::emitWeightPack(OpBuilder &builder, Location loc,
                                  StringRef name, const LayerSpec &spec,
                                  ArrayRef<PackedTerm> packed,
                                  const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling tiling = columnTiling(spec, machine);
  const int64_t terms = static_cast<int64_t>(packed.size());
  auto weightType =
      MemRefType::get({ShapedType::kDynamic, spec.cOut}, kernel.element);
  auto packedType = MemRefType::get(
      {terms * tiling.tiles * spec.cIn, tiling.width}, kernel.element);
  func::FuncOp function =
      makeKernelFunction(kernel, name, {weightType, packedType});
  Value weight = argumentTensor(kernel, function.getArgument(0), false);
  KernelArray result;
  result.tensor = argumentTensor(kernel, function.getArgument(1), true);

  TermTables tables(kernel, packed, {spec.cIn});
  kernel.forRange(result, kernel.index(terms), [&](Value term) {
    forColumnTiles(
        kernel, &result.tensor, tiling, spec.cOut, /*padded=*/false,
        [&](const ColumnTile &column) {
          Value tile = kernel.add(kernel.mul(term, kernel.index(tiling.tiles)),
                                  column.index);
          Value first = kernel.mul(tile, kernel.index(spec.cIn));
          if (column.dots)
            clearTile(kernel, result, tiling, first);
          kernel.forRange(result, kernel.index(spec.cIn), [&](Value c) {
            // A packed tile has the width of whole ones: the rest is zero.
            const int64_t width = column.dots ? column.width : tiling.width;
            Value vector = tables.emitRow(weight, term, c, column.column, width,
                                          column.valid);
            if (column.dots)
              return packDots(kernel, result, tiling, first, c, vector);
            result.tensor =
                kernel.writeRow(vector, result.tensor, {kernel.add(first, c)},
                                kernel.index(0), tiling.width);
          });
        });
  });
  finishKernel(kernel, result.tensor, function.getArgument(1));
  return {function, kernel.wholeRecord()};
}
