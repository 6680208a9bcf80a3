//===- EmitPack.h - Weights as the kernels want them ------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITPACK_H
#define EQC_LOWERING_CPU_EMITPACK_H

#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/PackedTerm.h"

namespace eqc {

/// (weight: [diagrams * c_in, c_out], packed: [terms, tiles, c_in, width]):
/// term p of the packed weights is the sum `packed[p]` of weights.
EmittedKernel emitWeightPack(mlir::OpBuilder &builder, mlir::Location loc,
                             llvm::StringRef name, const LayerSpec &spec,
                             llvm::ArrayRef<PackedTerm> packed,
                             const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITPACK_H
