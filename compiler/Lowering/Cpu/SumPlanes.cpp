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
  Value old = kernel.readRow(sums.tensor, {row}, column, width, width);
  write(row, column, arith::AddFOp::create(kernel.b, kernel.loc, old, value));
}

void SumPlanes::addElement(Value row, Value column, Value value) {
  OpBuilder &b = kernel.b;
  const SmallVector<Value> at{row, column};
  Value old = tensor::ExtractOp::create(b, kernel.loc, sums.tensor, at);
  sums.tensor = tensor::InsertOp::create(
      b, kernel.loc, arith::AddFOp::create(b, kernel.loc, old, value),
      sums.tensor, at);
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
          auto read = [&](Value at) {
            return kernel.readRow(sums.tensor, {at}, column, width, width);
          };
          LongSum sum =
              addBlock(kernel, {read(total), read(rest)}, read(block));
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

void SumPlanes::write(Value row, Value column, Value value) {
  sums.tensor =
      kernel.writeRow(value, sums.tensor, {row}, column,
                      cast<VectorType>(value.getType()).getDimSize(0));
}
