//===- StrandSpread.cpp - Rows of strands in Fourier space ----------------===//

#include "compiler/Lowering/Cpu/StrandSpread.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace eqc;
using namespace mlir;

KernelArray eqc::scratchOfSlots(KernelBuilder &kernel, int64_t slots,
                                int64_t rows, int64_t channels,
                                int64_t columns) {
  OpBuilder::InsertionGuard guard(kernel.b);
  // Scratch belongs to the function; stages are inside its phases.
  Operation *parent = kernel.b.getInsertionBlock()->getParentOp();
  auto function = isa<func::FuncOp>(parent)
                      ? cast<func::FuncOp>(parent)
                      : parent->getParentOfType<func::FuncOp>();
  kernel.b.setInsertionPointToStart(&function.front());
  return kernel.scratch(kernel.index(kernel.parts() * slots), Poly(rows),
                        channels, columns);
}

Value eqc::rowOfLetters(KernelBuilder &kernel, Value offset,
                        ArrayRef<Value> letter,
                        const std::vector<int> &permutation,
                        function_ref<Value(int)> strideOf) {
  Value row = offset;
  for (size_t b = 0; b < letter.size(); ++b)
    row = kernel.add(
        row, kernel.mul(letter[permutation[b]], strideOf(static_cast<int>(b))));
  return row;
}

Value eqc::combineVectors(KernelBuilder &kernel, const Values &values,
                          function_ref<double(size_t)> factor) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto contract = arith::FastMathFlagsAttr::get(b.getContext(),
                                                arith::FastMathFlags::contract);
  Value sum;
  // Factors of one first, so that the sum starts without a product.
  for (bool plain : {true, false})
    for (size_t i = 0; i < values.size(); ++i) {
      const double f = factor(i);
      if (f == 0 || plain != (f == 1 || f == -1))
        continue;
      if (plain && sum && f > 0) {
        sum = arith::AddFOp::create(b, loc, sum, values[i]);
      } else if (plain && sum) {
        sum = arith::SubFOp::create(b, loc, sum, values[i]);
      } else if (plain && f > 0) {
        sum = values[i];
      } else {
        auto type = cast<VectorType>(values[i].getType());
        Value scale = arith::ConstantOp::create(
            b, loc,
            DenseElementsAttr::get(
                type, Attribute(b.getFloatAttr(kernel.element, f))));
        Value product =
            arith::MulFOp::create(b, loc, values[i], scale, contract);
        sum = sum ? arith::AddFOp::create(b, loc, sum, product, contract)
                        .getResult()
                  : product;
      }
    }
  return sum;
}

void eqc::prefetchRow(KernelBuilder &kernel, unsigned argument, Value sample,
                      Value row, int64_t channels, bool isWrite, bool soon) {
  for (int64_t column = 0; column < channels;
       column += Machine::lineElements(kernel.spec.elementSize()))
    prefetch(kernel, argument, {sample, row, kernel.index(column)}, isWrite,
             soon);
}

StrandSpread::StrandSpread(KernelBuilder &kernel,
                           const StrandTransform &transform, const Side &side,
                           int64_t rows, int64_t vectors)
    : kernel(kernel), transform(transform), side(side), vectors(vectors),
      sources(kernel, side.views.table) {
  const int64_t slots = numSources() * transform.slots;
  array = scratchOfSlots(kernel, slots, rows, side.channels, side.columns);
  first = kernel.mul(kernel.part(), kernel.index(slots));
}

Value StrandSpread::slotOf(Value source, Value slot) {
  return kernel.add(kernel.add(first, slot),
                    kernel.mul(source, kernel.index(transform.slots)));
}

Value StrandSpread::sourceRow(Value source, ArrayRef<Value> letter,
                              const std::vector<int> &permutation) {
  return rowOfLetters(kernel, sources.get(kernel, source, StrandViews::kOffset),
                      letter, permutation, [&](int b) {
                        return sources.get(kernel, source,
                                           StrandViews::kStrides + b);
                      });
}

void StrandSpread::spreadRow(Value sample, Value source, Value row,
                             ArrayRef<Value> letter) {
  kernel.forColumnChunks(array, side.channels, vectors,
                         [&](Value column, int64_t width, int64_t valid) {
                           spreadColumns(sample, source, row, letter,
                                         {column, width, valid});
                         });
}

