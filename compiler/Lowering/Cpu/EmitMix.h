//===- EmitMix.h - Channel mixes as register tiles --------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITMIX_H
#define EQC_LOWERING_CPU_EMITMIX_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// What a mix fetches beside its arithmetic, if it takes long enough to hide
/// that: x for the next block, y for a later stage.
struct MixPrefetches {
  bool input = false, output = false;
};
/// All targets of a stage; its first term is packed as term `firstPackedTerm`.
void emitMix(KernelBuilder &kernel, PlanArrays &arrays, const MixStage &stage,
             int64_t firstPackedTerm, MixPrefetches prefetches = {});

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITMIX_H
