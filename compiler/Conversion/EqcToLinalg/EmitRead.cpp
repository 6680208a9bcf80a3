//===- EmitRead.cpp - Input patterns as loops -----------------------------===//
//
// stored[pattern, j.., c] = scale * sum over the dropped letter and the terms
// of
// +-source[rows of j.., c]; vectors run along the channels.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

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
  ReadEmitter(KernelBuilder &kernel, const SharedPlan &plan,
              const ReadStage &stage)
      : kernel(kernel), plan(plan), stage(stage), entries(4 + stage.kept),
        terms(2), source(kernel.array(stage.source)),
        target(kernel.array(PlanArray::Stored)) {}

  void emit() {
    addTables();
    kernel.forRange(target, kernel.index(stage.entries.size()), [&](Value e) {
      kernel.forColumnChunks(target, source.channels, 4,
                             [&](Value column, int64_t width, int64_t valid) {
                               kernel.forRange(
                                   target, kernel.count, [&](Value sample) {
                                     emitEntry(e, sample, column, width, valid);
                                   });
                             });
    });
  }

private:
  /// Terms of a group with the same sign as in every other group: the sum over
  /// a group is unrolled when there are at most two (Sp), else a loop.
  bool unrolled() const {
    return stage.entries.front().walk.termsPerGroup <= 2 &&
           stage.entries.front().walk.terms.size() <= 2;
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
    const SmallVector<Value> extents(stage.kept, kernel.poly(Poly::power(1)));
    // All entries of a stage have terms of the same shape.
    const Walk &shape = stage.entries.front().walk;
    const int64_t groups =
        static_cast<int64_t>(shape.terms.size()) / shape.termsPerGroup;
    kernel.forNest(target, extents, [&](ArrayRef<Value> letters) {
      Value sourceRow = kernel.sampleRow(stage.source, sample);
      Value targetRow = kernel.add(kernel.sampleRow(PlanArray::Stored, sample),
                                   entries.get(kernel, e, 0));
      const std::vector<Poly> inner = rowMajorStrides(stage.kept, groups);
      for (int a = 0; a < stage.kept; ++a) {
        sourceRow = kernel.add(
            sourceRow, kernel.mul(letters[a], entries.get(kernel, e, 4 + a)));
        targetRow = kernel.add(targetRow,
                               kernel.mul(letters[a], kernel.poly(inner[a])));
      }
      kernel.forRange(target, kernel.index(groups), [&](Value group) {
        Value sum = emitSum(e, group, sourceRow, column, width, valid);
        target.tensor = kernel.writeRow(
            sum, target.tensor, kernel.add(targetRow, group), column, width);
      });
    });
  }

  Value emitSum(Value e, Value group, Value sourceRow, Value column,
                int64_t width, int64_t valid) {
    OpBuilder &b = kernel.b;
    const int64_t perGroup = stage.entries.front().walk.termsPerGroup;
    Value firstTerm = kernel.add(entries.get(kernel, e, 3),
                                 kernel.mul(group, kernel.index(perGroup)));
    Value extent = entries.get(kernel, e, 1);
    Value stride = entries.get(kernel, e, 2);
    Value zero = kernel.zeroVector(kernel.vectorType(width));
    auto read = [&](Value term, Value q) {
      Value row = kernel.add(kernel.add(sourceRow, terms.get(kernel, term, 0)),
                             kernel.mul(q, stride));
      return kernel.readRow(source.tensor, row, column, width, valid);
    };
    Value sum;
    if (unrolled()) {
      sum = kernel.accumulate(
          kernel.index(0), extent, zero, [&](Value q, Value partial) {
            for (int64_t i = 0; i < perGroup; ++i) {
              Value row = read(kernel.add(firstTerm, kernel.index(i)), q);
              const bool negative =
                  stage.entries.front().walk.terms[i].sign < 0;
              partial = negative
                            ? arith::SubFOp::create(b, kernel.loc, partial, row)
                                  .getResult()
                            : arith::AddFOp::create(b, kernel.loc, partial, row)
                                  .getResult();
            }
            return partial;
          });
    } else {
      sum = kernel.accumulate(
          firstTerm, kernel.add(firstTerm, kernel.index(perGroup)), zero,
          [&](Value term, Value partial) {
            Value row = read(term, kernel.index(0));
            Value negative = arith::CmpIOp::create(
                b, kernel.loc, arith::CmpIPredicate::slt,
                terms.get(kernel, term, 1), kernel.index(0));
            Value added = arith::AddFOp::create(b, kernel.loc, partial, row);
            Value subtracted =
                arith::SubFOp::create(b, kernel.loc, partial, row);
            return arith::SelectOp::create(b, kernel.loc, negative, subtracted,
                                           added)
                .getResult();
          });
    }
    if (plan.mean && stage.entries.front().divisions > 0) {
      Value scale = vector::BroadcastOp::create(b, kernel.loc, sum.getType(),
                                                kernel.inverseOfN());
      sum = arith::MulFOp::create(b, kernel.loc, sum, scale);
    }
    return sum;
  }

  KernelBuilder &kernel;
  const SharedPlan &plan;
  const ReadStage &stage;
  KernelTable entries, terms;
  KernelArray &source, &target;
};

} // namespace

void eqc::emitRead(KernelBuilder &kernel, const SharedPlan &plan,
                   const ReadStage &stage) {
  ReadEmitter(kernel, plan, stage).emit();
}
