//===- Sweep.cpp - All sums over one axis of x in one pass ----------------===//
//
// An input pattern that drops one axis of x is a sum over that axis. Taken one
// by one each sum reads all of x again, and most walk it across its rows; here
// x is read once, in order, and every element is added to the sums over all
// axes. Each sum takes its terms in the order, and the blocks, in which
// EmitRead.cpp does, so both have the same bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Sweep.h"
#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

Sweep::Sweep(KernelBuilder &kernel, PlanArrays &arrays, const SweepNest &nest,
             const Poly &storedRows)
    : kernel(kernel), order(static_cast<int>(nest.axes.size())),
      rowStrides(nest.rowStrides), source(arrays[PlanArray::Input]),
      target(arrays[PlanArray::Stored]), blocks(mayNeedBlocks(kernel, nest)) {
  for (const Axis &axis : nest.axes)
    axisExtents.push_back(axis.extent);
  Poly next = storedRows;
  for (const SweepNest::Sum &each : nest.sums) {
    Sum sum;
    static_cast<SweepNest::Sum &>(sum) = each;
    if (sum.mean)
      sum.factors = factorsOf(sum.values);
    if (sum.axis + 1 == nest.axes.size()) {
      inner.push_back(std::move(sum));
      continue;
    }
    for (Poly *place : {&sum.total, &sum.rest}) {
      *place = next;
      next = next + nest.rowsOf(each);
    }
    outer.push_back(std::move(sum));
  }
}

Poly Sweep::rowsOfStored(const KernelBuilder &kernel, const SharedPlan &plan) {
  Poly rows = plan.storedRows;
  for (const SharedStage &stage : plan.stages) {
    const auto *read = std::get_if<ReadStage>(&stage);
    if (!read || !SweepNest::serves(plan, *read))
      continue;
    const SweepNest nest(plan, *read);
    if (mayNeedBlocks(kernel, nest))
      for (const SweepNest::Sum &sum : nest.sums)
        rows += nest.rowsOf(sum) * Poly(2);
  }
  return rows;
}

bool Sweep::mayNeedBlocks(const KernelBuilder &kernel, const SweepNest &nest) {
  return llvm::any_of(nest.axes, [&](const Axis &axis) {
    return needsBlocks(kernel, axis.extent);
  });
}

MeanFactors Sweep::factorsOf(const Poly &values) {
  for (const auto &[known, factors] : means)
    if (known == values)
      return factors;
  return means.emplace_back(values, meanFactors(kernel, values)).second;
}

void Sweep::emit() {
  kernel.forColumnChunks(
      target, source.channels, kRowVectors,
      [&](Value column, int64_t width, int64_t valid) {
        kernel.forRange(target, kernel.count(), [&](Value sample) {
          const Place at{sample, column, width, valid};
          clear(at);
          kernel.forNest(target, extents(0, order - 1),
                         [&](ArrayRef<Value> line) {
                           addLines(line.drop_back(), line.back(), 1, at);
                         });
          finish(at);
        });
      });
}

void Sweep::begin() {
  forChannels([&](const Place &at) { clear(at); });
}

void Sweep::add(Value first, int64_t count) {
  forChannels([&](const Place &at) {
    if (order == 2)
      return forLines(first, count, [&](Value line, int64_t together) {
        addLines({}, line, together, at);
      });
    Value end = kernel.add(first, kernel.index(count));
    kernel.forRange(target, first, end, 1, [&](Value i) {
      kernel.forNest(target, extents(1, order - 2), [&](ArrayRef<Value> rest) {
        SmallVector<Value> prefix{i};
        prefix.append(rest.begin(), rest.end());
        forLines(kernel.index(0), axisExtents[order - 2].at(kernel.spec.n),
                 [&](Value line, int64_t together) {
                   addLines(prefix, line, together, at);
                 });
      });
    });
  });
}

void Sweep::end() {
  forChannels([&](const Place &at) { finish(at); });
}

