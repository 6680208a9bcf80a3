//===- EmitWrite.cpp - Output patterns as loops ---------------------------===//
//
// target[rows of the letters, c] += sign * node[kept letters, c].
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/EmitSegments.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

WalkWriter::WalkWriter(KernelBuilder &kernel, const WalkNest &nest)
    : kernel(kernel), letters(nest.letters), hasSigns(nest.hasSigns),
      walks(kernel, nest.walks), terms(kernel, nest.terms) {}

void WalkWriter::emit(Value walk, const KernelArray &source,
                      std::pair<Value, Value> sourceAt, KernelArray &target,
                      std::pair<Value, Value> targetAt) {
  kernel.forRange(target, walks.get(kernel, walk, WalkNest::kFirstTerm),
                  walks.get(kernel, walk, WalkNest::kEndTerm), 1,
                  [&](Value term) {
                    emitTerm(walk, term, source, sourceAt, target, targetAt);
                  });
}

void WalkWriter::emitTerm(Value walk, Value term, const KernelArray &source,
                          std::pair<Value, Value> sourceAt, KernelArray &target,
                          std::pair<Value, Value> targetAt) {
  auto field = [&](Value walk, int64_t letter, WalkNest::LetterField field) {
    return walks.get(kernel, walk, WalkNest::fieldOf(letter, field));
  };
  SmallVector<Value> extents;
  for (int64_t a = 0; a < letters; ++a)
    extents.push_back(field(walk, a, WalkNest::kExtent));
  Value negative;
  if (hasSigns)
    negative = arith::CmpIOp::create(
        kernel.b, kernel.loc, arith::CmpIPredicate::slt,
        terms.get(kernel, term, WalkNest::kSign), kernel.index(0));
  Value targetBase = kernel.add(
      targetAt.second, terms.get(kernel, term, WalkNest::kTargetOffset));
  Value sourceBase = kernel.add(
      sourceAt.second, terms.get(kernel, term, WalkNest::kSourceOffset));
  kernel.forNest(target, extents, [&](ArrayRef<Value> index) {
    Value targetRow = targetBase, sourceRow = sourceBase;
    for (int64_t a = 0; a < letters; ++a) {
      targetRow = kernel.add(
          targetRow,
          kernel.mul(index[a], field(walk, a, WalkNest::kTargetStride)));
      sourceRow = kernel.add(
          sourceRow,
          kernel.mul(index[a], field(walk, a, WalkNest::kSourceStride)));
    }
    kernel.forColumnChunks(
        target, target.channels, kRowVectors,
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
  KernelArray &target = arrays[stage.target];
  const KernelArray &source = arrays[PlanArray::Nodes];
  for (const WriteEntry &entry : stage.entries)
    if (!entry.walk.isUneven)
      walks.push_back(&entry.walk);
  // Parts have rows of their own only where there is one list of them.
  const bool shares = walks.empty() && stage.entries.size() == 1;
  for (const WriteEntry &entry : stage.entries) {
    auto emit = [&] {
      emitSegments(kernel, source, target, SegmentNest(entry, kernel.spec.n),
                   shares);
    };
    if (!entry.walk.isUneven)
      continue;
    if (shares)
      emit();
    else
      kernel.inFirstPart(target, emit);
  }
  if (walks.empty())
    return;
  WalkWriter writer(kernel, WalkNest(walks));
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
