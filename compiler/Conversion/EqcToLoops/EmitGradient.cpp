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

#include "compiler/Conversion/EqcToLoops/EmitKernels.h"
#include "compiler/Conversion/EqcToLoops/KernelFunction.h"
#include "compiler/Conversion/EqcToLoops/Sums.h"
#include "compiler/Conversion/EqcToLoops/Sweep.h"

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

/// So many sums of chunks are added before their sum is: see SumPlanes.
constexpr int64_t kChunksOfBlock = 16;

/// The matrix of sums as an array: that of the current block of chunks, and
/// below it what all blocks before come to, as a LongSum.
class SumPlanes {
public:
  SumPlanes(KernelBuilder &kernel, KernelArray &sums, int64_t rows)
      : sums(sums), kernel(kernel), rows(rows) {}

  /// Columns of a row, from `column` on, += value.
  void add(Value row, Value column, Value value) {
    const int64_t width = cast<VectorType>(value.getType()).getDimSize(0);
    Value old = kernel.readRow(sums.tensor, {row}, column, width, width);
    write(row, column, arith::AddFOp::create(kernel.b, kernel.loc, old, value));
  }

  /// The blocks of rows row .. row+count-1 end.
  void endBlocks(Value row, int64_t count, int64_t columns) {
    kernel.forRange(sums, kernel.index(count), [&](Value r) {
      Value block = kernel.add(row, r);
      Value total = kernel.add(block, kernel.index(rows));
      Value rest = kernel.add(total, kernel.index(rows));
      kernel.forColumnChunks(
          sums, columns, 4, [&](Value column, int64_t width, int64_t) {
            auto read = [&](Value at) {
              return kernel.readRow(sums.tensor, {at}, column, width, width);
            };
            LongSum sum =
                addBlock(kernel, {read(total), read(rest)}, read(block));
            write(total, column, sum.sum);
            write(rest, column, sum.rest);
            write(block, column, kernel.zeroVector(sum.sum.getType()));
          });
    });
  }

  /// Runs `body` where samples `first` .. `end`-1 of the block of samples are
  /// the last before a multiple of `period` samples of the batch.
  void atPeriod(Value first, Value end, Value period,
                function_ref<void()> body) {
    OpBuilder &b = kernel.b;
    auto number = [&](Value sample) {
      return b.createOrFold<arith::DivUIOp>(
          kernel.loc, kernel.add(kernel.first, sample), period);
    };
    Value ends = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne,
                                       number(first), number(end));
    kernel.ifElse(sums, ends, body, [] {});
  }

  KernelArray &sums;

private:
  void write(Value row, Value column, Value value) {
    sums.tensor =
        kernel.writeRow(value, sums.tensor, {row}, column,
                        cast<VectorType>(value.getType()).getDimSize(0));
  }

  KernelBuilder &kernel;
  int64_t rows; ///< of one plane
};

/// One propagating order. Fields of the table: offset of the rows of x, of
/// grad_y, first row of the sums, then the strides of x.
class StageEmitter {
public:
  using Arrays = std::map<PlanArray, KernelArray>;

  StageEmitter(KernelBuilder &kernel, const GradientStage &stage,
               const SumTiling &tiling, Arrays &x, Arrays &gradY,
               SumPlanes &planes)
      : kernel(kernel), stage(stage), tiling(tiling),
        x(x.at(stage.terms.front().x.array)),
        gradY(gradY.at(stage.terms.front().gradY.array)), planes(planes),
        sums(planes.sums), terms(3 + stage.kept) {
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
    auto forItems = [&, first = first,
                     last = last](function_ref<void(Value)> body) {
      kernel.forRange(sums, first, last, 1, body);
    };
    forChunks(
        [&](const Chunk &chunk) {
          forItems([&](Value item) { emitItem(item, chunk); });
        },
        [&] {
          forItems([&](Value item) {
            planes.endBlocks(rowOf(item), tiling.rows,
                             tiling.columns.columns());
          });
        });
  }

private:
  /// A range of samples and of values of every axis.
  struct Chunk {
    Value firstSample, endSample;
    SmallVector<Value> first, end;
  };

  /// `extent` in pieces of `size`: calls body(first, end).
  void forPieces(Value extent, Value size,
                 function_ref<void(Value, Value)> body) {
    std::optional<int64_t> fixedExtent = getConstantIntValue(extent);
    std::optional<int64_t> fixedSize = getConstantIntValue(size);
    if (fixedExtent && fixedSize && *fixedSize >= *fixedExtent)
      return body(kernel.index(0), extent);
    kernel.forRange(sums, numPieces(extent, size), [&](Value piece) {
      Value first = kernel.mul(piece, size);
      Value end = fixedSize && *fixedSize == 1
                      ? kernel.add(first, size)
                      : kernel.min(kernel.add(first, size), extent);
      body(first, end);
    });
  }

