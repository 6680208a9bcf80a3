//===- EmitRead.cpp - Input patterns as loops -----------------------------===//
//
// stored[pattern, j.., c] = scale * sum over the dropped letter and the terms
// of
// +-source[rows of j.., c]; vectors run along the channels.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Sweep.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <cassert>

using namespace eqc;
using namespace mlir;

namespace {

/// One stage of reads. Fields of the entry table: target offset, extent and
/// stride of the dropped letter, first term and first term past the end, then
/// the source stride of every kept letter. Fields of the term table: row
/// offset.
class ReadEmitter {
public:
  ReadEmitter(KernelBuilder &kernel, PlanArrays &arrays, const SharedPlan &plan,
              const ReadStage &stage)
      : kernel(kernel), plan(plan), stage(stage), entries(4 + stage.kept),
        terms(2), source(arrays[stage.source]),
        target(arrays[PlanArray::Stored]) {}

  void emit() {
    addTables();
    kernel.forShare(target, kernel.index(stage.entries.size()), [&](Value e) {
      kernel.forColumnChunks(target, source.channels, 4,
                             [&](Value column, int64_t width, int64_t valid) {
                               kernel.forRange(
                                   target, kernel.count(), [&](Value sample) {
                                     emitEntry(e, sample, column, width, valid);
                                   });
                             });
    });
  }

private:
  /// Terms of a group with the same sign as in every other group: the sum over
  /// a group is unrolled when there are at most two (Sp), else a loop.
  bool unrolled() const {
    const Walk &walk = stage.entries.front().walk;
    return walk.terms.size() <= 2 &&
           (walk.termsPerGroup == static_cast<int>(walk.terms.size()) ||
            walk.terms.front().sign == walk.terms.back().sign);
  }

  void addTables() {
    int64_t firstTerm = 0;
    for (const ReadEntry &entry : stage.entries) {
      const Walk &walk = entry.walk;
      assert(walk.dropped.size() <= 1 && "reads drop one letter at a time");
      std::vector<Poly> row{entry.target, Poly(1), Poly(), Poly(firstTerm)};
      if (!walk.dropped.empty()) {
        row[1] = walk.dropped[0].extent;
        row[2] = walk.dropped[0].rowStride;
      }
      for (const Letter &letter : walk.kept)
        row.push_back(letter.rowStride);
      entries.addRow(std::move(row));
      for (const WalkTerm &term : walk.terms)
        terms.addRow({term.rowOffset, Poly(term.sign)});
      firstTerm += static_cast<int64_t>(walk.terms.size());
    }
    entries.materialize(kernel);
    terms.materialize(kernel);
  }

