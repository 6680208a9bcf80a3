//===- EmitShared.h - The shared plan as a kernel ---------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITSHARED_H
#define EQC_LOWERING_CPU_EMITSHARED_H

#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Strands/StrandPlan.h"

namespace eqc {

/// (n, first, count, phase, part: index, x, packed, bias, y): samples first ..
/// first+count-1 of x and y, which are as in the layer's layout. A phase is one
/// stage of the plan, a negative one all of them; a part is one of the shares
/// of it that the record names.
EmittedKernel emitSharedForward(mlir::OpBuilder &builder, mlir::Location loc,
                                llvm::StringRef name, const LayerSpec &spec,
                                const StrandPlan &plan,
                                const SharedSchedule &schedule,
                                const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITSHARED_H
