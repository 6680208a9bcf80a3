//===- KernelArray.h - The arrays of a kernel -------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_KERNELARRAY_H
#define EQC_LOWERING_CPU_KERNELARRAY_H

#include "compiler/Plan/Shared/SharedPlan.h"

#include "mlir/IR/Value.h"

#include <map>

namespace eqc {

/// A plan array inside a kernel: a tensor of rows x columns. The value changes
/// as loops thread it.
struct KernelArray {
  mlir::Value tensor;
  Poly rows;               ///< per sample
  int64_t channels = 0;    ///< columns that mean something
  int64_t columns = 0;     ///< columns there are; whole vectors if scratch
  bool wholeBatch = false; ///< holds all samples (an argument), not one block's
  bool oneSample = false;  ///< holds one sample, which is that of all
  bool rowsFirst = false;  ///< rows x samples x columns

  /// Where row `row` of a sample is.
  llvm::SmallVector<mlir::Value, 2> position(mlir::Value sample,
                                             mlir::Value row) const {
    if (rowsFirst)
      return {row, sample};
    return {sample, row};
  }
  /// How many of `width` columns that begin a vector are there, if `valid` mean
  /// something: scratch rows are whole vectors, rows of arguments end within
  /// one.
  int64_t present(int64_t width, int64_t valid) const {
    return wholeBatch ? valid : width;
  }
};

/// The arrays that the stages of a plan read and write.
class PlanArrays {
public:
  KernelArray &operator[](PlanArray which) { return arrays[which]; }

private:
  std::map<PlanArray, KernelArray> arrays;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_KERNELARRAY_H
