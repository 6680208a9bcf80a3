//===- EmitKernels.cpp - The functions of a layer on tensors --------------===//

#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

/// A function argument as a tensor; arguments never overlap (the runtime
/// checks).
static Value argumentTensor(KernelBuilder &kernel, Value argument,
                            bool writable) {
  auto type = cast<MemRefType>(argument.getType());
  return bufferization::ToTensorOp::create(
      kernel.b, kernel.loc,
      RankedTensorType::get(type.getShape(), type.getElementType()), argument,
      /*restrict=*/true, writable);
}

static void finish(KernelBuilder &kernel, Value result, Value destination) {
  bufferization::MaterializeInDestinationOp::create(
      kernel.b, kernel.loc, TypeRange(), result, destination,
      /*restrict=*/true, /*writable=*/true);
  func::ReturnOp::create(kernel.b, kernel.loc);
}

static func::FuncOp makeFunction(KernelBuilder &kernel, StringRef name,
                                 ArrayRef<Type> arguments) {
  auto function = func::FuncOp::create(kernel.b, kernel.loc, name,
                                       kernel.b.getFunctionType(arguments, {}));
  function.setPrivate();
  Block *entry = function.addEntryBlock();
  kernel.b.setInsertionPointToStart(entry);
  return function;
}

func::FuncOp eqc::emitSharedPack(OpBuilder &builder, Location loc,
                                 StringRef name, const LayerSpec &spec,
                                 const SharedPlan &plan,
                                 const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  const int64_t terms = static_cast<int64_t>(plan.packedOrder.size());
  auto weightType =
      MemRefType::get({ShapedType::kDynamic, spec.cOut}, kernel.element);
  auto packedType = MemRefType::get(
      {terms * tiling.tiles * spec.cIn, tiling.width}, kernel.element);
  func::FuncOp function = makeFunction(kernel, name, {weightType, packedType});
  Value weight = argumentTensor(kernel, function.getArgument(0), false);
  KernelArray packed;
  packed.tensor = argumentTensor(kernel, function.getArgument(1), true);

  KernelTable order(1);
  for (int diagram : plan.packedOrder)
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
  finish(kernel, packed.tensor, function.getArgument(1));
  return function;
}

func::FuncOp eqc::emitSharedForward(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const SharedPlan &plan,
                                    const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  const int64_t terms = static_cast<int64_t>(plan.packedOrder.size());
  const bool last = spec.layout == Layout::ChannelsLast;
  auto arrayType = [&](int order, int64_t channels) {
    const int64_t positions = spec.dynamicN() && order > 0
                                  ? ShapedType::kDynamic
                                  : Poly::power(order).at(spec.n);
    return last ? MemRefType::get({ShapedType::kDynamic, positions, channels},
                                  kernel.element)
                : MemRefType::get({ShapedType::kDynamic, channels, positions},
                                  kernel.element);
  };
  auto packedType = MemRefType::get(
      {terms, tiling.tiles, spec.cIn, tiling.width}, kernel.element);
  auto biasType =
      MemRefType::get({1, ShapedType::kDynamic, spec.cOut}, kernel.element);
  Type index = builder.getIndexType();
  func::FuncOp function =
      makeFunction(kernel, name,
                   {index, index, index, arrayType(spec.k, spec.cIn),
                    packedType, biasType, arrayType(spec.l, spec.cOut)});
  kernel.n = function.getArgument(0);
  kernel.first = function.getArgument(1);
  kernel.count = function.getArgument(2);
  kernel.packed = argumentTensor(kernel, function.getArgument(4), false);
  Value x = argumentTensor(kernel, function.getArgument(3), false);
  Value y = argumentTensor(kernel, function.getArgument(6), true);

  auto wholeVectors = [&](int64_t channels) {
    return (channels + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
  };
  const Poly inputRows = plan.rowsOf(PlanArray::Input);
  const Poly outputRows = plan.rowsOf(PlanArray::Output);
  KernelArray &input = kernel.array(PlanArray::Input);
  KernelArray &output = kernel.array(PlanArray::Output);
  if (last) {
    input = {x, inputRows, spec.cIn, spec.cIn, true};
    output = {y, outputRows, spec.cOut, spec.cOut, true};
  } else {
    input = kernel.scratch(inputRows, spec.cIn, wholeVectors(spec.cIn));
    output = kernel.scratch(outputRows, spec.cOut, tiling.columns());
    emitChannelsLast(kernel, x, input);
  }
  if (!plan.stored.empty())
    kernel.array(PlanArray::Stored) =
        kernel.scratch(plan.storedRows, spec.cIn, wholeVectors(spec.cIn));
  if (!plan.nodes.empty())
    kernel.array(PlanArray::Nodes) =
        kernel.scratch(plan.nodeRows, spec.cOut, tiling.columns());
  if (spec.bias)
    kernel.array(PlanArray::Bias) = {
        argumentTensor(kernel, function.getArgument(5), false), Poly(),
        spec.cOut, spec.cOut, true};

  int64_t firstTerm = 0;
  for (const SharedStage &stage : plan.stages) {
    if (const auto *read = std::get_if<ReadStage>(&stage)) {
      emitRead(kernel, plan, *read);
    } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
      emitMix(kernel, *mix, firstTerm);
      for (const MixTarget &target : mix->targets)
        firstTerm += static_cast<int64_t>(target.fromInput.size() +
                                          target.fromStored.size());
    } else {
      emitWrite(kernel, std::get<WriteStage>(stage));
    }
  }
  Value result = last ? output.tensor : emitChannelsFirst(kernel, output, y);
  finish(kernel, result, function.getArgument(6));
  return function;
}