void Sweep::forChannels(function_ref<void(const Place &)> body) {
  kernel.forRange(target, kernel.index(kernel.spec.cIn), [&](Value channel) {
    body({channel, kernel.index(0), kernel.lanes, kernel.lanes});
  });
}

void Sweep::forLines(Value first, int64_t count,
                     function_ref<void(Value, int64_t)> body) {
  const int64_t whole = count / kSweepLines * kSweepLines;
  Value end = kernel.add(first, kernel.index(whole));
  if (whole > 0)
    kernel.forRange(target, first, end, kSweepLines,
                    [&](Value line) { body(line, kSweepLines); });
  if (whole < count)
    body(end, count - whole);
}

SmallVector<Value> Sweep::extents(int first, int end) const {
  SmallVector<Value> extents;
  for (int axis = first; axis < end; ++axis)
    extents.push_back(kernel.poly(axisExtents[axis]));
  return extents;
}

Value Sweep::rowOf(const Poly &offset, const std::vector<Poly> &strides,
                   ArrayRef<Value> index) const {
  Value row = kernel.poly(offset);
  for (auto [i, stride] : llvm::zip_equal(index, strides))
    row = kernel.add(row, kernel.mul(i, kernel.poly(stride)));
  return row;
}

Value Sweep::readAt(const Poly &offset, const Sum &sum, ArrayRef<Value> index,
                    const Place &at) const {
  return kernel.readRow(target.tensor,
                        {at.sample, rowOf(offset, sum.strides, index)},
                        at.column, at.width, at.width);
}

void Sweep::writeAt(const Poly &offset, Value value, const Sum &sum,
                    ArrayRef<Value> index, const Place &at) {
  target.tensor = kernel.writeRow(
      value, target.tensor, {at.sample, rowOf(offset, sum.strides, index)},
      at.column, at.width);
}

Value Sweep::scaled(const Sum &sum, Value value) const {
  return scaleVector(kernel, value, sum.factors.sum);
}

void Sweep::forRows(const Sum &sum, function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<Value> extentsOfOthers = extents(0, order);
  extentsOfOthers.erase(extentsOfOthers.begin() + sum.axis);
  kernel.forNest(target, extentsOfOthers, [&](ArrayRef<Value> others) {
    SmallVector<Value> index(others);
    index.insert(index.begin() + sum.axis, kernel.index(0));
    body(index);
  });
}

void Sweep::clear(const Place &at) {
  const VectorType type = kernel.vectorType(at.width);
  auto clearAt = [&](const Sum &sum, const Poly &offset) {
    forRows(sum, [&](ArrayRef<Value> index) {
      writeAt(offset, kernel.zeroVector(type), sum, index, at);
    });
  };
  for (const Sum &sum : outer)
    clearAt(sum, sum.target);
  ifBlocks([&] {
    for (const Sum &sum : outer)
      for (const Poly *offset : {&sum.total, &sum.rest})
        clearAt(sum, *offset);
  });
}

void Sweep::ifBlocks(function_ref<void()> body) {
  if (!blocks || outer.empty())
    return;
  if (!kernel.spec.dynamicN())
    return body();
  std::vector<Poly> extents; // each once
  for (const Sum &sum : outer)
    if (!llvm::is_contained(extents, axisExtents[sum.axis]))
      extents.push_back(axisExtents[sum.axis]);
  Value several;
  for (const Poly &extent : extents) {
    Value longer =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::sgt,
                              kernel.poly(extent), kernel.index(kTermsOfBlock));
    several = several
                  ? arith::OrIOp::create(kernel.b, kernel.loc, several, longer)
                  : longer;
  }
  kernel.ifElse(target, several, body, [] {});
}

LongSum Sweep::withBlock(const Sum &sum, ArrayRef<Value> index,
                         const Place &at) {
  return addBlock(
      kernel,
      {readAt(sum.total, sum, index, at), readAt(sum.rest, sum, index, at)},
      read(sum, index, at));
}