  Value numPieces(Value extent, Value size) {
    return kernel.b.createOrFold<arith::DivUIOp>(
        kernel.loc, kernel.add(extent, kernel.sub(size, kernel.index(1))),
        size);
  }

  /// Calls `body` for every chunk and `endBlocks` after so many of them, in all
  /// calls of the kernel, that their sums are to be added up.
  void forChunks(function_ref<void(const Chunk &)> body,
                 function_ref<void()> endBlocks) {
    const LayerSpec &spec = kernel.spec;
    int64_t rows = std::clamp<int64_t>(
        kChunkBytes / ((spec.cIn + spec.cOut) * spec.elementSize()),
        kTermsOfBlock / 2, kTermsOfBlock);
    // A sample that is little more than a chunk stays whole: cut in two, it
    // would meet the sums twice.
    const Poly ofSample = Poly::power(stage.kept, stage.subsets);
    if (!spec.dynamicN() && rows == kTermsOfBlock &&
        ofSample.at(spec.n) <= kMostTermsOfBlock)
      rows = std::max(rows, ofSample.at(spec.n));
    // How many of things with so many rows each, at least one.
    auto fitting = [&](const Poly &each) -> Value {
      if (!spec.dynamicN())
        return kernel.index(std::max<int64_t>(1, rows / each.at(spec.n)));
      Value count = kernel.b.createOrFold<arith::DivUIOp>(
          kernel.loc, kernel.index(rows), kernel.poly(each));
      return kernel.b.createOrFold<arith::MaxUIOp>(kernel.loc, count,
                                                   kernel.index(1));
    };
    OpBuilder &b = kernel.b;
    Value samples = fitting(ofSample);
    // The values of every axis in pieces, and the chunks that one value of it,
    // and of those before, is cut into.
    const int axes = static_cast<int>(extents.size());
    SmallVector<Value> sizes, chunksBelow(axes, kernel.index(1));
    Value chunks = kernel.index(1);
    for (int a = 0; a < axes; ++a)
      sizes.push_back(a == stage.kept ? extents[a]
                                      : fitting(Poly::power(stage.kept - 1 - a,
                                                            stage.subsets)));
    for (int a = axes - 1; a >= 0; --a) {
      chunksBelow[a] = chunks;
      chunks = kernel.mul(chunks, numPieces(extents[a], sizes[a]));
    }
    auto blockOf = [&](Value things, Value chunksOfOne) {
      Value count = b.createOrFold<arith::DivUIOp>(
          kernel.loc, kernel.mul(things, kernel.index(kChunksOfBlock)),
          chunksOfOne);
      return b.createOrFold<arith::MaxUIOp>(kernel.loc, count, things);
    };
    auto alongAxes = [&](auto &self, size_t a, const Chunk &chunk) -> void {
      if (a == extents.size())
        return body(chunk);
      std::optional<int64_t> below = getConstantIntValue(chunksBelow[a]);
      std::optional<int64_t> pieces =
          getConstantIntValue(numPieces(extents[a], sizes[a]));
      const bool endsHere =
          below && pieces
              ? *below < kChunksOfBlock && *below * *pieces >= kChunksOfBlock
              : a == 0 || a + 1 < extents.size();
      Value block = blockOf(sizes[a], chunksBelow[a]);
      forPieces(extents[a], sizes[a], [&](Value first, Value end) {
        Chunk next = chunk;
        next.first.push_back(first);
        next.end.push_back(end);
        self(self, a + 1, next);
        if (!endsHere)
          return;
        Value inBlock = b.createOrFold<arith::RemUIOp>(
            kernel.loc, end,
            kernel.mul(
                b.createOrFold<arith::DivUIOp>(kernel.loc, block, sizes[a]),
                sizes[a]));
        Value isLast = arith::CmpIOp::create(
            b, kernel.loc, arith::CmpIPredicate::eq, inBlock, kernel.index(0));
        kernel.ifElse(sums, isLast, endBlocks, [] {});
      });
    };
    Value period = b.createOrFold<arith::DivUIOp>(
        kernel.loc,
        kernel.mul(kernel.min(samples, kernel.count),
                   kernel.index(kChunksOfBlock)),
        chunks);
    period =
        b.createOrFold<arith::MaxUIOp>(kernel.loc, period, kernel.index(1));
    forPieces(kernel.count, samples, [&](Value firstSample, Value endSample) {
      alongAxes(alongAxes, 0, {firstSample, endSample, {}, {}});
      planes.atPeriod(firstSample, endSample, period, endBlocks);
    });
  }

  /// The first row of the sums of an item.
  Value rowOf(Value item) {
    return kernel.add(
        kernel.mul(kernel.rem(item, tiling.tiles), kernel.index(tiling.rows)),
        terms.get(kernel, kernel.div(item, tiling.tiles), 2));
  }