/// One over the number of orders of the letters that are the same.
Value StrandSpread::shareOfOrders(ArrayRef<Value> letter) {
  OpBuilder &b = kernel.b;
  auto equal = [&](int l) -> Value {
    return arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::eq,
                                 letter[l], letter[l + 1]);
  };
  auto choose = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, kernel.loc, condition, yes, no);
  };
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, kernel.loc,
                                     b.getFloatAttr(kernel.element, value));
  };
  Value first = equal(0);
  if (letter.size() == 2)
    return choose(first, constant(1.0 / 2), constant(1));
  Value second = equal(1);
  return choose(first, choose(second, constant(1.0 / 6), constant(1.0 / 2)),
                choose(second, constant(1.0 / 2), constant(1)));
}

void StrandSpread::spreadColumns(Value sample, Value source, Value row,
                                 ArrayRef<Value> letter,
                                 const Columns &columns) {
  // All sources of a stage may not lie in the same array.
  auto read = [&](PlanArray from) {
    const KernelArray &array = side.arrays[from];
    Values entries;
    for (const std::vector<int> &permutation : transform.permutations)
      entries.push_back(
          kernel.readRow(array.tensor,
                         {kernel.sampleOf(array, sample),
                          sourceRow(source, letter, permutation)},
                         columns.first, columns.width,
                         array.present(columns.width, columns.valid)));
    return entries;
  };
  const Value share = side.eachOnce ? shareOfOrders(letter) : Value();
  auto write = [&](const Values &entries) {
    for (int s = 0; s < transform.slots; ++s) {
      Value value = combineVectors(
          kernel, entries, [&](size_t p) { return transform.matrix[s][p]; });
      if (share)
        value = scaleVector(kernel, value, share);
      array.tensor = kernel.writeRow(value, array.tensor,
                                     {slotOf(source, kernel.index(s)), row},
                                     columns.first, columns.width);
    }
  };
  const int64_t inputs = side.views.inputs;
  if (inputs == 0 || inputs == sources.size())
    return write(read(inputs > 0 ? PlanArray::Input : PlanArray::Stored));
  Value fromInput =
      arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::slt,
                            source, kernel.index(inputs));
  kernel.ifElse(
      array, fromInput, [&] { write(read(PlanArray::Input)); },
      [&] { write(read(PlanArray::Stored)); });
}

void StrandSpread::prefetch(Value sample, ArrayRef<Value> letter) {
  const KernelArray &x = side.arrays[PlanArray::Input];
  for (int64_t source = 0; source < side.views.inputs; ++source)
    for (const std::vector<int> &permutation : transform.permutations)
      prefetchRow(kernel, side.argument, kernel.sampleOf(x, sample),
                  sourceRow(kernel.index(source), letter, permutation),
                  x.channels, /*isWrite=*/false, /*soon=*/true);
}

void StrandSpread::prefetchNext(Value sample, Value row, int64_t count,
                                int64_t bytesOfTwo) {
  const KernelArray &x = side.arrays[PlanArray::Input];
  const int64_t rowBytes = x.channels * kernel.spec.elementSize();
  // What does not fit beside this sample is not fetched, and the rest as late
  // as it can be.
  Value total = kernel.poly(x.rows);
  Value skipped = kernel.max(kernel.index(0),
                             kernel.sub(kernel.add(total, total),
                                        kernel.index(bytesOfTwo / rowBytes)));
  Value next = kernel.add(kernel.sampleOf(x, sample), kernel.index(1));
  Value first =
      kernel.sub(kernel.mul(row, kernel.index(transform.slots)), skipped);
  auto fetch = [&] {
    for (int64_t r = 0; r < count * transform.slots; ++r)
      prefetchRow(kernel, side.argument, next,
                  kernel.add(first, kernel.index(r)), x.channels,
                  /*isWrite=*/false, /*soon=*/false);
  };
  if (isZeroInteger(skipped))
    return fetch();
  Value late = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::sge, first, kernel.index(0));
  kernel.onlyIf(late, fetch);
}
