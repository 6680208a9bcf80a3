//===- EmitDense.cpp - A layer as one matrix ------------------------------===//
//
// Packing assembles the matrix: one loop over tables of diagrams, whatever
// their number. The forward function is one matrix product whose rows are
// samples; both index orders are those of the layer's layout, so nothing is
// transposed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitDense.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"
#include "compiler/Lowering/Nests/EntryNest.h"
#include "compiler/Plan/Positions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <cmath>
#include <optional>

using namespace eqc;
using namespace mlir;

namespace {

/// Visits the non-zero entries of every diagram of a list.
class EntryWalk {
public:
  EntryWalk(KernelBuilder &kernel, const DensePlan &plan,
            const std::vector<DenseEntry> &list)
      : kernel(kernel), nest(plan, list), diagrams(kernel, nest.diagrams),
        terms(kernel, nest.terms) {
    if (!nest.scales.empty())
      scales = scaleTable();
    if (nest.sharesWeights)
      weights.emplace(kernel, nest.weights);
  }

  /// The number of the weight of a diagram.
  Value weightOf(Value diagram) {
    return weights ? weights->get(kernel, diagram, 0) : diagram;
  }

  /// `value` times what the entries of a diagram are multiplied by.
  Value scaled(Value value, Value diagram) {
    if (nest.scales.empty())
      return value;
    return arith::MulFOp::create(
        kernel.b, kernel.loc, value,
        tensor::ExtractOp::create(kernel.b, kernel.loc, scales, diagram));
  }

  /// Calls body(diagram, negative, row, column) inside loops that thread
  /// `array`; `negative` is null when no sign is.
  void forEntries(KernelArray &array,
                  function_ref<void(Value, Value, Value, Value)> body) {
    kernel.forRange(array, kernel.index(diagrams.size()), [&](Value d) {
      kernel.forRange(array, get(d, EntryNest::kFirstTerm),
                      get(d, EntryNest::kEndTerm), 1,
                      [&](Value term) { forTerm(array, d, term, body); });
    });
  }

private:
  Value get(Value diagram, int64_t field) {
    return diagrams.get(kernel, diagram, field);
  }

  void forTerm(KernelArray &array, Value d, Value term,
               function_ref<void(Value, Value, Value, Value)> body) {
    Value row = kernel.index(0), column = kernel.index(0), negative;
    for (int64_t v = 0; v < nest.signedVertices; ++v) {
      Value value = terms.get(kernel, term, EntryNest::kValues + v);
      row = kernel.add(row, kernel.mul(value, get(d, nest.rowOfVertex(v))));
      column =
          kernel.add(column, kernel.mul(value, get(d, nest.columnOfVertex(v))));
    }
    if (nest.signedVertices > 0)
      negative = arith::CmpIOp::create(
          kernel.b, kernel.loc, arith::CmpIPredicate::slt,
          terms.get(kernel, term, EntryNest::kSign), kernel.index(0));
    SmallVector<Value> extents;
    for (int64_t a = 0; a < nest.letters; ++a)
      extents.push_back(get(d, nest.letterField(a, EntryNest::kExtent)));
    kernel.forNest(array, extents, [&](ArrayRef<Value> values) {
      Value atRow = row, atColumn = column;
      for (int64_t a = 0; a < nest.letters; ++a) {
        atRow = kernel.add(
            atRow, kernel.mul(values[a],
                              get(d, nest.letterField(a, EntryNest::kRow))));
        atColumn = kernel.add(
            atColumn,
            kernel.mul(values[a],
                       get(d, nest.letterField(a, EntryNest::kColumn))));
      }
      body(d, negative, atRow, atColumn);
    });
  }

  /// What diagrams are multiplied by, as a constant.
  Value scaleTable() {
    OpBuilder &b = kernel.b;
    SmallVector<Attribute> values;
    for (double scale : nest.scales)
      values.push_back(b.getFloatAttr(kernel.element, scale));
    auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                      kernel.element);
    return arith::ConstantOp::create(b, kernel.loc, type,
                                     DenseElementsAttr::get(type, values));
  }

