//===- EmitLanes.cpp - Samples in the lanes of vectors --------------------===//
//
// With few channels a vector of channels is mostly padding. A group of as many
// samples as a vector has lanes is transposed instead, so that a vector holds
// the same element of every sample, and all stages work on it as they are: each
// channel takes the place of a sample, and each sample that of a channel. Only
// the mix differs: it multiplies by single weights.
//
// The output goes to y some lines at a time, as soon as they are finished, and
// never lies in scratch as a whole.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitLanes.h"
#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/LaneMix.h"
#include "compiler/Lowering/Cpu/LaneTranspose.h"
#include "compiler/Lowering/Cpu/LineWriter.h"
#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Lowering/Cpu/Sweep.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// The kernel of one layer.
class LanesEmitter {
public:
  LanesEmitter(KernelBuilder &kernel, const SharedPlan &plan,
               const SharedSchedule &schedule, func::FuncOp function)
      : kernel(kernel), spec(kernel.spec), plan(plan), schedule(schedule),
        lanes(*schedule.lanes), function(function), firstSample(kernel.first()),
        outputRows(rowsOf(PlanArray::Output)),
        output(kernel, firstSample, spec.cOut, outputRows) {}

  void emit() {
    readInput();
    Value destination = flattenSamples(kernel, function.getArgument(kArgY));
    KernelArray y;
    y.tensor = argumentTensor(kernel, destination, true);
    int64_t firstTerm = 0;
    for (size_t i = firstStage; i < plan.stages.size(); ++i) {
      const SharedStage &stage = plan.stages[i];
      if (const auto *read = std::get_if<ReadStage>(&stage)) {
        KernelBuilder::BlockScope scope(kernel, channels(spec.cIn));
        emitRead(kernel, arrays, plan, *read, schedule.stages[i].read);
      } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
        const WriteStage *write = writeAfter(plan, i);
        KernelBuilder::BlockScope scope(kernel, channels(spec.cOut));
        emitMix(*mix, lanes.mixes[i], firstTerm, write, y);
        i += write ? 1 : 0;
        firstTerm += mix->terms();
      }
    }
    finishKernel(kernel, y.tensor, destination);
  }