  void emitEntry(Value e, Value sample, Value column, int64_t width,
                 int64_t valid) {
    // All entries of a stage have terms of the same shape.
    const Walk &shape = stage.entries.front().walk;
    const int64_t groups =
        static_cast<int64_t>(shape.terms.size()) / shape.termsPerGroup;
    SmallVector<Value> extents(stage.kept, kernel.poly(Poly::power(1)));
    const int64_t rows = rowsTogether(width);
    if (extents.empty() || rows == 1)
      return kernel.forNest(target, extents, [&](ArrayRef<Value> letters) {
        emitRows(e, sample, letters, 1, groups, column, width, valid);
      });
    // Several values of the last letter at once: independent sums hide the
    // latency of additions. The last step overlaps, which is harmless because
    // targets are written, not accumulated.
    Value last = extents.pop_back_val();
    kernel.forNest(target, extents, [&](ArrayRef<Value> prefix) {
      auto at = [&](Value letter, int64_t count) {
        SmallVector<Value> letters(prefix);
        letters.push_back(letter);
        emitRows(e, sample, letters, count, groups, column, width, valid);
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

  /// How many values of the last kept letter are summed at once.
  int64_t rowsTogether(int64_t width) const {
    if (!unrolled() || stage.kept == 0)
      return 1;
    const int64_t most = std::max<int64_t>(1, 8 / (width / kernel.lanes));
    return kernel.spec.dynamicN() ? most : std::min(most, kernel.spec.n);
  }

  /// Sums and writes `count` rows from `letters` on.
  void emitRows(Value e, Value sample, ArrayRef<Value> letters, int64_t count,
                int64_t groups, Value column, int64_t width, int64_t valid) {
    Value sourceRow = kernel.index(0);
    Value targetRow = entries.get(kernel, e, 0);
    const std::vector<Poly> inner = rowMajorStrides(stage.kept, groups);
    for (int a = 0; a < stage.kept; ++a) {
      sourceRow = kernel.add(
          sourceRow, kernel.mul(letters[a], entries.get(kernel, e, 4 + a)));
      targetRow =
          kernel.add(targetRow, kernel.mul(letters[a], kernel.poly(inner[a])));
    }
    Value sourceSample = kernel.sampleOf(source, sample);
    kernel.forRange(target, kernel.index(groups), [&](Value group) {
      Values sums = emitSums(e, group, sourceSample, sourceRow, count, column,
                             width, valid);
      Value row = kernel.add(targetRow, group);
      for (Value sum : sums) {
        target.tensor =
            kernel.writeRow(sum, target.tensor, {sample, row}, column, width);
        row = kernel.add(row, kernel.index(groups));
      }
    });
  }

  Values emitSums(Value e, Value group, Value sourceSample, Value sourceRow,
                  int64_t count, Value column, int64_t width, int64_t valid) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    const Walk &shape = stage.entries.front().walk;
    const int64_t perGroup = shape.termsPerGroup;
    Value firstTerm = kernel.add(entries.get(kernel, e, 3),
                                 kernel.mul(group, kernel.index(perGroup)));
    Value extent = entries.get(kernel, e, 1);
    Value stride = entries.get(kernel, e, 2);
    Value step = count > 1 ? entries.get(kernel, e, 3 + stage.kept) : Value();
    auto read = [&](Value term, Value q, int64_t r) {
      Value row = kernel.add(kernel.add(sourceRow, terms.get(kernel, term, 0)),
                             kernel.mul(q, stride));
      if (r > 0)
        row = kernel.add(row, kernel.mul(step, kernel.index(r)));
      return kernel.readRow(source.tensor, {sourceSample, row}, column, width,
                            valid);
    };
    const bool scaled = plan.mean && stage.entries.front().divisions > 0;
    const MeanFactors mean = scaled ? meanFactors(kernel) : MeanFactors();
    auto addRow = [&](Value sum, Value row, bool negative) -> Value {
      if (scaled)
        return addScaled(kernel, sum, row,
                         negative ? arith::NegFOp::create(b, loc, mean.term)
                                  : mean.term);
      if (negative)
        return arith::SubFOp::create(b, loc, sum, row);
      return arith::AddFOp::create(b, loc, sum, row);
    };
    auto addTerms = [&](Value q, int64_t r, Value sum) {
      for (int64_t i = 0; i < perGroup; ++i)
        sum = addRow(sum, read(kernel.add(firstTerm, kernel.index(i)), q, r),
                     shape.terms[i].sign < 0);
      return sum;
    };
    Values sums(count, kernel.zeroVector(kernel.vectorType(width)));
    const Poly most = shape.dropped.empty() ? Poly(1) : shape.dropped[0].extent;
    if (unrolled() && stage.kept == 0) {
      sums.front() = sumOfOne(
          extent, most, perGroup, sums.front(),
          [&](Value q, Value partial) { return addTerms(q, 0, partial); });
    } else if (unrolled()) {
      sums = emitLongSums(kernel, extent, most, perGroup, sums,
                          [&](Value q, Values partial) {
                            for (int64_t r = 0; r < count; ++r)
                              partial[r] = addTerms(q, r, partial[r]);
                            return partial;
                          });
    } else {
      sums = emitLongSums(kernel, kernel.index(perGroup), Poly(perGroup), 1,
                          sums, [&](Value i, Values partial) {
                            Value term = kernel.add(firstTerm, i);
                            Value row = read(term, kernel.index(0), 0);
                            Value negative = arith::CmpIOp::create(
                                b, loc, arith::CmpIPredicate::slt,
                                terms.get(kernel, term, 1), kernel.index(0));
                            Value &sum = partial.front();
                            sum = arith::SelectOp::create(
                                b, loc, negative, addRow(sum, row, true),
                                addRow(sum, row, false));
                            return partial;
                          });
    }
    if (scaled)
      for (Value &sum : sums)
        sum = scaleVector(kernel, sum, mean.sum);
    return sums;
  }

  /// The sum over a letter where no other row is there to be summed meanwhile:
  /// several sums of every fourth value hide the latency of additions.
  Value sumOfOne(Value extent, const Poly &most, int64_t termsEach, Value zero,
                 function_ref<Value(Value, Value)> add) {
    constexpr int64_t together = 4;
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
  const SharedPlan &plan;
  const ReadStage &stage;
  IndexTable entries, terms;
  KernelArray &source, &target;
};

} // namespace

void eqc::emitRead(KernelBuilder &kernel, PlanArrays &arrays,
                   const SharedPlan &plan, const ReadStage &stage) {
  auto oneByOne = [&] { ReadEmitter(kernel, arrays, plan, stage).emit(); };
  if (!Sweep::serves(plan, stage))
    return oneByOne();
  // Parts share the entries; whoever has all of them takes one pass.
  kernel.ifElse(
      arrays[PlanArray::Stored], kernel.allPhases(),
      [&] { Sweep(kernel, arrays, plan, stage).emit(); }, oneByOne);
}
