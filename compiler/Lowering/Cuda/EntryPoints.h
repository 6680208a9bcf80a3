//===- EntryPoints.h - The C functions of GPU layers -----*- C++ -*-===//

#ifndef EQC_LOWERING_CUDA_ENTRYPOINTS_H
#define EQC_LOWERING_CUDA_ENTRYPOINTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

#include <map>
#include <string>

namespace eqc::cuda {

/// The code of a layer for a chip.
struct Image {
  std::string ptx;   ///< empty: none
  std::string cubin; ///< empty: none
};
/// By the names of modules of kernels, LAYER.kernels.CHIP.
using Images = std::map<std::string, Image>;

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
mlir::LogicalResult addEntryPoints(mlir::ModuleOp module, const Images &images);

} // namespace eqc::cuda

#endif // EQC_LOWERING_CUDA_ENTRYPOINTS_H
