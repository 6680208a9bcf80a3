//===- EmitDense.cpp - A layer as one matrix ------------------------------===//
//
// Packing assembles the matrix: one loop over tables of diagrams, whatever
// their number. The forward function is one matrix product whose rows are
// samples; both index orders are those of the layer's layout, so nothing is
// transposed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitKernels.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <cmath>

using namespace eqc;
using namespace mlir;

/// The columns of the matrix.
static ColumnTiling denseTiling(const LayerSpec &spec, const DensePlan &plan,
                                const Machine &machine) {
  return matrixTiling(machine, spec.elementSize(), plan.columns);
}

namespace {

/// Visits the non-zero entries of every diagram of a list. Fields of the entry
/// table: first term and first past the end, then extent, row step and column
/// step of every letter, padded with letters of extent 1, then row and column
/// step of every signed vertex. Fields of the term table: the sign, then the
/// values of the signed vertices.
class EntryWalk {
public:
  EntryWalk(KernelBuilder &kernel, const DensePlan &plan,
            const std::vector<DenseEntry> &diagrams)
      : kernel(kernel), count(static_cast<int64_t>(diagrams.size())),
        letters(0), signedVertices(0) {
    for (const DenseEntry &entry : diagrams) {
      letters = std::max<int64_t>(letters, entry.letters.size());
      signedVertices =
          std::max<int64_t>(signedVertices, entry.signedVertices.size());
    }
    entries.emplace(2 + 3 * letters + 2 * signedVertices);
    terms.emplace(1 + signedVertices);
    for (const DenseEntry &entry : diagrams) {
      std::vector<Poly> row{Poly(entry.firstTerm), Poly(entry.endTerm)};
      std::vector<DenseLetter> padded = entry.letters;
      padded.resize(letters);
      for (const DenseLetter &letter : padded)
        row.insert(row.end(), {Poly(letter.extent), Poly(letter.step.row),
                               Poly(letter.step.column)});
      for (const DenseStep &step : entry.signedVertices)
        row.insert(row.end(), {Poly(step.row), Poly(step.column)});
      entries->addRow(std::move(row));
    }
    for (const DenseTerm &term : plan.terms) {
      std::vector<Poly> row{Poly(term.sign)};
      // Terms of more vertices than any of these diagrams has are not used.
      for (size_t v = 0;
           v < term.values.size() && v < static_cast<size_t>(signedVertices);
           ++v)
        row.push_back(Poly(term.values[v]));
      terms->addRow(std::move(row));
    }
    entries->materialize(kernel);
    terms->materialize(kernel);
  }

  /// Calls body(diagram, negative, row, column) inside loops that thread
  /// `array`; `negative` is null when no sign is.
  void forEntries(KernelArray &array,
                  function_ref<void(Value, Value, Value, Value)> body) {
    kernel.forRange(array, kernel.index(count), [&](Value d) {
      kernel.forRange(array, entries->get(kernel, d, 0),
                      entries->get(kernel, d, 1), 1,
                      [&](Value term) { forTerm(array, d, term, body); });
    });
  }

private:
  void forTerm(KernelArray &array, Value d, Value term,
               function_ref<void(Value, Value, Value, Value)> body) {
    Value row = kernel.index(0), column = kernel.index(0), negative;
    const int64_t steps = 2 + 3 * letters;
    for (int64_t v = 0; v < signedVertices; ++v) {
      Value value = terms->get(kernel, term, 1 + v);
      row = kernel.add(
          row, kernel.mul(value, entries->get(kernel, d, steps + 2 * v)));
      column = kernel.add(
          column,
          kernel.mul(value, entries->get(kernel, d, steps + 1 + 2 * v)));
    }
    if (signedVertices > 0)
      negative =
          arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::slt,
                                terms->get(kernel, term, 0), kernel.index(0));
    SmallVector<Value> extents;
    for (int64_t a = 0; a < letters; ++a)
      extents.push_back(entries->get(kernel, d, 2 + 3 * a));
    kernel.forNest(array, extents, [&](ArrayRef<Value> values) {
      Value atRow = row, atColumn = column;
      for (int64_t a = 0; a < letters; ++a) {
        atRow = kernel.add(
            atRow, kernel.mul(values[a], entries->get(kernel, d, 3 + 3 * a)));
        atColumn = kernel.add(
            atColumn,
            kernel.mul(values[a], entries->get(kernel, d, 4 + 3 * a)));
      }
      body(d, negative, atRow, atColumn);
    });
  }

