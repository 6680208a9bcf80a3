//===- SumTiles.h - Tiles of sums of outer products -------------*- C++ -*-===//
//
// sums[ci, co] += x[row, ci] * grad_y[row, co] over some rows: a tile of input
// channels by a few vectors of output channels is held in registers across
// them.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SUMTILES_H
#define EQC_LOWERING_CPU_SUMTILES_H

#include "compiler/Lowering/Cpu/SumPlanes.h"
#include "compiler/Lowering/Cpu/Tile.h"

namespace eqc {

class SumTiles {
public:
  /// A row of either side: indices of their arrays.
  struct Position {
    mlir::Value xSample, x, gradYSample, gradY;
  };
  using AddRow = llvm::function_ref<Values(const Position &, Values)>;
  /// The sums with what addRow(position, sums) adds for each of some rows.
  using OverRows = llvm::function_ref<Values(Values sums, AddRow addRow)>;

  SumTiles(KernelBuilder &kernel, const SumTiling &tiling, KernelArray &x,
           KernelArray &gradY, SumPlanes &planes)
      : kernel(kernel), tiling(tiling), x(x), gradY(gradY), planes(planes),
        sums(planes.sums) {}

  /// Adds to the tile number `tile` of the input channels of a matrix whose
  /// sums begin at `firstRow`.
  void add(mlir::Value tile, mlir::Value firstRow, OverRows overRows);
  /// Ends its blocks. Whoever adds to a sum does: parts run at the same time.
  void endBlocks(mlir::Value tile, mlir::Value firstRow);

private:
  void ifFirst(mlir::Value tile, llvm::function_ref<void()> body);
  mlir::Value rowOf(mlir::Value tile, mlir::Value firstRow);
  void addTile(mlir::Value row, mlir::Value channel, const ColumnTile &column,
               OverRows overRows);
  void addDots(mlir::Value tile, mlir::Value firstRow, const ColumnTile &column,
               OverRows overRows);
  void addDotsOf(mlir::Value firstRow, const ColumnTile &column, int64_t first,
                 int64_t count, OverRows overRows);
  Values addRow(const Position &at, mlir::Value channel,
                const ColumnTile &column, Values sum);

  KernelBuilder &kernel;
  const SumTiling &tiling;
  KernelArray &x, &gradY;
  SumPlanes &planes;
  KernelArray &sums;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_SUMTILES_H
