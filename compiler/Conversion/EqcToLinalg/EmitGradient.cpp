//===- EmitGradient.cpp - Gradients of weights and biases as loops --------===//
//
// sums[diagram, ci, co] += x[row, ci] * grad_y[row, co] over all rows of a
// block of samples
//
// Both sides are read as the forward pass reads its input. Then one loop nest
// per propagating order, driven by tables, takes a few rows at a time, which
// stay in the first-level cache for all diagrams: a tile of input channels by a
// few vectors of output channels is held in registers across them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

/// Positions of a nest of loops that may be unrolled as a whole.
static constexpr int64_t kMostUnrolled = 128;
/// As many copies of the code that loops inside stay loops.
static constexpr int64_t kNoMoreCopies = int64_t(1) << 32;

namespace {

/// The bytes that the rows of both sides of a chunk may have: with the sums,
/// they share a first-level cache.
constexpr int64_t kChunkBytes = 32 * 1024;

/// Positions of the arguments.
enum SumsArgument : unsigned {
  kArgWhich = 5,
  kArgInput = 6,
  kArgGradY = 7,
  kArgSums = 8,
};

/// One propagating order. Fields of the table: offset of the rows of x, of
/// grad_y, first row of the sums, then the strides of x.
class StageEmitter {
public:
  using Arrays = std::map<PlanArray, KernelArray>;

  StageEmitter(KernelBuilder &kernel, const GradientStage &stage,
               const SumTiling &tiling, Arrays &x, Arrays &gradY,
               KernelArray &sums)
      : kernel(kernel), stage(stage), tiling(tiling),
        x(x.at(stage.terms.front().x.array)),
        gradY(gradY.at(stage.terms.front().gradY.array)), sums(sums),
        terms(3 + stage.kept) {
    for (const GradientTerm &term : stage.terms) {
      std::vector<Poly> row{term.x.offset, term.gradY.offset,
                            Poly(term.diagram * tiling.rowsOfDiagram())};
      row.insert(row.end(), term.x.strides.begin(), term.x.strides.end());
      terms.addRow(std::move(row));
    }
    terms.materialize(kernel);
    for (int a = 0; a < stage.kept; ++a)
      extents.push_back(kernel.poly(Poly::power(1)));
    if (stage.subsets > 1)
      extents.push_back(kernel.index(stage.subsets));
  }

  void emit() {
    const int64_t items = terms.size() * tiling.tiles;
    auto [first, last] = kernel.share(kernel.index(items));
    forChunks([&, first = first, last = last](const Chunk &chunk) {
      kernel.forRange(sums, first, last, 1,
                      [&](Value item) { emitItem(item, chunk); });
    });
  }

private:
  /// A range of samples and of values of the first axis, if there is one.
  struct Chunk {
    Value firstSample, endSample, first, end;
  };

  /// `extent` in pieces of `size`: calls body(first, end).
  void forPieces(Value extent, Value size,
                 function_ref<void(Value, Value)> body) {
    std::optional<int64_t> fixedExtent = getConstantIntValue(extent);
    std::optional<int64_t> fixedSize = getConstantIntValue(size);
    if (fixedExtent && fixedSize && *fixedSize >= *fixedExtent)
      return body(kernel.index(0), extent);
    OpBuilder &b = kernel.b;
    Value pieces = b.createOrFold<arith::DivUIOp>(
        kernel.loc, kernel.add(extent, kernel.sub(size, kernel.index(1))),
        size);
    kernel.forRange(sums, pieces, [&](Value piece) {
      Value first = kernel.mul(piece, size);
      Value end = fixedSize && *fixedSize == 1
                      ? kernel.add(first, size)
                      : kernel.min(kernel.add(first, size), extent);
      body(first, end);
    });
  }