void Sweep::endBlocks(ArrayRef<Value> prefix, Value line, int64_t together,
                      const Place &at) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  for (const Sum &sum : outer) {
    // Lines are taken together from a multiple of their number on, so a block
    // never begins between them.
    const bool same = sum.axis + 2 == axisExtents.size();
    Value i = same ? line : prefix[sum.axis];
    Value begins =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                              kernel.rem(i, kTermsOfBlock), kernel.index(0));
    Value isLater = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, i,
                                          kernel.index(0));
    auto endBlock = [&] {
      kernel.forRange(target, kernel.poly(axisExtents.back()), [&](Value last) {
        for (int64_t k = 0; k < (same ? 1 : together); ++k) {
          SmallVector<Value> index(prefix);
          index.push_back(kernel.add(line, kernel.index(k)));
          index.push_back(last);
          LongSum total = withBlock(sum, index, at);
          writeAt(sum.total, total.sum, sum, index, at);
          writeAt(sum.rest, total.rest, sum, index, at);
          write(kernel.zeroVector(total.sum.getType()), sum, index, at);
        }
      });
    };
    kernel.ifElse(target, b.createOrFold<arith::AndIOp>(loc, begins, isLater),
                  endBlock, [] {});
  }
}

void Sweep::addLines(ArrayRef<Value> prefix, Value line, int64_t together,
                     const Place &at) {
  const VectorType type = kernel.vectorType(at.width);
  auto indexOf = [&](int64_t i, Value last) {
    SmallVector<Value> index(prefix);
    index.push_back(kernel.add(line, kernel.index(i)));
    index.push_back(last);
    return index;
  };
  if (blocks)
    endBlocks(prefix, line, together, at);
  // The sums over the last axis stay in registers.
  const Values zeros(together * inner.size(), kernel.zeroVector(type));
  Values sums = emitLongSums(
      kernel, kernel.poly(axisExtents.back()), axisExtents.back(), 1, zeros,
      [&](Value last, Values partial) {
        Values elements;
        for (int64_t i = 0; i < together; ++i)
          elements.push_back(readElement(indexOf(i, last), at));
        for (const Sum &sum : outer)
          addToOuter(sum, elements, indexOf, last, at);
        for (size_t i = 0; i < partial.size(); ++i)
          partial[i] =
              add(inner[i / together], partial[i], elements[i % together]);
        return partial;
      },
      {&target});
  for (size_t s = 0; s < inner.size(); ++s)
    for (int64_t i = 0; i < together; ++i) {
      Value sum = sums[s * together + i];
      write(inner[s].mean ? scaled(inner[s], sum) : sum, inner[s],
            indexOf(i, kernel.index(0)), at);
    }
}

void Sweep::addToOuter(const Sum &sum, ArrayRef<Value> elements,
                       function_ref<SmallVector<Value>(int64_t, Value)> indexOf,
                       Value last, const Place &at) {
  // Lines that follow each other are added to the same sum over their axis.
  const bool same = sum.axis + 2 == axisExtents.size();
  Value value;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!same || i == 0)
      value = read(sum, indexOf(i, last), at);
    value = add(sum, value, elements[i]);
    if (!same || i + 1 == elements.size())
      write(value, sum, indexOf(i, last), at);
  }
}

Value Sweep::add(const Sum &sum, Value value, Value element) const {
  if (sum.mean)
    return addScaled(kernel, value, element, sum.factors.term);
  return arith::AddFOp::create(kernel.b, kernel.loc, value, element);
}

Value Sweep::readElement(ArrayRef<Value> index, const Place &at) const {
  return kernel.readRow(
      source.tensor,
      {kernel.sampleOf(source, at.sample), rowOf(Poly(), rowStrides, index)},
      at.column, at.width, at.valid);
}

void Sweep::finish(const Place &at) {
  ifBlocks([&] {
    for (const Sum &sum : outer)
      forRows(sum, [&](ArrayRef<Value> index) {
        write(valueOf(kernel, withBlock(sum, index, at)), sum, index, at);
      });
  });
  for (const Sum &sum : outer)
    if (sum.mean)
      forRows(sum, [&](ArrayRef<Value> index) {
        write(scaled(sum, read(sum, index, at)), sum, index, at);
      });
}