  KernelBuilder &kernel;
  EntryNest nest;
  IndexTable diagrams, terms;        ///< as in EntryNest
  std::optional<IndexTable> weights; ///< where diagrams share them
  Value scales;
};

/// array[position] += value, or -= where `negative`.
void accumulateElement(KernelBuilder &kernel, KernelArray &array,
                       ArrayRef<Value> position, Value value, Value negative) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  if (negative) {
    Value minus = arith::NegFOp::create(b, loc, value);
    value = arith::SelectOp::create(b, loc, negative, minus, value);
  }
  Value old = tensor::ExtractOp::create(b, loc, array.tensor, position);
  Value sum = arith::AddFOp::create(b, loc, old, value);
  array.tensor = tensor::InsertOp::create(b, loc, sum, array.tensor, position);
}

/// A forward function's work.
class DenseForward {
public:
  DenseForward(KernelBuilder &kernel, const DensePlan &plan,
               const DenseSchedule &schedule, Value x, Value y)
      : kernel(kernel), plan(plan), schedule(schedule),
        tiling(schedule.columns), x(x) {
    output.tensor = y;
  }

  Value emit(const Value &biasRows) {
    if (kernel.spec.bias)
      emitBias(biasRows);
    forColumnTiles(kernel, &output.tensor, tiling, plan.columns,
                   /*padded=*/false,
                   [&](const ColumnTile &column) { emitColumnTile(column); });
    return output.tensor;
  }

private:
  /// What every sample of y starts as: the walk of the bias diagrams, once per
  /// block of samples.
  void emitBias(const Value &biasRows) {
    bias.tensor = bufferization::AllocTensorOp::create(
        kernel.b, kernel.loc,
        RankedTensorType::get({tiling.tiles, tiling.width}, kernel.element),
        ValueRange());
    Value zero = kernel.zeroVector(kernel.vectorType(tiling.width));
    kernel.forRange(bias, kernel.index(tiling.tiles), [&](Value tile) {
      bias.tensor = kernel.writeRow(zero, bias.tensor, {tile}, kernel.index(0),
                                    tiling.width);
    });
    EntryWalk walk(kernel, plan, plan.bias);
    walk.forEntries(bias, [&](Value e, Value negative, Value, Value column) {
      kernel.forRange(bias, kernel.index(kernel.spec.cOut), [&](Value co) {
        Value value = tensor::ExtractOp::create(
            kernel.b, kernel.loc, biasRows,
            ValueRange{kernel.index(0), walk.weightOf(e), co});
        value = walk.scaled(value, e);
        Value at = kernel.add(
            column, kernel.mul(co, kernel.index(plan.outputChannelStep)));
        accumulateElement(
            kernel, bias,
            {kernel.div(at, tiling.width), kernel.rem(at, tiling.width)}, value,
            negative);
      });
    });
  }

  /// Groups of samples, then the rest one by one.
  void emitColumnTile(const ColumnTile &column) {
    const int64_t rows = schedule.samples;
    Value full = kernel.sub(kernel.count(), kernel.rem(kernel.count(), rows));
    kernel.forRange(output, kernel.index(0), full, rows,
                    [&](Value sample) { emitTile(column, sample, rows); });
    if (rows > 1)
      kernel.forRange(output, full, kernel.count(), 1,
                      [&](Value sample) { emitTile(column, sample, 1); });
  }

  void emitTile(const ColumnTile &column, Value sample, int64_t rows) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    auto type = VectorType::get({rows, column.width}, kernel.element);
    Value start = kernel.zeroVector(type);
    if (bias.tensor)
      start = vector::BroadcastOp::create(
          b, loc, type,
          kernel.readRow(bias.tensor, {column.index}, kernel.index(0),
                         column.width, column.width));
    const bool onTop = !bias.tensor || plan.rows <= kTermsOnTop;
    Value acc = onTop ? start : kernel.zeroVector(type);
    Value row = kernel.add(kernel.first(), sample);
    Value result = emitTileProduct(kernel, acc, plan.rows, {x, {row}, Value()},
                                   {kernel.index(0), column.index});
    if (!onTop)
      result = addVectors(kernel, start, result);
    writeTile(kernel, result, output, {row}, column.column, column.valid);
  }

  KernelBuilder &kernel;
  const DensePlan &plan;
  const DenseSchedule &schedule;
  const ColumnTiling &tiling;
  Value x; ///< [batch, rows of the matrix]
  KernelArray output, bias;
};

