//===- EmitKernels.h - All kernels for a CPU --------------------*- C++ -*-===//
//
// What the pass that makes kernels calls: a function for each plan and purpose.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_EMITKERNELS_H
#define EQC_LOWERING_CPU_EMITKERNELS_H

#include "compiler/Lowering/Cpu/EmitDense.h"
#include "compiler/Lowering/Cpu/EmitFactored.h"
#include "compiler/Lowering/Cpu/EmitGradient.h"
#include "compiler/Lowering/Cpu/EmitIsotypic.h"
#include "compiler/Lowering/Cpu/EmitLanes.h"
#include "compiler/Lowering/Cpu/EmitPack.h"
#include "compiler/Lowering/Cpu/EmitShared.h"

#endif // EQC_LOWERING_CPU_EMITKERNELS_H
