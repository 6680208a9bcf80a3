//===- EmitRead.cpp - Input patterns as loops -----------------------------===//
//
// stored[pattern, j.., c] = scale * sum over the dropped letter and the terms
// of
// +-source[rows of j.., c]; vectors run along the channels.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/EmitSegments.h"
#include "compiler/Lowering/Cpu/Extremes.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Sweep.h"
#include "compiler/Lowering/Nests/ReadNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

class ReadEmitter {
public:
  ReadEmitter(KernelBuilder &kernel, PlanArrays &arrays, const ReadNest &nest,
              const ReadSchedule &schedule)
      : kernel(kernel), nest(nest), schedule(schedule),
        entries(kernel, nest.entries), terms(kernel, nest.terms),
        source(arrays[nest.source]), target(arrays[PlanArray::Stored]) {}

  void emit() {
    kernel.forShare(target, kernel.index(entries.size()), [&](Value e) {
      kernel.forColumnChunks(target, source.channels, kRowVectors,
                             [&](Value column, int64_t width, int64_t valid) {
                               kernel.forRange(
                                   target, kernel.count(), [&](Value sample) {
                                     emitEntry(e, sample, column, width, valid);
                                   });
                             });
    });
  }

private:
  void emitEntry(Value e, Value sample, Value column, int64_t width,
                 int64_t valid) {
    SmallVector<Value> extents;
    for (const Axis &axis : nest.kept)
      extents.push_back(kernel.poly(axis.extent));
    const int64_t rows = schedule.rows(width / kernel.lanes);
    if (extents.empty() || rows == 1)
      return kernel.forNest(target, extents, [&](ArrayRef<Value> letters) {
        emitRows(e, sample, letters, 1, column, width, valid);
      });
    // Several values of the last letter at once: independent sums hide the
    // latency of additions. The last step overlaps, which is harmless because
    // targets are written, not accumulated.
    Value last = extents.pop_back_val();
    kernel.forNest(target, extents, [&](ArrayRef<Value> prefix) {
      auto at = [&](Value letter, int64_t count) {
        SmallVector<Value> letters(prefix);
        letters.push_back(letter);
        emitRows(e, sample, letters, count, column, width, valid);
      };
      auto together = [&] {
        Value lastStart = kernel.sub(last, kernel.index(rows));
        kernel.forRange(target, kernel.index(0), last, rows,
                        [&](Value i) { at(kernel.min(i, lastStart), rows); });
      };
      if (!kernel.spec.dynamicN())
        return together();
      Value enough =
          arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::sge,
                                last, kernel.index(rows));
      kernel.ifElse(target, enough, together, [&] {
        kernel.forRange(target, last, [&](Value i) { at(i, 1); });
      });
    });
  }

  /// Sums and writes `count` rows from `letters` on.
  void emitRows(Value e, Value sample, ArrayRef<Value> letters, int64_t count,
                Value column, int64_t width, int64_t valid) {
    Value sourceRow = kernel.index(0);
    Value targetRow = entries.get(kernel, e, ReadNest::kTarget);
    for (size_t a = 0; a < nest.kept.size(); ++a) {
      sourceRow = kernel.add(
          sourceRow,
          kernel.mul(letters[a],
                     entries.get(kernel, e, ReadNest::kStrides + a)));
      targetRow =
          kernel.add(targetRow, kernel.mul(letters[a],
                                           kernel.poly(nest.targetStrides[a])));
    }
    Value sourceSample = kernel.sampleOf(source, sample);
    kernel.forRange(target, kernel.index(nest.groups), [&](Value group) {
      Values sums = emitSums(e, group, sourceSample, sourceRow, count, column,
                             width, valid);
      Value row = kernel.add(targetRow, group);
      for (Value sum : sums) {
        target.tensor =
            kernel.writeRow(sum, target.tensor, {sample, row}, column, width);
        row = kernel.add(row, kernel.index(nest.groups));
      }
    });
  }

  /// Where the rows of a group of an entry lie in the source.
  struct Group {
    Value sample, row;
    Value firstTerm;
    Value extent, stride; ///< of the dropped letter
    Value step;           ///< to the next row; null for one row
    Value column;
    int64_t width, valid;
    MeanFactors mean;
  };

  Value readRow(const Group &group, Value term, Value q, int64_t r) {
    Value row = kernel.add(
        kernel.add(group.row, terms.get(kernel, term, ReadNest::kRowOffset)),
        kernel.mul(q, group.stride));
    if (r > 0)
      row = kernel.add(row, kernel.mul(group.step, kernel.index(r)));
    return kernel.readRow(source.tensor, {group.sample, row}, group.column,
                          group.width, group.valid);
  }

  Value addRow(const Group &group, Value sum, Value row, bool negative) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    if (nest.mean)
      return addScaled(kernel, sum, row,
                       negative ? arith::NegFOp::create(b, loc, group.mean.term)
                                : group.mean.term);
    if (negative)
      return arith::SubFOp::create(b, loc, sum, row);
    return arith::AddFOp::create(b, loc, sum, row);
  }

  /// All terms of a group, written out, for value `q` of the dropped letter.
  Value addTerms(const Group &group, Value q, int64_t r, Value sum) {
    for (int64_t i = 0; i < nest.termsPerGroup; ++i)
      sum = addRow(
          group, sum,
          readRow(group, kernel.add(group.firstTerm, kernel.index(i)), q, r),
          nest.signs[i] < 0);
    return sum;
  }

  /// One term of a group whose sign is in the table.
  Value addTerm(const Group &group, Value i, Value sum) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    Value term = kernel.add(group.firstTerm, i);
    Value row = readRow(group, term, kernel.index(0), 0);
    Value negative = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::slt,
        terms.get(kernel, term, ReadNest::kSign), kernel.index(0));
    return arith::SelectOp::create(b, loc, negative,
                                   addRow(group, sum, row, true),
                                   addRow(group, sum, row, false));
  }

  Values emitSums(Value e, Value number, Value sourceSample, Value sourceRow,
                  int64_t count, Value column, int64_t width, int64_t valid) {
    const int64_t perGroup = nest.termsPerGroup;
    Group group{sourceSample, sourceRow, {},    {},    {},
                {},           column,    width, valid, MeanFactors()};
    group.firstTerm = kernel.add(entries.get(kernel, e, ReadNest::kFirstTerm),
                                 kernel.mul(number, kernel.index(perGroup)));
    group.extent = entries.get(kernel, e, ReadNest::kDroppedExtent);
    group.stride = entries.get(kernel, e, ReadNest::kDroppedStride);
    if (count > 1)
      group.step =
          entries.get(kernel, e, ReadNest::kStrides + nest.kept.size() - 1);
    if (nest.mean)
      group.mean = meanFactors(kernel, nest.values);
    if (nest.pool != Pool::Sum)
      return emitExtremes(group, count);
    Values sums(count, kernel.zeroVector(kernel.vectorType(width)));
    const Poly &most = nest.mostDropped;
    if (nest.inLine() && nest.kept.empty())
      sums.front() = sumOfOne(group.extent, most, perGroup, sums.front(),
                              [&](Value q, Value partial) {
                                return addTerms(group, q, 0, partial);
                              });
    else if (nest.inLine())
      sums = emitLongSums(kernel, group.extent, most, perGroup, sums,
                          [&](Value q, Values partial) {
                            for (int64_t r = 0; r < count; ++r)
                              partial[r] = addTerms(group, q, r, partial[r]);
                            return partial;
                          });
    else
      sums = emitLongSums(kernel, kernel.index(perGroup), Poly(perGroup), 1,
                          sums, [&](Value i, Values partial) {
                            partial.front() =
                                addTerm(group, i, partial.front());
                            return partial;
                          });
    if (nest.mean)
      for (Value &sum : sums)
        sum = scaleVector(kernel, sum, group.mean.sum);
    return sums;
  }

  /// The largest or smallest of the terms, which have no signs; there are some.
  Values emitExtremes(const Group &group, int64_t count) {
    const Values none(count, extremeOfNone(kernel, nest.pool,
                                           kernel.vectorType(group.width)));
    auto take = [&](Value q, Values partial) {
      for (int64_t r = 0; r < count; ++r)
        for (int64_t i = 0; i < nest.termsPerGroup; ++i)
          partial[r] = extremeOf(
              kernel, nest.pool, partial[r],
              readRow(group, kernel.add(group.firstTerm, kernel.index(i)), q,
                      r));
      return partial;
    };
    if (count > 1 || !nest.kept.empty())
      return kernel.accumulate(kernel.index(0), group.extent, none, take);
    // As for sums: several hide the latency of comparisons.
    constexpr int64_t together = ReadSchedule::kSumsOfOne;
    Values parts = kernel.accumulate(
        kernel.index(0), kernel.div(group.extent, together),
        Values(together, none.front()), [&](Value number, Values partial) {
          Value first = kernel.mul(number, kernel.index(together));
          for (int64_t i = 0; i < together; ++i)
            partial[i] =
                take(kernel.add(first, kernel.index(i)), {partial[i]}).front();
          return partial;
        });
    Value whole = kernel.sub(group.extent, kernel.rem(group.extent, together));
    Value all =
        kernel.accumulate(whole, group.extent, {none.front()}, take).front();
    for (Value part : parts)
      all = extremeOf(kernel, nest.pool, all, part);
    return {all};
  }

  /// The sum over a letter where no other row is there to be summed meanwhile:
  /// several sums, each of every so many-th value, hide the latency of
  /// additions.
  Value sumOfOne(Value extent, const Poly &most, int64_t termsEach, Value zero,
                 function_ref<Value(Value, Value)> add) {
    constexpr int64_t together = ReadSchedule::kSumsOfOne;
    if (!needsBlocks(kernel, most, termsEach * together))
      return emitLongSums(kernel, extent, most, termsEach, {zero},
                          [&](Value q, Values sum) {
                            return Values{add(q, sum.front())};
                          })
          .front();
    Values sums = emitLongSums(
        kernel, kernel.div(extent, together), most, termsEach,
        Values(together, zero), [&](Value number, Values partial) {
          Value first = kernel.mul(number, kernel.index(together));
          for (int64_t i = 0; i < together; ++i)
            partial[i] = add(kernel.add(first, kernel.index(i)), partial[i]);
          return partial;
        });
    Value whole = kernel.sub(extent, kernel.rem(extent, together));
    Value rest = kernel.accumulate(whole, extent, zero, add);
    auto plus = [&](Value x, Value y) -> Value {
      return arith::AddFOp::create(kernel.b, kernel.loc, x, y);
    };
    return plus(plus(plus(sums[0], sums[1]), plus(sums[2], sums[3])), rest);
  }

  KernelBuilder &kernel;
  const ReadNest &nest;
  const ReadSchedule &schedule;
  IndexTable entries, terms;
  KernelArray &source, &target;
};

} // namespace

void eqc::emitRead(KernelBuilder &kernel, PlanArrays &arrays,
                   const SharedPlan &plan, const ReadStage &stage,
                   const ReadSchedule &schedule) {
  if (stage.isUneven()) {
    for (const ReadEntry &entry : stage.entries)
      emitSegments(kernel, arrays[stage.source], arrays[PlanArray::Stored],
                   SegmentNest(entry, plan.n));
    return;
  }
  auto oneByOne = [&] {
    for (const ReadStage &part : partsOfOneShape(stage)) {
      const ReadNest nest(plan, part);
      ReadEmitter(kernel, arrays, nest, schedule).emit();
    }
  };
  if (!schedule.sweeps)
    return oneByOne();
  // Parts share the entries; whoever has all of them takes one pass.
  kernel.ifElse(
      arrays[PlanArray::Stored], kernel.allPhases(),
      [&] {
        Sweep(kernel, arrays, SweepNest(plan, stage), plan.storedRows).emit();
      },
      oneByOne);
}
