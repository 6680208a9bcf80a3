//===- EmitShared.cpp - The shared plan as a kernel -----------------------===//

#include "compiler/Lowering/Cpu/EmitShared.h"
#include "compiler/Lowering/Cpu/EmitBias.h"
#include "compiler/Lowering/Cpu/EmitGather.h"
#include "compiler/Lowering/Cpu/EmitMix.h"
#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/EmitStrands.h"
#include "compiler/Lowering/Cpu/EmitUnpool.h"
#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Sweep.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

/// Every stage is a phase; one that an earlier stage has done already is empty.
static void emitSharedStages(KernelBuilder &kernel, PlanArrays &arrays,
                             const StrandPlan &strands,
                             const SharedSchedule &schedule,
                             PooledValues &pooled) {
  const SharedPlan &plan = strands.shared;
  int64_t firstTerm = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const SharedStage &stage = plan.stages[i];
    const StageSchedule &how = schedule.stages[i];
    if (const auto *read = std::get_if<ReadStage>(&stage)) {
      kernel.forPhase(arrays[PlanArray::Stored],
                      [&] { emitRead(kernel, arrays, plan, *read, how.read); });
    } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
      const std::optional<StrandStage> &strandStage = strands.strands[i];
      kernel.forPhase(arrays[mix->target], [&] {
        if (how.form == StageForm::Gather)
          emitGather(kernel, arrays,
                     GatherNest(plan, *mix, schedule.writesOfMix(plan, i)));
        else if (how.form == StageForm::Strands)
          emitStrands(kernel, arrays,
                      StrandNest(*strandStage, firstTerm,
                                 schedule.writesOfMix(plan, i)),
                      how.strands);
        else
          emitMix(kernel, arrays, MixNest(*mix, firstTerm), how.mix);
      });
      firstTerm += strandStage
                       ? static_cast<int64_t>(strandStage->packed.size())
                       : mix->terms();
    } else {
      const auto &write = std::get<WriteStage>(stage);
      kernel.forPhase(arrays[write.target], [&] {
        if (plan.unpools)
          emitUnpool(kernel, arrays, write, pooled);
        else if (how.form == StageForm::Write)
          emitWrite(kernel, arrays, write);
      });
    }
  }
}

EmittedKernel eqc::emitSharedForward(OpBuilder &builder, Location loc,
                                     StringRef name, const LayerSpec &spec,
                                     const StrandPlan &strands,
                                     const SharedSchedule &schedule,
                                     const Machine &machine) {
  const SharedPlan &plan = strands.shared;
  ForwardKernel forward(builder, loc, name, spec, machine,
                        strands.packed.size());
  KernelBuilder &kernel = forward.kernel;
  if (!plan.stored.empty())
    forward.arrays[PlanArray::Stored] =
        forward.inputRows(Sweep::rowsOfStored(kernel, plan));
  if (!plan.nodes.empty())
    forward.arrays[PlanArray::Nodes] = forward.outputRows(plan.nodeRows);
  if (!strands.bias.rows.empty())
    emitBiasRows(forward, schedule.bias,
                 static_cast<int64_t>(strands.bias.rows.size()));
  PooledValues pooled;
  if (plan.unpools)
    pooled = emitPooledValues(forward, plan);
  emitSharedStages(kernel, forward.arrays, strands, schedule, pooled);
  func::FuncOp function = forward.close();
  KernelRecord record = kernel.record();
  for (const SharedStage &stage : plan.stages)
    if (const auto *mix = std::get_if<MixStage>(&stage))
      record.multiplyAdds += mix->multiplyAdds();
  record.scratchElements =
      plan.storedRows * Poly(spec.cIn) + plan.nodeRows * Poly(spec.cOut);
  if (plan.unpools)
    record.scratchElements +=
        (plan.rowsOf(PlanArray::Output) + plan.nodeRows) * Poly(spec.cOut);
  return {function, record};
}
