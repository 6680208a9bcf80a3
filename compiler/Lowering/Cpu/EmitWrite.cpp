//===- EmitWrite.cpp - Output patterns as loops ---------------------------===//
//
// target[rows of the letters, c] += sign * node[kept letters, c].
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitWrite.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

static int64_t maxLetters(ArrayRef<const Walk *> walks) {
  size_t most = 0;
  for (const Walk *walk : walks)
    most = std::max(most, walk->kept.size() + walk->dropped.size());
  return static_cast<int64_t>(most);
}

WalkWriter::WalkWriter(KernelBuilder &kernel, ArrayRef<const Walk *> walks)
    : kernel(kernel), letters(maxLetters(walks)), entries(2 + 3 * letters),
      terms(3) {
  for (const Walk *walk : walks) {
    const int64_t firstTerm = terms.size();
    for (const WalkTerm &term : walk->terms) {
      terms.addRow({term.rowOffset, term.innerOffset, Poly(term.sign)});
      signedTerms |= term.sign < 0;
    }
    std::vector<Poly> row{Poly(firstTerm), Poly(terms.size())};
    std::vector<Letter> all = walk->kept;
    all.insert(all.end(), walk->dropped.begin(), walk->dropped.end());
    all.resize(letters, Letter{Poly(1), Poly(), Poly()});
    for (const Letter &letter : all)
      row.insert(row.end(),
                 {letter.extent, letter.rowStride, letter.innerStride});
    entries.addRow(std::move(row));
  }
  entries.materialize(kernel);
  terms.materialize(kernel);
}

void WalkWriter::emit(Value walk, const KernelArray &source,
                      std::pair<Value, Value> sourceAt, KernelArray &target,
                      std::pair<Value, Value> targetAt) {
  kernel.forRange(target, entries.get(kernel, walk, 0),
                  entries.get(kernel, walk, 1), 1, [&](Value term) {
                    emitTerm(walk, term, source, sourceAt, target, targetAt);
                  });
}

void WalkWriter::emitTerm(Value walk, Value term, const KernelArray &source,
                          std::pair<Value, Value> sourceAt, KernelArray &target,
                          std::pair<Value, Value> targetAt) {
  SmallVector<Value> extents;
  for (int64_t a = 0; a < letters; ++a)
    extents.push_back(entries.get(kernel, walk, 2 + 3 * a));
  Value negative;
  if (signedTerms)
    negative =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::slt,
                              terms.get(kernel, term, 2), kernel.index(0));
  Value targetBase = kernel.add(targetAt.second, terms.get(kernel, term, 0));
  Value sourceBase = kernel.add(sourceAt.second, terms.get(kernel, term, 1));
  kernel.forNest(target, extents, [&](ArrayRef<Value> index) {
    Value targetRow = targetBase, sourceRow = sourceBase;
    for (int64_t a = 0; a < letters; ++a) {
      targetRow = kernel.add(
          targetRow,
          kernel.mul(index[a], entries.get(kernel, walk, 3 + 3 * a)));
      sourceRow = kernel.add(
          sourceRow,
          kernel.mul(index[a], entries.get(kernel, walk, 4 + 3 * a)));
    }
    kernel.forColumnChunks(
        target, target.channels, 4,
        [&](Value column, int64_t width, int64_t valid) {
          addRow(source, source.position(sourceAt.first, sourceRow), target,
                 target.position(targetAt.first, targetRow), column, width,
                 valid, negative);
        });
  });
}

void WalkWriter::addRow(const KernelArray &source, ValueRange sourceRow,
                        KernelArray &target, ValueRange targetRow, Value column,
                        int64_t width, int64_t valid, Value negative) {
  OpBuilder &b = kernel.b;
  Value term = kernel.readRow(source.tensor, sourceRow, column, width,
                              source.present(width, valid));
  Value old = kernel.readRow(target.tensor, targetRow, column, width,
                             target.present(width, valid));
  Value sum = arith::AddFOp::create(b, kernel.loc, old, term);
  if (negative) {
    Value difference = arith::SubFOp::create(b, kernel.loc, old, term);
    sum = arith::SelectOp::create(b, kernel.loc, negative, difference, sum);
  }
  target.tensor = kernel.writeRow(sum, target.tensor, targetRow, column,
                                  target.present(width, valid));
}

void eqc::emitWrite(KernelBuilder &kernel, PlanArrays &arrays,
                    const WriteStage &stage) {
  std::vector<const Walk *> walks;
  for (const WriteEntry &entry : stage.entries)
    walks.push_back(&entry.walk);
  WalkWriter writer(kernel, walks);
  KernelArray &target = arrays[stage.target];
  const KernelArray &source = arrays[PlanArray::Nodes];
  // Walks meet in the same rows of the target: parts cannot share them.
  kernel.inFirstPart(target, [&] {
    kernel.forRange(target, kernel.count(), [&](Value sample) {
      Value targetSample = kernel.sampleOf(target, sample);
      kernel.forRange(target, kernel.index(writer.size()), [&](Value walk) {
        writer.emit(walk, source, {sample, kernel.index(0)}, target,
                    {targetSample, kernel.index(0)});
      });
    });
  });
}
