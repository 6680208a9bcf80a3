//===- EmitLaneSums.cpp - Gradients of samples in lanes -------------------===//
//
// With few channels a group of samples is transposed, as in EmitLanes.cpp: a
// vector holds the same element of every sample. Each lane sums the products of
// its own sample; at the end of a group the lanes are added up.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitLaneSums.h"
#include "compiler/Lowering/Cpu/EmitGradient.h"
#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/LaneTranspose.h"
#include "compiler/Lowering/Cpu/SumPlanes.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Sweep.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// The sums of one propagating order.
class LaneStage {
public:
  LaneStage(KernelBuilder &kernel, const GradientStage &stage,
            const GradientSchedule &schedule,
            const GradientStageSchedule &ofStage, PlanArrays &x,
            PlanArrays &gradY, SumPlanes &planes)
      : kernel(kernel), nest(stage, schedule.tiling.rowsOfDiagram()),
        schedule(schedule), ofStage(ofStage), x(x[nest.x]),
        gradY(gradY[nest.gradY]), planes(planes), terms(kernel, nest.terms),
        cOut(kernel.spec.cOut) {
    for (const Axis &axis : nest.axes)
      extents.push_back(axis.extent.at(kernel.spec.n));
  }

  void emit() {
    LoopBuilder::StayLoops loops(kernel, ofStage.staysLoops);
    const int64_t channels = schedule.laneChannels;
    const int64_t whole = kernel.spec.cIn / channels * channels;
    kernel.forRange(planes.sums, kernel.index(terms.size()), [&](Value term) {
      kernel.forRange(planes.sums, kernel.index(0), kernel.index(whole),
                      channels,
                      [&](Value first) { emitTile(term, first, channels); });
      if (whole < kernel.spec.cIn)
        emitTile(term, kernel.index(whole), kernel.spec.cIn - whole);
    });
  }

private:
  struct Position {
    Value x, gradY; ///< rows
  };

