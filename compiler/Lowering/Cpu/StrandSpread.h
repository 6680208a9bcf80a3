//===- StrandSpread.h - Rows of strands in Fourier space --------*- C++ -*-===//
//
// spread[source, slot, row] = sum over permutations of matrix * view
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_STRANDSPREAD_H
#define EQC_LOWERING_CPU_STRANDSPREAD_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/MixTables.h"
#include "compiler/Lowering/Nests/StrandNest.h"

namespace eqc {

class StrandSpread {
public:
  /// What is spread.
  struct Side {
    PlanArrays &arrays;
    const StrandViews &views;
    int64_t channels;
    int64_t columns;   ///< that they take in scratch, whole vectors
    unsigned argument; ///< of the function, that the views of Input are of
    /// Rows of equal letters count once, not for each order of them.
    bool eachOnce = false;
  };

  /// Makes scratch for `rows` rows in work at a time, for every part: parts run
  /// at the same time. All permutations of `vectors` vectors of a row are in
  /// registers at once.
  StrandSpread(KernelBuilder &kernel, const StrandTransform &transform,
               const Side &side, int64_t rows, int64_t vectors);

  KernelArray array; ///< its samples are slots

  int64_t numSources() const { return sources.size(); }
  /// The place in `array` of a slot of a source.
  mlir::Value slotOf(mlir::Value source, mlir::Value slot);

  /// Spreads the entries of a source whose letters are these, in any order.
  void spreadRow(mlir::Value sample, mlir::Value source, mlir::Value row,
                 llvm::ArrayRef<mlir::Value> letter);
  /// Fetches those of the sources in x, to where they are read from soon.
  void prefetch(mlir::Value sample, llvm::ArrayRef<mlir::Value> letter);
  /// Fetches what the next sample has in the place of `count` rows from `row`
  /// on, as far as two samples stay within `bytesOfTwo`: what is read first of
  /// it would wait for memory.
  void prefetchNext(mlir::Value sample, mlir::Value row, int64_t count,
                    int64_t bytesOfTwo);

private:
  struct Columns {
    mlir::Value first;
    int64_t width, valid;
  };

  mlir::Value sourceRow(mlir::Value source, llvm::ArrayRef<mlir::Value> letter,
                        const std::vector<int> &permutation);
  void spreadColumns(mlir::Value sample, mlir::Value source, mlir::Value row,
                     llvm::ArrayRef<mlir::Value> letter,
                     const Columns &columns);
  mlir::Value shareOfOrders(llvm::ArrayRef<mlir::Value> letter);

  KernelBuilder &kernel;
  const StrandTransform &transform;
  const Side side;
  const int64_t vectors;
  IndexTable sources; ///< as in StrandViews
  mlir::Value first;  ///< slot of this part
};

/// offset + sum over b of letter[permutation[b]] * stride b.
mlir::Value rowOfLetters(KernelBuilder &kernel, mlir::Value offset,
                         llvm::ArrayRef<mlir::Value> letter,
                         const std::vector<int> &permutation,
                         llvm::function_ref<mlir::Value(int)> strideOf);

/// sum over i of factor(i) * values[i].
mlir::Value combineVectors(KernelBuilder &kernel, const Values &values,
                           llvm::function_ref<double(size_t)> factor);

/// Scratch of a function, made from inside its phases: `slots` times `rows`
/// rows.
KernelArray scratchOfSlots(KernelBuilder &kernel, int64_t slots, int64_t rows,
                           int64_t channels, int64_t columns);

/// Fetches all lines of a row of an argument, [sample, row, channels].
void prefetchRow(KernelBuilder &kernel, unsigned argument, mlir::Value sample,
                 mlir::Value row, int64_t channels, bool isWrite, bool soon);

} // namespace eqc

#endif // EQC_LOWERING_CPU_STRANDSPREAD_H
