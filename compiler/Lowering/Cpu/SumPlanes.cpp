//===- SumPlanes.cpp - Sums of gradients over all calls -------------------===//

#include "compiler/Lowering/Cpu/SumPlanes.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace eqc;
using namespace mlir;

void SumPlanes::add(Value row, Value column, Value value) {
  const int64_t width = cast<VectorType>(value.getType()).getDimSize(0);
  write(row, column,
        arith::AddFOp::create(kernel.b, kernel.loc, read(row, column, width),
                              value));
}

void SumPlanes::addElement(Value row, Value column, Value value) {
  OpBuilder &b = kernel.b;
  SmallVector<Value> element = at(row);
  element.push_back(column);
  Value old = tensor::ExtractOp::create(b, kernel.loc, sums.tensor, element);
  sums.tensor = tensor::InsertOp::create(
      b, kernel.loc, arith::AddFOp::create(b, kernel.loc, old, value),
      sums.tensor, element);
}

void SumPlanes::endBlocks(Value row, int64_t count, int64_t first,
                          int64_t columns) {
  kernel.forRange(sums, kernel.index(count), [&](Value r) {
    Value block = kernel.add(row, r);
    Value total = kernel.add(block, kernel.index(rows));
    Value rest = kernel.add(total, kernel.index(rows));
    kernel.forColumnChunks(
        sums, columns, kRowVectors, [&](Value chunk, int64_t width, int64_t) {
          Value column = kernel.add(kernel.index(first), chunk);
          LongSum sum = addBlock(
              kernel, {read(total, column, width), read(rest, column, width)},
              read(block, column, width));
          write(total, column, sum.sum);
          write(rest, column, sum.rest);
          write(block, column, kernel.zeroVector(sum.sum.getType()));
        });
  });
}

void SumPlanes::atPeriod(Value first, Value end, Value period,
                         function_ref<void()> body) {
  OpBuilder &b = kernel.b;
  auto number = [&](Value sample) {
    return b.createOrFold<arith::DivUIOp>(
        kernel.loc, kernel.add(kernel.first(), sample), period);
  };
  Value ends = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne,
                                     number(first), number(end));
  kernel.ifElse(sums, ends, body, [] {});
}

SmallVector<Value> SumPlanes::at(Value row) const {
  SmallVector<Value> indices{row};
  if (place)
    indices.insert(indices.begin(), place);
  return indices;
}

Value SumPlanes::read(Value row, Value column, int64_t width) const {
  return kernel.readRow(sums.tensor, at(row), column, width, width);
}

void SumPlanes::write(Value row, Value column, Value value) {
  sums.tensor =
      kernel.writeRow(value, sums.tensor, at(row), column,
                      cast<VectorType>(value.getType()).getDimSize(0));
}

void SumPlanes::clear() {
  kernel.forRange(
      sums, kernel.index(SumMatrix::kPlanes * rows), [&](Value row) {
        kernel.forColumnChunks(
            sums, sums.columns, kRowVectors,
            [&](Value column, int64_t width, int64_t) {
              write(row, column, kernel.zeroVector(kernel.vectorType(width)));
            });
      });
}

void SumPlanes::addBlocksOf(const SumPlanes &other, Value row, Value from,
                            int64_t columns) {
  Value total = kernel.add(row, kernel.index(rows));
  Value rest = kernel.add(total, kernel.index(rows));
  Value more = kernel.add(from, kernel.index(other.rows));
  Value lost = kernel.add(more, kernel.index(other.rows));
  kernel.forColumnChunks(
      sums, columns, kRowVectors, [&](Value column, int64_t width, int64_t) {
        LongSum sum = addBlock(
            kernel, {read(total, column, width), read(rest, column, width)},
            other.read(more, column, width));
        write(total, column, sum.sum);
        write(rest, column,
              addVectors(kernel, sum.rest, other.read(lost, column, width)));
      });
}
