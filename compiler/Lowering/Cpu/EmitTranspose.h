//===- EmitTranspose.h - Between the layouts --------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITTRANSPOSE_H
#define EQC_LOWERING_CPU_EMITTRANSPOSE_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// Copies the block's samples of `planes` [batch, channels, rows] to the
/// scratch array `rows`, and back; the latter returns the planes after the
/// copy.
void emitChannelsLast(KernelBuilder &kernel, mlir::Value planes,
                      KernelArray &rows);
mlir::Value emitChannelsFirst(KernelBuilder &kernel, const KernelArray &rows,
                              mlir::Value planes);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITTRANSPOSE_H
