//===- WeightedSums.h - Sums of elements times constants --------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_WEIGHTEDSUMS_H
#define EQC_LOWERING_GPU_WEIGHTEDSUMS_H

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Plan/Isotypic/IsotypicBasis.h"

#include <vector>

namespace eqc::device {

/// Sums with known factors, as a change of basis or packing takes them of one
/// array: each thread computes `width` neighbours of one sum.
class WeightedSums {
public:
  /// Appends a sum, of what stands where and with which factor.
  void add(const SparseVector &terms);
  int64_t size() const { return ranges.size(); }

  /// The sum `which` over array 0 of the kernel; at(source) is the place of a
  /// term's first element.
  mlir::Value emit(DeviceKernel &kernel, mlir::Value which, int64_t width,
                   llvm::function_ref<mlir::Value(mlir::Value)> at) const;

private:
  Table ranges{2}, sources{1};
  std::vector<double> factors;
  int64_t most = 1; ///< terms of a sum
};

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_WEIGHTEDSUMS_H
