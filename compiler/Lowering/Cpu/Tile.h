//===- Tile.h - Register tiles of a product ---------------------*- C++ -*-===//
//
// tile [rows.., columns] += view [rows.., c_in] * weights [c_in, columns]. The
// accumulators stay in registers over c_in and whatever loops are around it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_TILE_H
#define EQC_LOWERING_CPU_TILE_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// The rows that a tile reads: where the first one is in `tensor`, all indices
/// but that of the column. The rows of a tile follow each other along the last
/// index, `step` apart if that is not null, and along samples before.
struct TileView {
  mlir::Value tensor;
  llvm::SmallVector<mlir::Value, 2> position;
  mlir::Value step;
};
/// The weights of a term that a tile reads: those of column tile `tile`.
struct TileWeights {
  mlir::Value term, tile;
};

/// A tile of columns: its number, the first of them, and how many vectors hold,
/// `valid` of which there are.
struct ColumnTile {
  mlir::Value index, column;
  int64_t width = 0, valid = 0;
  bool dots = false; ///< whether they are products along c_in
};

/// Calls body(tile) for all tiles of `columns` columns, inside loops that
/// carry values; `padded` where whole vectors are there in all that is read
/// and written.
void forColumnTiles(KernelBuilder &kernel,
                    llvm::ArrayRef<mlir::Value *> carried,
                    const ColumnTiling &tiling, int64_t columns, bool padded,
                    llvm::function_ref<void(const ColumnTile &)> body);

/// The sums of a tile of rows, [rows.., columns], while products are added to
/// them: one vector that loops carry, or for dots a vector along c_in for each
/// row and column.
class TileSums {
public:
  TileSums(KernelBuilder &kernel, const ColumnTile &column)
      : kernel(kernel), column(column) {}

  /// What loops carry at first, given what the tile starts as.
  Values begin(mlir::Value start);
  /// sums + view * weights over `depth` channels, in blocks; see Sums.h.
  Values add(Values sums, int64_t depth, const TileView &view,
             const TileWeights &weights);
  /// The same, with `between` after every `group` channels but the last, which
  /// are at most a block.
  Values addInGroups(Values sums, int64_t depth, int64_t group,
                     const TileView &view, const TileWeights &weights,
                     llvm::function_ref<void()> between);
  /// The tile.
  mlir::Value end(const Values &sums);

private:
  KernelBuilder &kernel;
  const ColumnTile &column;
  mlir::Value start;
};

/// acc + view * weights over `depth` channels, in blocks; see Sums.h.
mlir::Value emitTileProduct(KernelBuilder &kernel, mlir::Value acc,
                            int64_t depth, const TileView &view,
                            const TileWeights &weights);

/// Where element `c` along c_in of dot `dot` stands in a tile of `packed`: its
/// row and column.
std::pair<mlir::Value, mlir::Value> placeOfDot(KernelBuilder &kernel,
                                               mlir::Value packed, int64_t dot,
                                               mlir::Value c);

/// Calls body(index in the tile, position) for all rows of a tile, the first of
/// which is at `position`. They follow each other along the last index, `step`
/// apart if that is not null, and along samples before.
void forTileRows(KernelBuilder &kernel, llvm::ArrayRef<int64_t> rows,
                 llvm::ArrayRef<mlir::Value> position, mlir::Value step,
                 llvm::function_ref<void(llvm::ArrayRef<int64_t>,
                                         llvm::ArrayRef<mlir::Value>)>
                     body);

/// Writes the rows of a tile of rank 2 to an array: the first at `position`,
/// the others behind it. Of its columns, those from `column` on, `valid` exist.
void writeTile(KernelBuilder &kernel, mlir::Value tile, KernelArray &array,
               llvm::ArrayRef<mlir::Value> position, mlir::Value column,
               int64_t valid);

/// acc [rows.., width] + view [rows.., depth] * weights [depth, width]: a
/// vector and two tensors of static shape.
mlir::Value emitContraction(KernelBuilder &kernel, mlir::Value acc,
                            mlir::Value view, mlir::Value weights);

} // namespace eqc

#endif // EQC_LOWERING_CPU_TILE_H
