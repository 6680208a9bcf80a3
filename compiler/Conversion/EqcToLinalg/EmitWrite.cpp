//===- EmitWrite.cpp - Output patterns as loops ---------------------------===//
//
// target[rows of the letters, c] += sign * node[kept letters, c].
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// One stage of writes. Fields of the entry table: first term, first past the
/// end, then extent, target stride and source stride of every letter, padded
/// with letters of extent 1. Fields of the term table: target and source
/// offset, sign.
class WriteEmitter {
public:
  WriteEmitter(KernelBuilder &kernel, const WriteStage &stage)
      : kernel(kernel), stage(stage), letters(maxLetters(stage)),
        entries(2 + 3 * letters), terms(3),
        source(kernel.array(PlanArray::Nodes)),
        target(kernel.array(stage.target)) {
    int64_t firstTerm = 0;
    for (const WriteEntry &entry : stage.entries) {
      const int64_t numTerms = static_cast<int64_t>(entry.walk.terms.size());
      std::vector<Poly> row{Poly(firstTerm), Poly(firstTerm + numTerms)};
      std::vector<Letter> all = entry.walk.kept;
      all.insert(all.end(), entry.walk.dropped.begin(),
                 entry.walk.dropped.end());
      all.resize(letters, Letter{Poly(1), Poly(), Poly()});
      for (const Letter &letter : all)
        row.insert(row.end(),
                   {letter.extent, letter.rowStride, letter.innerStride});
      entries.addRow(std::move(row));
      for (const WalkTerm &term : entry.walk.terms) {
        terms.addRow({term.rowOffset, term.innerOffset, Poly(term.sign)});
        signedTerms |= term.sign < 0;
      }
      firstTerm += numTerms;
    }
    entries.materialize(kernel);
    terms.materialize(kernel);
  }

  void emit() {
    kernel.forRange(target, kernel.count, [&](Value sample) {
      kernel.forRange(target, kernel.index(stage.entries.size()), [&](Value e) {
        kernel.forRange(target, entries.get(kernel, e, 0),
                        entries.get(kernel, e, 1), 1,
                        [&](Value term) { emitTerm(e, term, sample); });
      });
    });
  }

private:
  static int64_t maxLetters(const WriteStage &stage) {
    size_t most = 0;
    for (const WriteEntry &entry : stage.entries)
      most = std::max(most, entry.walk.kept.size() + entry.walk.dropped.size());
    return static_cast<int64_t>(most);
  }

  void emitTerm(Value e, Value term, Value sample) {
    SmallVector<Value> extents;
    for (int64_t a = 0; a < letters; ++a)
      extents.push_back(entries.get(kernel, e, 2 + 3 * a));
    Value negative;
    if (signedTerms)
      negative =
          arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::slt,
                                terms.get(kernel, term, 2), kernel.index(0));
    Value targetBase = terms.get(kernel, term, 0);
    Value sourceBase = terms.get(kernel, term, 1);
    Value targetSample = kernel.sampleIndex(stage.target, sample);
    kernel.forNest(target, extents, [&](ArrayRef<Value> index) {
      Value targetRow = targetBase, sourceRow = sourceBase;
      for (int64_t a = 0; a < letters; ++a) {
        targetRow = kernel.add(
            targetRow, kernel.mul(index[a], entries.get(kernel, e, 3 + 3 * a)));
        sourceRow = kernel.add(
            sourceRow, kernel.mul(index[a], entries.get(kernel, e, 4 + 3 * a)));
      }
      kernel.forColumnChunks(target, target.channels, 4,
                             [&](Value column, int64_t width, int64_t valid) {
                               addRow({targetSample, targetRow},
                                      {sample, sourceRow}, column, width, valid,
                                      negative);
                             });
    });
  }

  void addRow(ArrayRef<Value> targetRow, ArrayRef<Value> sourceRow,
              Value column, int64_t width, int64_t valid, Value negative) {
    OpBuilder &b = kernel.b;
    Value term = kernel.readRow(source.tensor, sourceRow, column, width, width);
    // Scratch rows are whole vectors; only rows of y end within one.
    const int64_t written = target.columns == target.channels ? valid : width;
    Value old =
        kernel.readRow(target.tensor, targetRow, column, width, written);
    Value sum = arith::AddFOp::create(b, kernel.loc, old, term);
    if (negative) {
      Value difference = arith::SubFOp::create(b, kernel.loc, old, term);
      sum = arith::SelectOp::create(b, kernel.loc, negative, difference, sum);
    }
    target.tensor =
        kernel.writeRow(sum, target.tensor, targetRow, column, written);
  }

  KernelBuilder &kernel;
  const WriteStage &stage;
  int64_t letters;
  KernelTable entries, terms;
  bool signedTerms = false;
  KernelArray &source, &target;
};

} // namespace

void eqc::emitWrite(KernelBuilder &kernel, const WriteStage &stage) {
  WriteEmitter(kernel, stage).emit();
}
