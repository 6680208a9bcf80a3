//===- AddCudaEntryPoints.h - The C functions of GPU layers -----*- C++ -*-===//

#ifndef EQC_TRANSFORMS_ADDCUDAENTRYPOINTS_H
#define EQC_TRANSFORMS_ADDCUDAENTRYPOINTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

#include <map>
#include <string>

namespace eqc {

/// The code of a layer for a chip.
struct CudaImage {
  std::string ptx;   ///< empty: none
  std::string cubin; ///< empty: none
};
/// By the names of modules of kernels, LAYER.kernels.CHIP.
using CudaImages = std::map<std::string, CudaImage>;

/// For every `#eqc.interface` of the module adds the functions that the header
/// declares and the record (`eqc_cuda_kernel`) through which the runtime
/// launches kernels. What has become part of it, the modules of kernels and the
/// programs, is erased.
///
/// A program is a function without a body that stands for a kernel's role. Its
/// `cuda_forms`, and `cuda_packed_forms` for packed weights, are dictionaries:
///
///   launches = [{kernel = "..", grid = array<i64: words>,
///                params = [array<i64: kind, array, words>, ..]}, ..],
///   workspace = array<i64: words>, condition = array<i64: words>
///
/// with formulas as <eqc/cuda_kernel.h> has them.
mlir::LogicalResult addCudaEntryPoints(mlir::ModuleOp module,
                                       const CudaImages &images);

} // namespace eqc

#endif // EQC_TRANSFORMS_ADDCUDAENTRYPOINTS_H
