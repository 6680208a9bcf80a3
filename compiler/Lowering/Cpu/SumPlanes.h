//===- SumPlanes.h - Sums of gradients over all calls -----------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SUMPLANES_H
#define EQC_LOWERING_CPU_SUMPLANES_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// So many sums of chunks are added before their sum is: see SumPlanes.
constexpr int64_t kChunksOfBlock = 16;

/// The matrix of sums as an array: that of the current block of chunks, and
/// below it what all blocks before come to, as a LongSum.
class SumPlanes {
public:
  /// `rows` are those of one plane. Of several such matrices in one array it is
  /// the one at `place`.
  SumPlanes(KernelBuilder &kernel, KernelArray &sums, int64_t rows,
            mlir::Value place = {})
      : sums(sums), kernel(kernel), rows(rows), place(place) {}

  /// Columns of a row, from `column` on, += value.
  void add(mlir::Value row, mlir::Value column, mlir::Value value);
  /// The same for one element.
  void addElement(mlir::Value row, mlir::Value column, mlir::Value value);
  /// All rows become zero.
  void clear();
  /// Adds what blocks of other sums have come to in their row `from`, in
  /// `columns` columns of a row.
  void addBlocksOf(const SumPlanes &other, mlir::Value row, mlir::Value from,
                   int64_t columns);
  /// The blocks of rows row .. row+count-1 end, in `columns` columns from
  /// `first` on.
  void endBlocks(mlir::Value row, int64_t count, int64_t first,
                 int64_t columns);
  /// Runs `body` where samples `first` .. `end`-1 of the block of samples are
  /// the last before a multiple of `period` samples of the batch.
  void atPeriod(mlir::Value first, mlir::Value end, mlir::Value period,
                llvm::function_ref<void()> body);

  KernelArray &sums;

private:
  mlir::Value read(mlir::Value row, mlir::Value column, int64_t width) const;
  llvm::SmallVector<mlir::Value> at(mlir::Value row) const;
  void write(mlir::Value row, mlir::Value column, mlir::Value value);

  KernelBuilder &kernel;
  int64_t rows;
  mlir::Value place;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_SUMPLANES_H
