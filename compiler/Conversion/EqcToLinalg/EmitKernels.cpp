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
            weight, kernel.add(source, c),
            kernel.mul(tile, kernel.index(tiling.width)), tiling.width, valid);
        Value row = kernel.add(
            kernel.mul(
                kernel.add(kernel.mul(term, kernel.index(tiling.tiles)), tile),
                kernel.index(spec.cIn)),
            c);
        packed.tensor = kernel.writeRow(vector, packed.tensor, row,
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

namespace {

/// Copies [channels, rows] of each sample to [rows, channels] in scratch, or
/// back, in square tiles of one vector.
class Transposer {
public:
  Transposer(KernelBuilder &kernel, Value planes, KernelArray &rows,
             const Poly &extent)
      : kernel(kernel), planes(planes), rows(rows), extent(extent) {}

  void toRows() {
    forTiles(rows, [&](Value sample, Value channel, Value row, Value plane) {
      Value tile = read(plane, channel, row);
      OpBuilder &b = kernel.b;
      Value turned = vector::TransposeOp::create(b, kernel.loc, tile,
                                                 ArrayRef<int64_t>{1, 0});
      Value base = kernel.mul(sample, kernel.poly(extent));
      rows.tensor = write(turned, rows.tensor, base, kernel.poly(extent),
                          rows.columns, row, channel);
    });
  }

  /// Returns the planes after the copy.
  Value toPlanes() {
    KernelArray target;
    target.tensor = planes;
    forTiles(target, [&](Value sample, Value channel, Value row, Value plane) {
      OpBuilder &b = kernel.b;
      Value base = kernel.mul(sample, kernel.poly(extent));
      Value slice =
          sliceOf(rows.tensor, base, kernel.poly(extent), rows.columns);
      Value tile = readTile(slice, row, channel);
      Value turned = vector::TransposeOp::create(b, kernel.loc, tile,
                                                 ArrayRef<int64_t>{1, 0});
      target.tensor =
          write(turned, target.tensor, plane, kernel.index(rows.channels),
                ShapedType::kDynamic, channel, row);
    });
    return target.tensor;
  }

private:
  void forTiles(KernelArray &threaded,
                function_ref<void(Value, Value, Value, Value)> body) {
    kernel.forRange(threaded, kernel.count, [&](Value sample) {
      Value plane = kernel.mul(kernel.add(kernel.first, sample),
                               kernel.index(rows.channels));
      kernel.forRange(threaded, kernel.index(0), kernel.index(rows.channels),
                      kernel.lanes, [&](Value channel) {
                        kernel.forRange(threaded, kernel.index(0),
                                        kernel.poly(extent), kernel.lanes,
                                        [&](Value row) {
                                          body(sample, channel, row, plane);
                                        });
                      });
    });
  }

  /// Rows base .. base+count-1 of a matrix: tiles that reach past them are cut.
  Value sliceOf(Value matrix, Value base, Value count, int64_t columns) {
    OpBuilder &b = kernel.b;
    auto type = cast<RankedTensorType>(matrix.getType());
    OpFoldResult width = type.isDynamicDim(1)
                             ? getAsOpFoldResult(kernel.poly(extent))
                             : OpFoldResult(b.getIndexAttr(type.getDimSize(1)));
    (void)columns;
    return b.createOrFold<tensor::ExtractSliceOp>(
        kernel.loc, matrix,
        ArrayRef<OpFoldResult>{getAsOpFoldResult(base), b.getIndexAttr(0)},
        ArrayRef<OpFoldResult>{getAsOpFoldResult(count), width},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1), b.getIndexAttr(1)});
  }
  Value readTile(Value slice, Value row, Value column) {
    OpBuilder &b = kernel.b;
    Value zero =
        arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(kernel.element));
    auto type = VectorType::get({kernel.lanes, kernel.lanes}, kernel.element);
    return vector::TransferReadOp::create(b, kernel.loc, type, slice,
                                          ValueRange{row, column}, zero,
                                          ArrayRef<bool>{false, false});
  }
  Value read(Value plane, Value channel, Value row) {
    return readTile(sliceOf(planes, plane, kernel.index(rows.channels),
                            ShapedType::kDynamic),
                    channel, row);
  }
  Value write(Value tile, Value matrix, Value base, Value count,
              int64_t columns, Value row, Value column) {
    OpBuilder &b = kernel.b;
    Value slice = sliceOf(matrix, base, count, columns);
    Value written = vector::TransferWriteOp::create(
                        b, kernel.loc, tile, slice, ValueRange{row, column},
                        ArrayRef<bool>{false, false})
                        .getResult();
    auto type = cast<RankedTensorType>(matrix.getType());
    OpFoldResult width = type.isDynamicDim(1)
                             ? getAsOpFoldResult(kernel.poly(extent))
                             : OpFoldResult(b.getIndexAttr(type.getDimSize(1)));
    return tensor::InsertSliceOp::create(
        b, kernel.loc, written, matrix,
        ArrayRef<OpFoldResult>{getAsOpFoldResult(base), b.getIndexAttr(0)},
        ArrayRef<OpFoldResult>{getAsOpFoldResult(count), width},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1), b.getIndexAttr(1)});
  }

  KernelBuilder &kernel;
  Value planes;
  KernelArray &rows;
  Poly extent;
};

} // namespace

func::FuncOp eqc::emitSharedForward(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const SharedPlan &plan,
                                    const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  const int64_t terms = static_cast<int64_t>(plan.packedOrder.size());
  const bool last = spec.layout == Layout::ChannelsLast;
  // Columns of the argument matrices: channels, or the positions of a sample.
  auto matrixType = [&](int order, int64_t channels) {
    int64_t columns = channels;
    if (!last)
      columns = spec.dynamicN() && order > 0 ? ShapedType::kDynamic
                                             : Poly::power(order).at(spec.n);
    return MemRefType::get({ShapedType::kDynamic, columns}, kernel.element);
  };
  auto packedType = MemRefType::get(
      {terms, tiling.tiles, spec.cIn, tiling.width}, kernel.element);
  auto biasType =
      MemRefType::get({ShapedType::kDynamic, spec.cOut}, kernel.element);
  Type index = builder.getIndexType();
  func::FuncOp function =
      makeFunction(kernel, name,
                   {index, index, index, matrixType(spec.k, spec.cIn),
                    packedType, biasType, matrixType(spec.l, spec.cOut)});
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
    Transposer(kernel, x, input, inputRows).toRows();
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
  Value result = last ? output.tensor
                      : Transposer(kernel, y, output, outputRows).toPlanes();
  finish(kernel, result, function.getArgument(6));
  return function;
}
