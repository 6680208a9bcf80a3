//===- EmitSegments.h - Steps of graph maps as loops ------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITSEGMENTS_H
#define EQC_LOWERING_CPU_EMITSEGMENTS_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Nests/SegmentNest.h"

namespace eqc {

/// With `shares`, parts of a sample work on groups of their own.
void emitSegments(KernelBuilder &kernel, const KernelArray &source,
                  KernelArray &target, const SegmentNest &nest,
                  bool shares = true);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITSEGMENTS_H
