//===- Stages.h - From kernels of CPUs to the LLVM dialect ------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_PASSES_STAGES_H
#define EQC_LOWERING_CPU_PASSES_STAGES_H

#include "compiler/Lowering/KernelTarget.h"

namespace eqc {

// What KernelTarget asks for.
llvm::ArrayRef<LoweringStage> cpuStages();
void registerCpuPasses();

} // namespace eqc

#endif // EQC_LOWERING_CPU_PASSES_STAGES_H