  void forChunks(function_ref<void(const Chunk &)> body) {
    const LayerSpec &spec = kernel.spec;
    const int64_t rows = std::clamp<int64_t>(
        kChunkBytes / ((spec.cIn + spec.cOut) * spec.elementSize()), 32, 256);
    // How many of things with so many rows each, at least one.
    auto fitting = [&](const Poly &each) -> Value {
      if (!spec.dynamicN())
        return kernel.index(std::max<int64_t>(1, rows / each.at(spec.n)));
      Value count = kernel.b.createOrFold<arith::DivUIOp>(
          kernel.loc, kernel.index(rows), kernel.poly(each));
      return kernel.b.createOrFold<arith::MaxUIOp>(kernel.loc, count,
                                                   kernel.index(1));
    };
    const int axes = static_cast<int>(extents.size());
    Value samples = fitting(Poly::power(stage.kept, stage.subsets));
    forPieces(kernel.count, samples, [&](Value firstSample, Value endSample) {
      if (axes == 0)
        return body({firstSample, endSample, Value(), Value()});
      Value values = stage.kept == 0
                         ? extents.front()
                         : fitting(Poly::power(stage.kept - 1, stage.subsets));
      forPieces(extents.front(), values, [&](Value first, Value end) {
        body({firstSample, endSample, first, end});
      });
    });
  }

  /// One tile of input channels of one diagram, over a chunk.
  void emitItem(Value item, const Chunk &chunk) {
    Value term = kernel.div(item, tiling.tiles);
    Value tile = kernel.rem(item, tiling.tiles);
    Value row = kernel.mul(tile, kernel.index(tiling.rows));
    Value channel =
        kernel.min(row, kernel.index(kernel.spec.cIn - tiling.rows));
    row = kernel.add(row, terms.get(kernel, term, 2));
    // The last column tile is masked where rows of grad_y end within it.
    const ColumnTiling &columns = tiling.columns;
    const bool masked = gradY.columns < columns.columns();
    const int64_t whole = masked ? columns.tiles - 1 : columns.tiles;
    kernel.forRange(sums, kernel.index(whole), [&](Value c) {
      emitTile(term, row, channel, kernel.mul(c, kernel.index(columns.width)),
               columns.width, chunk);
    });
    if (masked)
      emitTile(term, row, channel, kernel.index(whole * columns.width),
               gradY.columns - whole * columns.width, chunk);
  }

  void emitTile(Value term, Value row, Value channel, Value column,
                int64_t valid, const Chunk &chunk) {
    const int64_t width = tiling.columns.width;
    // Chunks are summed on their own, which rounds far less than one long sum.
    KernelBuilder::Values acc(tiling.rows,
                              kernel.zeroVector(kernel.vectorType(width)));
    Position start{Value(), terms.get(kernel, term, 0),
                   terms.get(kernel, term, 1)};
    SmallVector<Value> strides;
    for (int a = 0; a < stage.kept; ++a)
      strides.push_back(terms.get(kernel, term, 3 + a));
    if (stage.subsets > 1)
      strides.push_back(kernel.index(1));
    const std::vector<Poly> inner = rowMajorStrides(stage.kept, stage.subsets);
    auto innerStride = [&](size_t axis) {
      return axis < inner.size() ? kernel.poly(inner[axis]) : kernel.index(1);
    };
    auto nest = [&](auto &self, size_t axis, const Position &at,
                    KernelBuilder::Values sum) -> KernelBuilder::Values {
      if (axis == extents.size())
        return emitRow(at, channel, column, valid, std::move(sum));
      Value first = axis == 0 ? chunk.first : kernel.index(0);
      Value end = axis == 0 ? chunk.end : extents[axis];
      return kernel.accumulate(
          first, end, std::move(sum),
          [&](Value i, KernelBuilder::Values partial) {
            Position next = at;
            next.x = kernel.add(at.x, kernel.mul(i, strides[axis]));
            next.gradY = kernel.add(at.gradY, kernel.mul(i, innerStride(axis)));
            return self(self, axis + 1, next, std::move(partial));
          });
    };
    // Axes that together have too many positions stay loops, all of them: of
    // unrolled outer ones each copy would hold the inner loops.
    const int64_t copies = kernel.copies;
    if (stage.kept > 1 && !kernel.spec.dynamicN() &&
        Poly::power(stage.kept - 1).at(kernel.spec.n) > kMostUnrolled)
      kernel.copies = kNoMoreCopies;
    acc = kernel.accumulate(chunk.firstSample, chunk.endSample, std::move(acc),
                            [&](Value sample, KernelBuilder::Values partial) {
                              Position at = start;
                              at.sample = sample;
                              return nest(nest, 0, at, std::move(partial));
                            });
    kernel.copies = copies;
    for (int64_t r = 0; r < tiling.rows; ++r) {
      Value at = kernel.add(row, kernel.index(r));
      Value old = kernel.readRow(sums.tensor, {at}, column, width, width);
      Value sum = arith::AddFOp::create(kernel.b, kernel.loc, old, acc[r]);
      sums.tensor = kernel.writeRow(sum, sums.tensor, {at}, column, width);
    }
  }