  /// The sums of some input channels.
  void emitTile(Value term, Value first, int64_t channels) {
    const Position start{terms.get(kernel, term, GradientNest::kX),
                         terms.get(kernel, term, GradientNest::kGradY)};
    Values sums = zeros(channels);
    if (extents.empty())
      sums = addRow(start, first, channels, 0, std::move(sums));
    else
      sums = along(term, 0, start, first, channels, std::move(sums));
    Value row = terms.get(kernel, term, GradientNest::kSums);
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t o = 0; o < cOut; ++o)
        planes.addElement(
            kernel.add(row, sumRow(kernel.add(first, kernel.index(c)))),
            kernel.index(o), sumOf(sums, channels, c, o));
  }

  /// The row of a channel, of those of a diagram: SumTiling::rowOf.
  Value sumRow(Value channel) {
    const SumTiling &tiling = schedule.tiling;
    const int64_t shift = tiling.rowsOfDiagram() - kernel.spec.cIn;
    if (shift == 0)
      return channel;
    Value shifted = arith::CmpIOp::create(
        kernel.b, kernel.loc, arith::CmpIPredicate::sge, channel,
        kernel.index(tiling.rows * (tiling.tiles - 1)));
    return arith::SelectOp::create(kernel.b, kernel.loc, shifted,
                                   kernel.add(channel, kernel.index(shift)),
                                   channel);
  }

  Values zeros(int64_t channels) {
    return Values(ofStage.laneRows * channels * cOut,
                  kernel.zeroVector(kernel.vectorType(kernel.lanes)));
  }

  /// All rows' sums of a pair of channels, and all lanes.
  Value sumOf(const Values &sums, int64_t channels, int64_t c, int64_t o) {
    Value sum = sums[c * cOut + o];
    for (int64_t r = 1; r < ofStage.laneRows; ++r)
      sum = addVectors(kernel, sum, sums[(r * channels + c) * cOut + o]);
    // Halves of a vector at a time: a fixed order, and few roundings.
    for (int64_t width = kernel.lanes / 2; width > 0; width /= 2) {
      auto half = [&](int64_t from) {
        return vector::ExtractStridedSliceOp::create(
            kernel.b, kernel.loc, sum, ArrayRef<int64_t>{from},
            ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
      };
      Value low = half(0), high = half(width);
      sum = addVectors(kernel, low, high);
    }
    return vector::ExtractOp::create(kernel.b, kernel.loc, sum,
                                     ArrayRef<int64_t>{0});
  }

  /// Terms that each sum takes for one value of each axis up to `axis`.
  int64_t termsFrom(size_t axis) const {
    int64_t terms = 1;
    for (size_t a = axis; a < extents.size(); ++a)
      terms *= a + 1 == extents.size()
                   ? (extents[a] + ofStage.laneRows - 1) / ofStage.laneRows
                   : extents[a];
    return terms;
  }

  /// `sums` and the products along the axes from `axis` on.
  Values along(Value term, size_t axis, const Position &at, Value first,
               int64_t channels, Values sums) {
    const bool last = axis + 1 == extents.size();
    auto from = [&](Value i) {
      return Position{kernel.add(at.x, kernel.mul(i, xStride(term, axis))),
                      kernel.add(at.gradY, kernel.mul(i, gradYStride(axis)))};
    };
    if (last)
      return alongLast(axis, from, first, channels, std::move(sums));
    const int64_t below = termsFrom(axis + 1);
    // Long sums within are taken on their own.
    const bool apart = below > kTermsOfBlock;
    return emitNestedSums(
        kernel, kernel.index(0), kernel.index(extents[axis]), extents[axis],
        apart ? 1 : below, std::move(sums), [&](Value i, Values partial) {
          Values inner = along(term, axis + 1, from(i), first, channels,
                               apart ? zeros(channels) : partial);
          if (!apart)
            return inner;
          for (size_t s = 0; s < partial.size(); ++s)
            partial[s] = addVectors(kernel, partial[s], inner[s]);
          return partial;
        });
  }

  /// Rows in tiles, whose sums wait for none of each other.
  Values alongLast(size_t axis, function_ref<Position(Value)> from, Value first,
                   int64_t channels, Values sums) {
    const int64_t rows = ofStage.laneRows, tiles = extents[axis] / rows;
    auto addRows = [&](Value start, int64_t count, Values partial) {
      for (int64_t r = 0; r < count; ++r)
        partial = addRow(from(kernel.add(start, kernel.index(r))), first,
                         channels, r, std::move(partial));
      return partial;
    };
    if (tiles > 0)
      sums =
          emitNestedSums(kernel, kernel.index(0), kernel.index(tiles), tiles, 1,
                         std::move(sums), [&](Value tile, Values partial) {
                           return addRows(kernel.mul(tile, kernel.index(rows)),
                                          rows, std::move(partial));
                         });
    return addRows(kernel.index(tiles * rows), extents[axis] - tiles * rows,
                   std::move(sums));
  }

  Value xStride(Value term, size_t axis) {
    return static_cast<int>(axis) < nest.strided
               ? terms.get(kernel, term,
                           GradientNest::kStrides + static_cast<int64_t>(axis))
               : kernel.index(1);
  }
  Value gradYStride(size_t axis) {
    return axis < nest.gradYStrides.size()
               ? kernel.poly(nest.gradYStrides[axis])
               : kernel.index(1);
  }

  /// sum[r, c, o] += x[first + c] * grad_y[o].
  Values addRow(const Position &at, Value first, int64_t channels, int64_t r,
                Values sums) {
    auto read = [&](const KernelArray &array, Value channel, Value row) {
      return kernel.readRow(array.tensor, {channel, row}, kernel.index(0),
                            kernel.lanes, kernel.lanes);
    };
    Values ys;
    for (int64_t o = 0; o < cOut; ++o)
      ys.push_back(read(gradY, kernel.index(o), at.gradY));
    for (int64_t c = 0; c < channels; ++c) {
      Value factor = read(x, kernel.add(first, kernel.index(c)), at.x);
      for (int64_t o = 0; o < cOut; ++o) {
        Value &sum = sums[(r * channels + c) * cOut + o];
        sum = vector::FMAOp::create(kernel.b, kernel.loc, factor, ys[o], sum);
      }
    }
    return sums;
  }

  KernelBuilder &kernel;
  const GradientNest nest;
  const GradientSchedule &schedule;
  const GradientStageSchedule &ofStage;
  KernelArray &x, &gradY;
  SumPlanes &planes;
  const IndexTable terms; ///< as in GradientNest
  const int64_t cOut;
  SmallVector<int64_t> extents;
};

/// A whole function.
class LaneSumsEmitter {
public:
  LaneSumsEmitter(KernelBuilder &kernel, const GradientPlan &plan,
                  const GradientSchedule &schedule, func::FuncOp function,
                  const SumMatrix &matrix)
      : kernel(kernel), spec(kernel.spec), plan(plan), schedule(schedule),
        function(function), matrix(matrix), planes(kernel, sums, matrix.rows) {}