/// [batch, a, b] as [batch, a * b].
Value flattenSamples(KernelBuilder &kernel, Value argument) {
  return memref::CollapseShapeOp::create(
      kernel.b, kernel.loc, argument,
      ArrayRef<ReassociationIndices>{{0}, {1, 2}});
}

} // namespace

EmittedKernel eqc::emitDensePack(OpBuilder &builder, Location loc,
                                 StringRef name, const LayerSpec &spec,
                                 const DensePlan &plan,
                                 const DenseSchedule &schedule,
                                 const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling &tiling = schedule.columns;
  const int64_t packedRows = tiling.tiles * plan.rows;
  auto weightType =
      MemRefType::get({ShapedType::kDynamic, spec.cOut}, kernel.element);
  auto packedType = MemRefType::get({packedRows, tiling.width}, kernel.element);
  func::FuncOp function =
      makeKernelFunction(kernel, name, {weightType, packedType});
  Value weight = argumentTensor(kernel, function.getArgument(0), false);
  KernelArray packed;
  packed.tensor = argumentTensor(kernel, function.getArgument(1), true);

  Value zero = kernel.zeroVector(kernel.vectorType(tiling.width));
  kernel.forRange(packed, kernel.index(packedRows), [&](Value row) {
    packed.tensor = kernel.writeRow(zero, packed.tensor, {row}, kernel.index(0),
                                    tiling.width);
  });
  EntryWalk walk(kernel, plan, plan.diagrams);
  walk.forEntries(packed, [&](Value d, Value negative, Value row,
                              Value column) {
    kernel.forRange(packed, kernel.index(spec.cIn), [&](Value ci) {
      Value atRow =
          kernel.add(row, kernel.mul(ci, kernel.index(plan.inputChannelStep)));
      Value weightRow =
          kernel.add(kernel.mul(walk.weightOf(d), kernel.index(spec.cIn)), ci);
      kernel.forRange(packed, kernel.index(spec.cOut), [&](Value co) {
        Value value = tensor::ExtractOp::create(builder, loc, weight,
                                                ValueRange{weightRow, co});
        value = walk.scaled(value, d);
        Value at = kernel.add(
            column, kernel.mul(co, kernel.index(plan.outputChannelStep)));
        Value tile = kernel.div(at, tiling.width);
        accumulateElement(
            kernel, packed,
            {kernel.add(kernel.mul(tile, kernel.index(plan.rows)), atRow),
             kernel.rem(at, tiling.width)},
            value, negative);
      });
    });
  });
  finishKernel(kernel, packed.tensor, function.getArgument(1));
  return {function, kernel.wholeRecord()};
}

EmittedKernel eqc::emitDenseForward(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const DensePlan &plan,
                                    const DenseSchedule &schedule,
                                    const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling &tiling = schedule.columns;
  func::FuncOp function = makeForwardFunction(
      kernel, name, {1, tiling.tiles, plan.rows, tiling.width});
  Value x = flattenSamples(kernel, function.getArgument(kArgX));
  Value y = flattenSamples(kernel, function.getArgument(kArgY));
  Value bias;
  if (spec.bias)
    bias = argumentTensor(kernel, function.getArgument(kArgBias), false);
  DenseForward forward(kernel, plan, schedule, argumentTensor(kernel, x, false),
                       argumentTensor(kernel, y, true));
  finishKernel(kernel, forward.emit(bias), y);
  KernelRecord record = kernel.wholeRecord();
  record.multiplyAdds = positionsOfInput(spec) * positionsOfOutput(spec);
  return {function, record};
}