  struct Position {
    Value sample, x, gradY; ///< rows
  };

  /// sum[r] += x[channel + r] * grad_y.
  KernelBuilder::Values emitRow(const Position &at, Value channel, Value column,
                                int64_t valid, KernelBuilder::Values sum) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    auto sampleOf = [&](const KernelArray &array) {
      return array.wholeBatch ? kernel.add(kernel.first, at.sample) : at.sample;
    };
    Value vector = kernel.readRow(gradY.tensor, {sampleOf(gradY), at.gradY},
                                  column, tiling.columns.width, valid);
    Value sample = sampleOf(x);
    for (int64_t r = 0; r < tiling.rows; ++r) {
      Value scalar = tensor::ExtractOp::create(
          b, loc, x.tensor,
          ValueRange{sample, at.x, kernel.add(channel, kernel.index(r))});
      Value factor =
          vector::BroadcastOp::create(b, loc, vector.getType(), scalar);
      sum[r] = vector::FMAOp::create(b, loc, factor, vector, sum[r]);
    }
    return sum;
  }

  KernelBuilder &kernel;
  const GradientStage &stage;
  const SumTiling &tiling;
  KernelArray &x, &gradY, &sums;
  KernelTable terms;
  SmallVector<Value> extents;
};

/// A whole function.
class SumsEmitter {
public:
  SumsEmitter(KernelBuilder &kernel, const GradientPlan &plan,
              func::FuncOp function, const SumTiling &tiling)
      : kernel(kernel), plan(plan), function(function), tiling(tiling) {}

