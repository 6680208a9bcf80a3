//===- EmitKernels.cpp - The functions of a layer on tensors --------------===//

#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelFunction.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

func::FuncOp eqc::emitWeightPack(OpBuilder &builder, Location loc,
                                 StringRef name, const LayerSpec &spec,
                                 ArrayRef<int> diagrams,
                                 const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  const int64_t terms = static_cast<int64_t>(diagrams.size());
  auto weightType =
      MemRefType::get({ShapedType::kDynamic, spec.cOut}, kernel.element);
  auto packedType = MemRefType::get(
      {terms * tiling.tiles * spec.cIn, tiling.width}, kernel.element);
  func::FuncOp function =
      makeKernelFunction(kernel, name, {weightType, packedType});
  Value weight = argumentTensor(kernel, function.getArgument(0), false);
  KernelArray packed;
  packed.tensor = argumentTensor(kernel, function.getArgument(1), true);

  KernelTable order(1);
  for (int diagram : diagrams)
    order.addRow({Poly(static_cast<int64_t>(diagram) * spec.cIn)});
  order.materialize(kernel);
  kernel.forRange(packed, kernel.index(terms), [&](Value term) {
    Value source = order.get(kernel, term, 0);
    auto columns = [&](Value tile, int64_t valid) {
      kernel.forRange(packed, kernel.index(spec.cIn), [&](Value c) {
        Value vector = kernel.readRow(
            weight, {kernel.add(source, c)},
            kernel.mul(tile, kernel.index(tiling.width)), tiling.width, valid);
        Value row = kernel.add(
            kernel.mul(
                kernel.add(kernel.mul(term, kernel.index(tiling.tiles)), tile),
                kernel.index(spec.cIn)),
            c);
        packed.tensor = kernel.writeRow(vector, packed.tensor, {row},
                                        kernel.index(0), tiling.width);
      });
    };
    const int64_t whole = spec.cOut / tiling.width;
    kernel.forRange(packed, kernel.index(whole),
                    [&](Value tile) { columns(tile, tiling.width); });
    if (whole < tiling.tiles)
      columns(kernel.index(whole), spec.cOut - whole * tiling.width);
  });
  finishKernel(kernel, packed.tensor, function.getArgument(1));
  return function;
}

/// Every stage is a phase; one that an earlier stage has done already is empty.
static void emitSharedStages(KernelBuilder &kernel, const SharedPlan &plan) {
  int64_t firstTerm = 0;
  bool gathered = false;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const SharedStage &stage = plan.stages[i];
    if (const auto *read = std::get_if<ReadStage>(&stage)) {
      kernel.forPhase(kernel.array(PlanArray::Stored),
                      [&] { emitRead(kernel, plan, *read); });
    } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
      const WriteStage *write =
          i + 1 < plan.stages.size()
              ? std::get_if<WriteStage>(&plan.stages[i + 1])
              : nullptr;
      gathered = isGather(plan, *mix, write);
      kernel.forPhase(kernel.array(mix->target), [&] {
        if (gathered)
          emitGather(kernel, plan, *mix, write);
        else
          emitMix(kernel, *mix, firstTerm);
      });
      for (const MixTarget &target : mix->targets)
        firstTerm += static_cast<int64_t>(target.fromInput.size() +
                                          target.fromStored.size());
    } else {
      const auto &write = std::get<WriteStage>(stage);
      kernel.forPhase(kernel.array(write.target), [&] {
        if (!gathered)
          emitWrite(kernel, write);
      });
    }
  }
}

func::FuncOp eqc::emitSharedForward(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const SharedPlan &plan,
                                    const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  const int64_t terms = static_cast<int64_t>(plan.packedOrder.size());
  func::FuncOp function = makeForwardFunction(
      kernel, name, {terms, tiling.tiles, spec.cIn, tiling.width});
  openForwardArrays(kernel, function, tiling.columns());
  if (!plan.stored.empty())
    kernel.array(PlanArray::Stored) = kernel.scratch(
        plan.storedRows, spec.cIn, kernel.wholeVectors(spec.cIn));
  if (!plan.nodes.empty())
    kernel.array(PlanArray::Nodes) =
        kernel.scratch(plan.nodeRows, spec.cOut, tiling.columns());
  emitSharedStages(kernel, plan);
  closeForwardArrays(kernel, function);
  return function;
}

int64_t eqc::numParts(const LayerSpec &spec) {
  constexpr int64_t most = 16;
  return spec.dynamicN() ? most : std::min(most, spec.n);
}
