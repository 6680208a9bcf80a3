//===- KernelFunction.cpp - The frame of a kernel -------------------------===//

#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/EmitTranspose.h"
#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Plan/Positions.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace eqc;
using namespace mlir;

func::FuncOp eqc::makeKernelFunction(KernelBuilder &kernel, StringRef name,
                                     ArrayRef<Type> arguments) {
  auto function = func::FuncOp::create(kernel.b, kernel.loc, name,
                                       kernel.b.getFunctionType(arguments, {}));
  function.setPrivate();
  Block *entry = function.addEntryBlock();
  kernel.b.setInsertionPointToStart(entry);
  return function;
}

Value eqc::argumentTensor(KernelBuilder &kernel, Value argument,
                          bool writable) {
  auto type = cast<MemRefType>(argument.getType());
  return bufferization::ToTensorOp::create(
      kernel.b, kernel.loc,
      RankedTensorType::get(type.getShape(), type.getElementType()), argument,
      /*restrict=*/true, writable);
}

MemRefType eqc::sampleType(KernelBuilder &kernel, const Poly &rows,
                           int64_t channels) {
  const LayerSpec &spec = kernel.spec;
  const int64_t positions = spec.dynamicN() && !rows.isConstant()
                                ? ShapedType::kDynamic
                                : rows.at(spec.n);
  return channelsComeFirst(spec, rows, channels)
             ? MemRefType::get({ShapedType::kDynamic, channels, positions},
                               kernel.element)
             : MemRefType::get({ShapedType::kDynamic, positions, channels},
                               kernel.element);
}

func::FuncOp eqc::makeForwardFunction(KernelBuilder &kernel, StringRef name,
                                      ArrayRef<int64_t> packedShape) {
  const LayerSpec &spec = kernel.spec;
  Type index = kernel.b.getIndexType();
  auto packed = MemRefType::get(packedShape, kernel.element);
  auto bias =
      MemRefType::get({1, ShapedType::kDynamic, spec.cOut}, kernel.element);
  func::FuncOp function = makeKernelFunction(
      kernel, name,
      {index, index, index, index, index,
       sampleType(kernel, positionsOfInput(spec), spec.cIn), packed, bias,
       sampleType(kernel, positionsOfOutput(spec), spec.cOut)});
  function.setArgAttr(kArgPhase, ir::EqcDialect::kPhaseAttrName,
                      kernel.b.getUnitAttr());
  function.setArgAttr(kArgY, ir::EqcDialect::kOutputAttrName,
                      kernel.b.getUnitAttr());
  kernel.open(function,
              argumentTensor(kernel, function.getArgument(kArgPacked), false),
              packedShape);
  return function;
}

void eqc::prefetch(KernelBuilder &kernel, unsigned argument,
                   ArrayRef<Value> element, bool isWrite, bool soon) {
  auto function = kernel.b.getInsertionBlock()
                      ->getParentOp()
                      ->getParentOfType<func::FuncOp>();
  memref::PrefetchOp::create(kernel.b, kernel.loc,
                             function.getArgument(argument), element, isWrite,
                             /*localityHint=*/isWrite || soon ? 3 : 2,
                             /*isDataCache=*/true);
}

KernelArray eqc::biasArray(KernelBuilder &kernel, func::FuncOp function) {
  const int64_t channels = kernel.spec.cOut;
  KernelArray bias{
      argumentTensor(kernel, function.getArgument(kArgBias), false), Poly(),
      channels, channels};
  bias.wholeBatch = bias.oneSample = true;
  return bias;
}

void eqc::finishKernel(KernelBuilder &kernel, Value result, Value destination) {
  bufferization::MaterializeInDestinationOp::create(
      kernel.b, kernel.loc, TypeRange(), result, destination,
      /*restrict=*/true, /*writable=*/true);
  func::ReturnOp::create(kernel.b, kernel.loc);
}

ForwardKernel::ForwardKernel(OpBuilder &builder, Location loc, StringRef name,
                             const LayerSpec &spec, const Machine &machine,
                             size_t terms)
    : guard(builder), tiling(columnTiling(spec, machine)),
      kernel(builder, loc, spec, machine) {
  function = makeForwardFunction(
      kernel, name,
      {static_cast<int64_t>(terms), tiling.tiles, spec.cIn, tiling.width});
  const Poly inputs = positionsOfInput(spec);
  const Poly outputs = positionsOfOutput(spec);
  Value x = argumentTensor(kernel, function.getArgument(kArgX), false);
  KernelArray &input = arrays[PlanArray::Input];
  KernelArray &output = arrays[PlanArray::Output];
  const bool transposes = inputChannelsComeFirst(spec);
  input = transposes ? inputRows(inputs)
                     : KernelArray{x, inputs, spec.cIn, spec.cIn, true};
  output = outputChannelsComeFirst(spec)
               ? outputRows(outputs)
               : KernelArray{
                     argumentTensor(kernel, function.getArgument(kArgY), true),
                     outputs, spec.cOut, spec.cOut, true};
  if (transposes)
    kernel.forPhase(input, [&] { emitChannelsLast(kernel, x, input); });
  if (spec.bias)
    arrays[PlanArray::Bias] = biasArray(kernel, function);
}

KernelArray ForwardKernel::inputRows(const Poly &rows) {
  return kernel.scratch(rows, kernel.spec.cIn,
                        kernel.wholeVectors(kernel.spec.cIn));
}

KernelArray ForwardKernel::outputRows(const Poly &rows) {
  return kernel.scratch(rows, kernel.spec.cOut, tiling.columns());
}

KernelArray ForwardKernel::copyOfOutput() {
  const KernelArray &output = arrays[PlanArray::Output];
  KernelArray copy = outputRows(output.rows);
  if (outputChannelsComeFirst(kernel.spec)) {
    Value y = argumentTensor(kernel, function.getArgument(kArgY), false);
    kernel.forPhase(copy, [&] { emitChannelsLast(kernel, y, copy); });
    return copy;
  }
  kernel.forPhase(copy, [&] {
    kernel.forShare(copy, kernel.poly(output.rows), [&](Value row) {
      kernel.forRange(copy, kernel.count(), [&](Value sample) {
        kernel.forColumnChunks(
            copy, output.channels, /*maxVectors=*/4,
            [&](Value column, int64_t width, int64_t valid) {
              Value given = kernel.readRow(
                  output.tensor, {kernel.sampleOf(output, sample), row}, column,
                  width, valid);
              copy.tensor = kernel.writeRow(given, copy.tensor, {sample, row},
                                            column, width);
            });
      });
    });
  });
  return copy;
}

func::FuncOp ForwardKernel::close() {
  Value y = function.getArgument(kArgY);
  KernelArray &output = arrays[PlanArray::Output];
  KernelArray result = output;
  if (outputChannelsComeFirst(kernel.spec)) {
    result.tensor = argumentTensor(kernel, y, true);
    kernel.forPhase(result, [&] {
      result.tensor = emitChannelsFirst(kernel, output, result.tensor);
    });
  }
  finishKernel(kernel, result.tensor, y);
  return function;
}
