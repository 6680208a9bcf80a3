//===- EmitShared.cpp - The shared plan as a kernel -----------------------===//

#include "compiler/Lowering/Cpu/EmitGather.h"
#include "compiler/Lowering/Cpu/EmitKernels.h"
#include "compiler/Lowering/Cpu/EmitMix.h"
#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/EmitStrands.h"
#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Sweep.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

/// The mix with the most multiply-adds, or null where that is one in Fourier
/// space.
static const MixStage *longestMix(const StrandPlan &strands, int64_t n) {
  const MixStage *longest = nullptr;
  int64_t most = 0;
  for (auto [stage, strand] :
       llvm::zip_equal(strands.shared.stages, strands.strands)) {
    const auto *mix = std::get_if<MixStage>(&stage);
    if (!mix || mix->multiplyAdds().at(n) <= most)
      continue;
    most = mix->multiplyAdds().at(n);
    longest = strand ? nullptr : mix;
  }
  return longest;
}

/// Every stage is a phase; one that an earlier stage has done already is empty.
static void emitSharedStages(KernelBuilder &kernel, PlanArrays &arrays,
                             const StrandPlan &strands) {
  const SharedPlan &plan = strands.shared;
  int64_t firstTerm = 0;
  bool gathered = false;
  const LayerSpec &spec = kernel.spec;
  const MixStage *longest =
      spec.dynamicN() ? nullptr : longestMix(strands, spec.n);
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const SharedStage &stage = plan.stages[i];
    if (const auto *read = std::get_if<ReadStage>(&stage)) {
      kernel.forPhase(arrays[PlanArray::Stored],
                      [&] { emitRead(kernel, arrays, plan, *read); });
    } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
      const WriteStage *write =
          i + 1 < plan.stages.size()
              ? std::get_if<WriteStage>(&plan.stages[i + 1])
              : nullptr;
      const std::optional<StrandStage> &strandStage = strands.strands[i];
      gathered = isGather(plan, *mix, write);
      kernel.forPhase(arrays[mix->target], [&] {
        if (gathered)
          emitGather(kernel, arrays, plan, *mix, write);
        else if (strandStage)
          emitStrands(kernel, arrays, *strandStage, firstTerm);
        else
          emitMix(kernel, arrays, *mix, firstTerm,
                  {/*input=*/mix == longest, /*output=*/false});
      });
      if (strandStage) {
        firstTerm += static_cast<int64_t>(strandStage->packed.size());
        continue;
      }
      firstTerm += mix->terms();
    } else {
      const auto &write = std::get<WriteStage>(stage);
      kernel.forPhase(arrays[write.target], [&] {
        if (!gathered)
          emitWrite(kernel, arrays, write);
      });
    }
  }
}

EmittedKernel eqc::emitSharedForward(OpBuilder &builder, Location loc,
                                     StringRef name, const LayerSpec &spec,
                                     const StrandPlan &strands,
                                     const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const SharedPlan &plan = strands.shared;
  const ColumnTiling tiling = columnTiling(spec, machine);
  const auto terms = static_cast<int64_t>(strands.packed.size());
  func::FuncOp function = makeForwardFunction(
      kernel, name, {terms, tiling.tiles, spec.cIn, tiling.width});
  PlanArrays arrays = openForwardArrays(kernel, function, tiling.columns());
  if (!plan.stored.empty())
    arrays[PlanArray::Stored] =
        kernel.scratch(Sweep::rowsOfStored(kernel, plan), spec.cIn,
                       kernel.wholeVectors(spec.cIn));
  if (!plan.nodes.empty())
    arrays[PlanArray::Nodes] =
        kernel.scratch(plan.nodeRows, spec.cOut, tiling.columns());
  emitSharedStages(kernel, arrays, strands);
  closeForwardArrays(kernel, arrays, function);
  KernelRecord record = kernel.record();
  for (const SharedStage &stage : plan.stages)
    if (const auto *mix = std::get_if<MixStage>(&stage))
      record.multiplyAdds += mix->multiplyAdds();
  record.scratchElements =
      plan.storedRows * Poly(spec.cIn) + plan.nodeRows * Poly(spec.cOut);
  return {function, record};
}