private:
  /// Channels take the place of samples.
  SampleBlock channels(int64_t count) {
    return {kernel.index(0), kernel.index(count), kernel.index(-1),
            kernel.index(0)};
  }

  int64_t rowsOf(PlanArray which) const {
    return plan.rowsOf(which).at(spec.n);
  }

  void readInput() {
    // Planes a multiple of 4 KB apart would share their cache sets.
    KernelArray &planes = arrays[PlanArray::Input];
    planes = makeLaneArray(kernel, spec.cIn, rowsOf(PlanArray::Input) + 1);
    if (!plan.stored.empty())
      arrays[PlanArray::Stored] = makeLaneArray(
          kernel, spec.cIn, Sweep::rowsOfStored(kernel, plan).at(spec.n));
    if (!plan.nodes.empty())
      arrays[PlanArray::Nodes] =
          makeLaneArray(kernel, spec.cOut, rowsOf(PlanArray::Nodes));
    LaneTranspose input(kernel, firstSample, spec.cIn,
                        rowsOf(PlanArray::Input));
    if (spec.bias)
      arrays[PlanArray::Bias] = biasArray(kernel, function);
    Value x = argumentTensor(
        kernel, flattenSamples(kernel, function.getArgument(kArgX)), false);
    if (lanes.inputLines == 0)
      return input.load(x, kernel.index(0), rowsOf(PlanArray::Input), planes);
    ++firstStage;
    // Sums are taken while a piece is in the first-level cache.
    const std::vector<int64_t> lengths = lengthsOfInput(spec);
    const int64_t row = numPositions(lengths, 1);
    const auto &sums = std::get<ReadStage>(plan.stages.front());
    Sweep sweep(kernel, arrays, SweepNest(plan, sums), plan.storedRows);
    sweep.begin();
    forPieces({&planes, &arrays[PlanArray::Stored]}, lengths.front(),
              lanes.inputLines, [&](Value first, int64_t count) {
                input.load(x, kernel.mul(first, kernel.index(row)), count * row,
                           planes);
                sweep.add(first, count);
              });
    sweep.end();
  }

  /// Calls body(first, count) for pieces of `lines` lines, `piece` each but for
  /// the last one.
  void forPieces(ArrayRef<KernelArray *> threaded, int64_t lines, int64_t piece,
                 function_ref<void(Value, int64_t)> body) {
    const int64_t whole = lines / piece * piece;
    kernel.forRange(threaded, kernel.index(0), kernel.index(whole), piece,
                    [&](Value first) { body(first, piece); });
    if (whole < lines)
      body(kernel.index(whole), lines - whole);
  }

  void emitMix(const MixStage &mix, const LaneMixSchedule &how,
               int64_t firstTerm, const WriteStage *write, KernelArray &y) {
    if (how.lines > 0)
      return emitLines(mix, how, firstTerm, write, y);
    const bool last = mix.target == PlanArray::Output;
    if (last)
      arrays[PlanArray::Output] = output.makeElements(outputRows);
    const MixNest nest(mix, firstTerm);
    LaneMix(kernel, arrays, nest, how).emit();
    if (write)
      emitWrite(kernel, arrays, *write);
    if (last)
      output.store(arrays[PlanArray::Output], kernel.index(0), outputRows, y,
                   Value());
  }

  /// Rows of the output where the first axis is the same.
  int64_t lineRows() const { return numPositions(lengthsOfOutput(spec), 1); }
  int64_t outputLines() const { return lengthsOfOutput(spec).front(); }

  /// The stages that make the output, some lines at a time.
  void emitLines(const MixStage &stage, const LaneMixSchedule &how,
                 int64_t firstTerm, const WriteStage *write, KernelArray &y) {
    const int64_t row = lineRows();
    KernelArray &lines = arrays[PlanArray::Output];
    lines = output.makeElements(how.lines * row);
    const MixNest nest(stage, firstTerm);
    LaneMix mix(kernel, arrays, nest, how);
    LineWriter writer(kernel, arrays[PlanArray::Nodes], write);
    auto emitLinesFrom = [&](Value first, int64_t count) {
      Value firstRow = kernel.mul(first, kernel.index(row));
      fetchNext(lines, first, count);
      kernel.forRange(lines, first, kernel.add(first, kernel.index(count)), 1,
                      [&](Value line) {
                        mix.emitLine(line, firstRow);
                        writer.emit(line, first, lines);
                      });
      output.store(lines, firstRow, count * row, y,
                   flattenSamples(kernel, function.getArgument(kArgY)));
    };
    forPieces({&lines, &y}, outputLines(), how.lines, emitLinesFrom);
  }

  /// Fetches a share of the next group's samples: what belongs to lines first
  /// .. first+count-1, if they were spread evenly. Beyond the last sample this
  /// does nothing.
  void fetchNext(KernelArray &threaded, Value first, int64_t count) {
    const int64_t line = kLineBytes / spec.elementSize();
    const int64_t elements = rowsOf(PlanArray::Input) * spec.cIn * kernel.lanes;
    const int64_t all = line * outputLines();
    const int64_t perLine = (elements + all - 1) / all;
    Value x = flattenSamples(kernel, function.getArgument(kArgX));
    Value next = kernel.add(firstSample, kernel.index(kernel.lanes));
    Value lower = kernel.mul(first, kernel.index(perLine));
    const int64_t unrolled = std::min<int64_t>(8, perLine * count);
    kernel.forRange(
        threaded, lower, kernel.add(lower, kernel.index(perLine * count)),
        unrolled, [&](Value from) {
          for (int64_t i = 0; i < unrolled; ++i)
            memref::PrefetchOp::create(
                kernel.b, kernel.loc, x,
                ValueRange{next, kernel.mul(kernel.add(from, kernel.index(i)),
                                            kernel.index(line))},
                /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
        });
  }

  KernelBuilder &kernel;
  const LayerSpec &spec;
  const SharedPlan &plan;
  const SharedSchedule &schedule;
  const LanesSchedule &lanes;
  func::FuncOp function;
  PlanArrays arrays;
  Value firstSample;
  int64_t outputRows;
  LaneTranspose output;
  size_t firstStage = 0; ///< that is not done with the input
};

} // namespace

EmittedKernel eqc::emitLanesForward(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const SharedPlan &plan,
                                    const SharedSchedule &schedule,
                                    const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling tiling = columnTiling(spec, machine);
  const int64_t terms = static_cast<int64_t>(plan.packedOrder.size());
  func::FuncOp function = makeForwardFunction(
      kernel, name, {terms, tiling.tiles, spec.cIn, tiling.width});
  LanesEmitter(kernel, plan, schedule, function).emit();
  KernelRecord record = kernel.wholeRecord();
  record.lanes = schedule.lanes->samples;
  return {function, record};
}
