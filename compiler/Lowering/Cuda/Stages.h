//===- Stages.h - From kernels of GPUs to the LLVM dialect ------*- C++ -*-===//

#ifndef EQC_LOWERING_CUDA_STAGES_H
#define EQC_LOWERING_CUDA_STAGES_H

#include "compiler/Lowering/KernelTarget.h"

namespace eqc {

llvm::ArrayRef<LoweringStage> cudaStages();

} // namespace eqc

#endif // EQC_LOWERING_CUDA_STAGES_H