  KernelBuilder &kernel;
  int64_t count, letters, signedVertices;
  std::optional<IndexTable> entries, terms;
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

/// What `mean` multiplies each diagram by, as a constant.
Value scaleTable(KernelBuilder &kernel, const DensePlan &plan) {
  OpBuilder &b = kernel.b;
  SmallVector<Attribute> scales;
  for (const DenseEntry &entry : plan.diagrams)
    scales.push_back(
        b.getFloatAttr(kernel.element, std::pow(static_cast<double>(plan.n),
                                                -entry.divisions)));
  auto type = RankedTensorType::get({static_cast<int64_t>(scales.size())},
                                    kernel.element);
  return arith::ConstantOp::create(b, kernel.loc, type,
                                   DenseElementsAttr::get(type, scales));
}

/// A forward function's work.
class DenseForward {
public:
  DenseForward(KernelBuilder &kernel, const DensePlan &plan,
               const ColumnTiling &tiling, Value x, Value y)
      : kernel(kernel), plan(plan), tiling(tiling), x(x) {
    output.tensor = y;
  }

  Value emit(const Value &biasRows) {
    if (kernel.spec.bias)
      emitBias(biasRows);
    const int64_t whole = plan.columns / tiling.width;
    kernel.forRange(output, kernel.index(whole),
                    [&](Value tile) { emitColumnTile(tile, tiling.width); });
    if (whole < tiling.tiles)
      emitColumnTile(kernel.index(whole), plan.columns - whole * tiling.width);
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
            kernel.b, kernel.loc, biasRows, ValueRange{kernel.index(0), e, co});
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
  void emitColumnTile(Value tile, int64_t valid) {
    const int64_t rows = sampleTileRows(kernel.machine, tiling.vectors);
    Value full = kernel.sub(kernel.count(), kernel.rem(kernel.count(), rows));
    kernel.forRange(output, kernel.index(0), full, rows,
                    [&](Value sample) { emitTile(tile, valid, sample, rows); });
    if (rows > 1)
      kernel.forRange(output, full, kernel.count(), 1,
                      [&](Value sample) { emitTile(tile, valid, sample, 1); });
  }

  void emitTile(Value tile, int64_t valid, Value sample, int64_t rows) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    auto type = VectorType::get({rows, tiling.width}, kernel.element);
    Value start = kernel.zeroVector(type);
    if (bias.tensor)
      start = vector::BroadcastOp::create(
          b, loc, type,
          kernel.readRow(bias.tensor, {tile}, kernel.index(0), tiling.width,
                         tiling.width));
    const bool onTop = !bias.tensor || plan.rows <= kTermsOnTop;
    Value acc = onTop ? start : kernel.zeroVector(type);
    Value row = kernel.add(kernel.first(), sample);
    Value result = emitTileProduct(kernel, acc, plan.rows, {x, {row}, Value()},
                                   {kernel.index(0), tile});
    if (!onTop)
      result = addVectors(kernel, start, result);
    writeTile(kernel, result, output, {row},
              kernel.mul(tile, kernel.index(tiling.width)), valid);
  }

  KernelBuilder &kernel;
  const DensePlan &plan;
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
                                 const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling tiling = denseTiling(spec, plan, machine);
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
  Value scales;
  if (plan.mean)
    scales = scaleTable(kernel, plan);
  EntryWalk walk(kernel, plan, plan.diagrams);
  walk.forEntries(packed, [&](Value d, Value negative, Value row,
                              Value column) {
    kernel.forRange(packed, kernel.index(spec.cIn), [&](Value ci) {
      Value atRow =
          kernel.add(row, kernel.mul(ci, kernel.index(plan.inputChannelStep)));
      Value weightRow = kernel.add(kernel.mul(d, kernel.index(spec.cIn)), ci);
      kernel.forRange(packed, kernel.index(spec.cOut), [&](Value co) {
        Value value = tensor::ExtractOp::create(builder, loc, weight,
                                                ValueRange{weightRow, co});
        if (plan.mean)
          value = arith::MulFOp::create(
              builder, loc, value,
              tensor::ExtractOp::create(builder, loc, scales, d));
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
                                    const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling tiling = denseTiling(spec, plan, machine);
  func::FuncOp function = makeForwardFunction(
      kernel, name, {1, tiling.tiles, plan.rows, tiling.width});
  Value x = flattenSamples(kernel, function.getArgument(kArgX));
  Value y = flattenSamples(kernel, function.getArgument(kArgY));
  Value bias;
  if (spec.bias)
    bias = argumentTensor(kernel, function.getArgument(kArgBias), false);
  DenseForward forward(kernel, plan, tiling, argumentTensor(kernel, x, false),
                       argumentTensor(kernel, y, true));
  finishKernel(kernel, forward.emit(bias), y);
  KernelRecord record = kernel.wholeRecord();
  record.multiplyAdds = Poly::power(spec.k + spec.l);
  return {function, record};
}