  void emit() {
    const LayerSpec &spec = kernel.spec;
    read(gradY, plan.gradY, kArgGradY, spec.cOut, tiling.columns.columns());
    onlyWhen = wants(kSumWeight);
    read(x, plan.x, kArgInput, spec.cIn, kernel.wholeVectors(spec.cIn));
    sums.tensor = argumentTensor(kernel, function.getArgument(kArgSums), true);
    for (const GradientStage &stage : plan.stages)
      inPhase(sums, [&] {
        StageEmitter(kernel, stage, tiling, x, gradY, sums).emit();
      });
    onlyWhen = wants(kSumBias);
    if (!plan.bias.empty())
      inPhase(sums, [&] { emitBias(); });
    finishKernel(kernel, sums.tensor, function.getArgument(kArgSums));
  }

private:
  Value wants(GradientSums what) {
    Value bit = kernel.b.createOrFold<arith::AndIOp>(
        kernel.loc, function.getArgument(kArgWhich), kernel.index(what));
    return arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::ne,
                                 bit, kernel.index(0));
  }

  void inPhase(KernelArray &array, function_ref<void()> body) {
    kernel.forPhase(array, [&] {
      if (onlyWhen)
        kernel.ifElse(array, onlyWhen, body, [] {});
      else
        body();
    });
  }

  /// Makes the arrays of one side: the argument as rows, and what is read.
  void read(StageEmitter::Arrays &arrays, const SharedPlan &reads,
            unsigned argument, int64_t channels, int64_t columns) {
    Value array = function.getArgument(argument);
    KernelArray &input = arrays[PlanArray::Input];
    Value tensor = argumentTensor(kernel, array, false);
    const Poly rows = Poly::power(reads.k);
    if (kernel.spec.layout == Layout::ChannelsLast) {
      input = {tensor, rows, channels, channels, true};
    } else {
      input = kernel.scratch(rows, channels, columns);
      inPhase(input, [&] { emitChannelsLast(kernel, tensor, input); });
    }
    if (!reads.stored.empty())
      arrays[PlanArray::Stored] =
          kernel.scratch(reads.storedRows, channels, columns);
    std::swap(kernel.arrays, arrays);
    for (const SharedStage &stage : reads.stages)
      inPhase(kernel.array(PlanArray::Stored),
              [&] { emitRead(kernel, reads, std::get<ReadStage>(stage)); });
    std::swap(kernel.arrays, arrays);
  }

  void emitBias() {
    const LayerSpec &spec = kernel.spec;
    const int64_t firstRow =
        static_cast<int64_t>(spec.diagrams.size()) * tiling.rowsOfDiagram();
    KernelArray &source = gradY.at(plan.bias.front().gradY.array);
    KernelTable table(2);
    for (const BiasTerm &term : plan.bias)
      table.addRow({term.gradY.offset, Poly(firstRow + term.row)});
    table.materialize(kernel);
    kernel.forShare(sums, kernel.index(table.size()), [&](Value e) {
      Value row = table.get(kernel, e, 1);
      kernel.forColumnChunks(
          sums, spec.cOut, 2, [&](Value column, int64_t width, int64_t valid) {
            Value sum =
                kernel.readRow(sums.tensor, {row}, column, width, width);
            sum = kernel.accumulate(
                kernel.index(0), kernel.count, sum,
                [&](Value sample, Value partial) -> Value {
                  Value at = source.wholeBatch
                                 ? kernel.add(kernel.first, sample)
                                 : sample;
                  Value term = kernel.readRow(
                      source.tensor, {at, table.get(kernel, e, 0)}, column,
                      width, source.wholeBatch ? valid : width);
                  return arith::AddFOp::create(kernel.b, kernel.loc, partial,
                                               term);
                });
            sums.tensor =
                kernel.writeRow(sum, sums.tensor, {row}, column, width);
          });
    });
  }

  KernelBuilder &kernel;
  const GradientPlan &plan;
  func::FuncOp function;
  const SumTiling &tiling;
  StageEmitter::Arrays x, gradY;
  KernelArray sums;
  Value onlyWhen; ///< what follows is done only then; null: always
};

} // namespace

EmittedKernel eqc::emitGradientSums(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const GradientPlan &plan,
                                    const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const SumTiling tiling =
      sumTiling(target, spec.elementSize(), spec.cIn, spec.cOut);
  const SumMatrix matrix =
      sumMatrix(tiling, static_cast<int64_t>(spec.diagrams.size()),
                static_cast<int64_t>(spec.biasDiagrams.size()));
  SmallVector<Type> types(kArgInput, builder.getIndexType());
  types.push_back(sampleType(kernel, spec.k, spec.cIn));
  types.push_back(sampleType(kernel, spec.l, spec.cOut));
  types.push_back(
      MemRefType::get({matrix.rows, matrix.columns}, kernel.element));
  func::FuncOp function = makeKernelFunction(kernel, name, types);
  kernel.n = function.getArgument(0);
  kernel.first = function.getArgument(1);
  kernel.count = function.getArgument(2);
  kernel.phase = function.getArgument(3);
  kernel.part = function.getArgument(4);
  SumsEmitter(kernel, plan, function, tiling).emit();
  KernelRecord &record = kernel.record;
  record.sums = matrix;
  record.scratchElements = plan.x.storedRows * Poly(spec.cIn) +
                           plan.gradY.storedRows * Poly(spec.cOut);
  for (const GradientStage &stage : plan.stages)
    record.multiplyAdds += Poly::power(
        stage.kept, stage.subsets * static_cast<int64_t>(stage.terms.size()));
  return {function, record};
}