  void emit() {
    sums.tensor = argumentTensor(kernel, function.getArgument(kArgSums), true);
    read(gradY, plan.gradY, schedule.gradY, kArgGradY, spec.cOut, Value());
    Value weights = wantsSums(kernel, function, kSumWeight);
    read(x, plan.x, schedule.x, kArgInput, spec.cIn, weights);
    when(weights, sums, [&] {
      for (size_t i = 0; i < plan.stages.size(); ++i)
        LaneStage(kernel, plan.stages[i], schedule, schedule.stages[i], x,
                  gradY, planes)
            .emit();
      endBlocks(0, matrix.terms * matrix.diagramRows);
    });
    if (!plan.bias.empty())
      when(wantsSums(kernel, function, kSumBias), sums, [&] { emitBias(); });
    finishKernel(kernel, sums.tensor, function.getArgument(kArgSums));
  }

private:
  void when(Value condition, KernelArray &array, function_ref<void()> body) {
    if (condition)
      kernel.ifElse(array, condition, body, [] {});
    else
      body();
  }

  /// The arrays of one side: its planes, and what is read of them.
  void read(PlanArrays &arrays, const SharedPlan &reads,
            ArrayRef<ReadSchedule> schedules, unsigned argument,
            int64_t channels, Value onlyWhen) {
    const int64_t rows = reads.rowsOf(PlanArray::Input).at(spec.n);
    // Planes a multiple of 4 KB apart would share their cache sets.
    KernelArray &input = arrays[PlanArray::Input];
    input = makeLaneArray(kernel, channels, rows + 1);
    KernelArray &stored = arrays[PlanArray::Stored];
    if (!reads.stored.empty())
      stored = makeLaneArray(kernel, channels,
                             Sweep::rowsOfStored(kernel, reads).at(spec.n));
    when(onlyWhen, input, [&] {
      Value samples = argumentTensor(
          kernel, flattenSamples(kernel, function.getArgument(argument)),
          false);
      LaneTranspose(kernel, kernel.first(), channels, rows)
          .load(samples, kernel.index(0), rows, input);
    });
    // Channels take the place of samples.
    KernelBuilder::BlockScope scope(kernel,
                                    {kernel.index(0), kernel.index(channels),
                                     kernel.index(-1), kernel.index(0)});
    for (size_t i = 0; i < reads.stages.size(); ++i)
      when(onlyWhen, stored, [&] {
        emitRead(kernel, arrays, reads, std::get<ReadStage>(reads.stages[i]),
                 schedules[i]);
      });
  }

  void emitBias() {
    const KernelArray &source = gradY[plan.bias.front().gradY.array];
    const IndexTable table(kernel, biasRowsOf(plan, matrix));
    kernel.forRange(sums, kernel.index(table.size()), [&](Value e) {
      for (int64_t o = 0; o < spec.cOut; ++o) {
        Value lanes = kernel.readRow(
            source.tensor, {kernel.index(o), table.get(kernel, e, 0)},
            kernel.index(0), kernel.lanes, kernel.lanes);
        Value sum = vector::ReductionOp::create(
            kernel.b, kernel.loc, vector::CombiningKind::ADD, lanes);
        planes.addElement(table.get(kernel, e, 1), kernel.index(o), sum);
      }
    });
    endBlocks(matrix.terms * matrix.diagramRows,
              static_cast<int64_t>(plan.bias.size()));
  }

  void endBlocks(int64_t first, int64_t count) {
    planes.atPeriod(kernel.index(0), kernel.index(schedule.lanes),
                    kernel.index(schedule.lanes * kChunksOfBlock), [&] {
                      planes.endBlocks(kernel.index(first), count, 0,
                                       matrix.columns);
                    });
  }

  KernelBuilder &kernel;
  const LayerSpec &spec;
  const GradientPlan &plan;
  const GradientSchedule &schedule;
  func::FuncOp function;
  const SumMatrix &matrix;
  PlanArrays x, gradY;
  KernelArray sums;
  SumPlanes planes;
};

} // namespace

EmittedKernel eqc::emitLaneSums(OpBuilder &builder, Location loc,
                                StringRef name, const LayerSpec &spec,
                                const GradientPlan &plan,
                                const GradientSchedule &schedule,
                                const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const SumMatrix matrix = sumMatrixOf(plan, schedule);
  func::FuncOp function = makeSumsFunction(kernel, name, matrix);
  LaneSumsEmitter(kernel, plan, schedule, function, matrix).emit();
  KernelRecord record = kernel.wholeRecord();
  record.lanes = schedule.lanes;
  return {function, record};
}
