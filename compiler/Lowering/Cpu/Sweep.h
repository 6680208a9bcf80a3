//===- Sweep.h - All sums over one axis of x in one pass --------*- C++ -*-===//
//
// See Sweep.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SWEEP_H
#define EQC_LOWERING_CPU_SWEEP_H

#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Nests/SweepNest.h"

namespace eqc {

class Sweep {
public:
  /// Scratch of its own is behind the `storedRows` rows of stored patterns.
  Sweep(KernelBuilder &kernel, PlanArrays &arrays, const SweepNest &nest,
        const Poly &storedRows);

  /// The rows of a sample that the array of stored patterns needs: behind them,
  /// sums that run across lines keep those of blocks.
  static Poly rowsOfStored(const KernelBuilder &kernel, const SharedPlan &plan);

  /// The sums of every sample of the block.
  void emit();

  // The same in pieces, as x arrives. n is fixed; channels take the place of
  // samples.
  void begin();
  /// Adds what has index first .. first+count-1 along the first axis of x.
  void add(mlir::Value first, int64_t count);
  void end();

private:
  struct Sum : SweepNest::Sum {
    /// Where the blocks before the one at `target` are summed, as a LongSum, in
    /// rows of the same strides.
    Poly total, rest;
    MeanFactors factors; ///< of a mean
  };
  struct Place {
    mlir::Value sample, column;
    int64_t width, valid;
  };

  static bool mayNeedBlocks(const KernelBuilder &kernel, const SweepNest &nest);
  /// Made once for each number of values.
  MeanFactors factorsOf(const Poly &values);
  void forChannels(llvm::function_ref<void(const Place &)> body);
  void forLines(mlir::Value first, int64_t count,
                llvm::function_ref<void(mlir::Value, int64_t)> body);
  llvm::SmallVector<mlir::Value> extents(int first, int end) const;
  mlir::Value rowOf(const Poly &offset, const std::vector<Poly> &strides,
                    llvm::ArrayRef<mlir::Value> index) const;
  mlir::Value read(const Sum &sum, llvm::ArrayRef<mlir::Value> index,
                   const Place &at) const {
    return readAt(sum.target, sum, index, at);
  }
  void write(mlir::Value value, const Sum &sum,
             llvm::ArrayRef<mlir::Value> index, const Place &at) {
    writeAt(sum.target, value, sum, index, at);
  }
  mlir::Value readAt(const Poly &offset, const Sum &sum,
                     llvm::ArrayRef<mlir::Value> index, const Place &at) const;
  void writeAt(const Poly &offset, mlir::Value value, const Sum &sum,
               llvm::ArrayRef<mlir::Value> index, const Place &at);
  mlir::Value scaled(const Sum &sum, mlir::Value value) const;
  mlir::Value add(const Sum &sum, mlir::Value value, mlir::Value element) const;
  mlir::Value readElement(llvm::ArrayRef<mlir::Value> index,
                          const Place &at) const;

  /// Calls body(index) for every row of `sum`; its own axis is at 0.
  void forRows(const Sum &sum,
               llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);
  void clear(const Place &at);
  /// Runs `body` if sums have more than one block.
  void ifBlocks(llvm::function_ref<void()> body);
  /// What the blocks of a sum come to, the current one included.
  LongSum withBlock(const Sum &sum, llvm::ArrayRef<mlir::Value> index,
                    const Place &at);
  /// Ends the block of every sum for which lines `line` .. line+together-1 at
  /// `prefix` begin the next one.
  void endBlocks(llvm::ArrayRef<mlir::Value> prefix, mlir::Value line,
                 int64_t together, const Place &at);
  /// Adds lines `line` .. line+together-1 at `prefix`.
  void addLines(llvm::ArrayRef<mlir::Value> prefix, mlir::Value line,
                int64_t together, const Place &at);
  void addToOuter(
      const Sum &sum, llvm::ArrayRef<mlir::Value> elements,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(int64_t, mlir::Value)>
          indexOf,
      mlir::Value last, const Place &at);
  void finish(const Place &at);

  KernelBuilder &kernel;
  int order;
  std::vector<Poly> axisExtents, rowStrides; ///< of x
  KernelArray &source, &target;
  bool blocks; ///< whether sums have, or may have, more than one block
  std::vector<std::pair<Poly, MeanFactors>> means; ///< of so many values
  std::vector<Sum> inner, outer; ///< over the last axis, over the others
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_SWEEP_H
