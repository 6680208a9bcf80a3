//===- MixColumns.h - The columns of a thread of a mix ----------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_MIXCOLUMNS_H
#define EQC_LOWERING_GPU_MIXCOLUMNS_H

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/MixTile.h"

#include <utility>

namespace eqc::device {

/// Vectors of columns: those of a tile are `tile.count` vectors apart, so that
/// neighbouring threads have neighbouring ones.
class MixColumns {
public:
  MixColumns(DeviceKernel &kernel, const WeightColumns &weights,
             const MixTile &tile)
      : kernel(kernel), weights(weights), tile(tile) {}

  /// Of tile `number`. Columns past the last are the last ones again.
  void find(mlir::Value number);

  /// A vector of columns in a row of the target's, or of what is added to it.
  mlir::Value load(size_t array, mlir::Value row, int64_t vector);
  void store(size_t array, mlir::Value row, int64_t vector, mlir::Value sums);
  /// The same in a row of weights.
  mlir::Value loadWeights(size_t array, mlir::Value row, int64_t vector);

private:
  std::pair<mlir::Value, mlir::Value> dealt(int64_t vector, int64_t i);
  void storeDealt(size_t array, mlir::Value row, int64_t vector,
                  mlir::Value sums);

  DeviceKernel &kernel;
  const WeightColumns weights;
  const MixTile &tile;
  /// Vectors, where they begin in rows of weights, and whether they are the
  /// tile's own; null: always.
  llvm::SmallVector<mlir::Value> vectors, begins, exist;
};

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_MIXCOLUMNS_H
