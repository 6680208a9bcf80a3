//===- Sweep.h - All sums over one axis of x in one pass --------*- C++ -*-===//
//
// See EmitSweep.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_SWEEP_H
#define EQC_CONVERSION_SWEEP_H

#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

namespace eqc {

class Sweep {
public:
  /// Whether a stage takes nothing but sums over single axes of x.
  static bool serves(const SharedPlan &plan, const ReadStage &stage);

  Sweep(KernelBuilder &kernel, const SharedPlan &plan, const ReadStage &stage);

  /// The sums of every sample of the block.
  void emit();

  // The same in pieces, as x arrives. n is fixed; channels take the place of
  // samples.
  void begin();
  /// Adds what has index first .. first+count-1 along the first axis of x.
  void add(mlir::Value first, int64_t count);
  void end();

  /// So many lines, along the last axis but one, are added at once.
  static constexpr int64_t kLinesTogether = 4;

private:
  /// The sum over one axis.
  struct Sum {
    int axis = 0;
    Poly target;               ///< row offset in Stored
    std::vector<Poly> strides; ///< in Stored, of every axis of x
    bool scaled = false;
  };
  struct Place {
    mlir::Value sample, column;
    int64_t width, valid;
  };

  void forChannels(llvm::function_ref<void(const Place &)> body);
  void forLines(mlir::Value first, int64_t count,
                llvm::function_ref<void(mlir::Value, int64_t)> body);
  llvm::SmallVector<mlir::Value> extents(int count) const;
  mlir::Value rowOf(const Poly &offset, const std::vector<Poly> &strides,
                    llvm::ArrayRef<mlir::Value> index) const;
  mlir::Value read(const Sum &sum, llvm::ArrayRef<mlir::Value> index,
                   const Place &at) const;
  void write(mlir::Value value, const Sum &sum,
             llvm::ArrayRef<mlir::Value> index, const Place &at);
  mlir::Value scaled(mlir::Value value) const;
  mlir::Value add(mlir::Value a, mlir::Value b) const;
  mlir::Value readElement(llvm::ArrayRef<mlir::Value> index,
                          const Place &at) const;

  /// Calls body(index) for every row of `sum`; its own axis is at 0.
  void forRows(const Sum &sum,
               llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);
  void clear(const Place &at);
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
  KernelArray &source, &target;
  std::vector<Sum> inner, outer; ///< over the last axis, over the others
};

} // namespace eqc

#endif // EQC_CONVERSION_SWEEP_H
