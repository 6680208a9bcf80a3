//===- EmitDense.h - A layer as one matrix ----------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITDENSE_H
#define EQC_LOWERING_CPU_EMITDENSE_H

#include "compiler/Lowering/Cpu/Schedules/DenseSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Dense/DensePlan.h"

namespace eqc {

/// (weight: [diagrams * c_in, c_out], packed: [tiles * rows, width]): assembles
/// the matrix of the layer.
EmittedKernel emitDensePack(mlir::OpBuilder &builder, mlir::Location loc,
                            llvm::StringRef name, const LayerSpec &spec,
                            const DensePlan &plan,
                            const DenseSchedule &schedule,
                            const Machine &machine);

/// The same as for the shared plan; packed is [1, tiles, rows, width].
EmittedKernel emitDenseForward(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const DensePlan &plan,
                               const DenseSchedule &schedule,
                               const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITDENSE_H
