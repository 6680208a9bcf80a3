//===- RowBuilder.h - Rows of channels as vectors ---------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_ROWBUILDER_H
#define EQC_LOWERING_CPU_ROWBUILDER_H

#include "compiler/Lowering/Cpu/LoopBuilder.h"
#include "compiler/Machine/Machine.h"

#include "mlir/IR/BuiltinTypes.h"

namespace eqc {

class RowBuilder : public LoopBuilder {
public:
  RowBuilder(mlir::OpBuilder &builder, mlir::Location loc,
             const LayerSpec &spec, const Machine &machine);

  /// Constants of the element type, [values].
  mlir::Value constants(llvm::ArrayRef<double> values);
  /// A vector of `width` times the element at `index` of constants().
  mlir::Value broadcastOf(mlir::Value constants, mlir::Value index,
                          int64_t width);
  /// `channels` rounded up to whole vectors.
  int64_t wholeVectors(int64_t channels) const {
    return (channels + lanes - 1) / lanes * lanes;
  }

  mlir::VectorType vectorType(int64_t size) const;
  mlir::Value zeroVector(mlir::Type type);
  /// Columns column .. column+width-1 of the row at `position` (its indices but
  /// the last); those from `valid` on are zero.
  mlir::Value readRow(mlir::Value tensor, mlir::ValueRange position,
                      mlir::Value column, int64_t width, int64_t valid);
  /// Writes the first `valid` columns and returns the new tensor.
  mlir::Value writeRow(mlir::Value vector, mlir::Value tensor,
                       mlir::ValueRange position, mlir::Value column,
                       int64_t valid);

  /// Calls `body(column, width, valid)` for chunks of whole vectors that cover
  /// the array's channels, at most `maxVectors` vectors wide, inside loops that
  /// thread `array`.
  void
  forColumnChunks(KernelArray &array, int64_t channels, int64_t maxVectors,
                  llvm::function_ref<void(mlir::Value, int64_t, int64_t)> body);

  const Machine machine;
  const mlir::Type element;
  const int64_t lanes; ///< elements of a vector
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_ROWBUILDER_H