  /// One tile of input channels of one diagram, over a chunk.
  void emitItem(Value item, const Chunk &chunk) {
    Value term = kernel.div(item, tiling.tiles);
    Value tile = kernel.rem(item, tiling.tiles);
    Value row = rowOf(item);
    Value channel = kernel.min(kernel.mul(tile, kernel.index(tiling.rows)),
                               kernel.index(kernel.spec.cIn - tiling.rows));
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
    // Chunks are summed on their own: see Sums.h.
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
      return kernel.accumulate(
          chunk.first[axis], chunk.end[axis], std::move(sum),
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
    for (int64_t r = 0; r < tiling.rows; ++r)
      planes.add(kernel.add(row, kernel.index(r)), column, acc[r]);
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
  KernelArray &x, &gradY;
  SumPlanes &planes;
  KernelArray &sums;
  KernelTable terms;
  SmallVector<Value> extents;
};

/// A whole function.
class SumsEmitter {
public:
  SumsEmitter(KernelBuilder &kernel, const GradientPlan &plan,
              func::FuncOp function, const SumTiling &tiling, int64_t rows)
      : kernel(kernel), plan(plan), function(function), tiling(tiling),
        planes(kernel, sums, rows) {}

  void emit() {
    const LayerSpec &spec = kernel.spec;
    read(gradY, plan.gradY, kArgGradY, spec.cOut, tiling.columns.columns());
    onlyWhen = wants(kSumWeight);
    read(x, plan.x, kArgInput, spec.cIn, kernel.wholeVectors(spec.cIn));
    sums.tensor = argumentTensor(kernel, function.getArgument(kArgSums), true);
    for (const GradientStage &stage : plan.stages)
      inPhase(sums, [&] {
        StageEmitter(kernel, stage, tiling, x, gradY, planes).emit();
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
          kernel.scratch(Sweep::rowsOfStored(kernel, reads), channels, columns);
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
    const Value anySample =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::sgt,
                              kernel.count, kernel.index(0));
    auto [first, last] = kernel.share(kernel.index(table.size()));
    kernel.forRange(sums, first, last, 1, [&](Value e) {
      // A table of one row is a constant, and accesses to constant rows would
      // be moved past writes to others, which are then no longer in place.
      Value row =
          arith::SelectOp::create(kernel.b, kernel.loc, anySample,
                                  table.get(kernel, e, 1), kernel.index(0));
      kernel.forColumnChunks(
          sums, spec.cOut, 2, [&](Value column, int64_t width, int64_t valid) {
            Value zero = kernel.zeroVector(kernel.vectorType(width));
            auto addSample = [&](Value sample, KernelBuilder::Values partial) {
              Value at =
                  source.wholeBatch ? kernel.add(kernel.first, sample) : sample;
              Value term = kernel.readRow(
                  source.tensor, {at, table.get(kernel, e, 0)}, column, width,
                  source.wholeBatch ? valid : width);
              Value &sum = partial.front();
              sum = arith::AddFOp::create(kernel.b, kernel.loc, sum, term);
              return partial;
            };
            const Poly anyNumber(INT64_MAX);
            planes.add(row, column,
                       emitLongSums(kernel, kernel.count, anyNumber, 1, {zero},
                                    addSample)
                           .front());
          });
      Value period = kernel.mul(kernel.count, kernel.index(kChunksOfBlock));
      planes.atPeriod(kernel.index(0), kernel.count, period, [&] {
        planes.endBlocks(row, 1, tiling.columns.columns());
      });
    });
  }

  KernelBuilder &kernel;
  const GradientPlan &plan;
  func::FuncOp function;
  const SumTiling &tiling;
  StageEmitter::Arrays x, gradY;
  KernelArray sums;
  SumPlanes planes;
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
  types.push_back(MemRefType::get(
      {SumMatrix::kPlanes * matrix.rows, matrix.columns}, kernel.element));
  func::FuncOp function = makeKernelFunction(kernel, name, types);
  kernel.n = function.getArgument(0);
  kernel.first = function.getArgument(1);
  kernel.count = function.getArgument(2);
  kernel.phase = function.getArgument(3);
  kernel.part = function.getArgument(4);
  SumsEmitter(kernel, plan, function, tiling, matrix.rows).emit();
  KernelRecord &record = kernel.record;
  record.sums = matrix;
  record.scratchElements = plan.x.storedRows * Poly(spec.cIn) +
                           plan.gradY.storedRows * Poly(spec.cOut);
  for (const GradientStage &stage : plan.stages)
    record.multiplyAdds += Poly::power(
        stage.kept, stage.subsets * static_cast<int64_t>(stage.terms.size()));
  return {function, record};
}
