//===- LaneMix.cpp - Channel mixes of samples in lanes --------------------===//

#include "compiler/Lowering/Cpu/LaneMix.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

LaneMix::LaneMix(KernelBuilder &kernel, PlanArrays &arrays, const MixNest &nest,
                 const LaneMixSchedule &schedule)
    : kernel(kernel), arrays(arrays), nest(nest), schedule(schedule),
      tables(kernel, nest), target(arrays[nest.target]),
      cOut(kernel.spec.cOut) {}

void LaneMix::emit() {
  kernel.forRange(target, kernel.index(nest.targets.size()),
                  [&](Value t) { emitAfter(t, {}, kernel.index(0)); });
}

void LaneMix::emitLine(Value line, Value firstRow) {
  emitAfter(kernel.index(0), line, firstRow);
}

void LaneMix::emitAfter(Value t, ArrayRef<Value> prefix, Value firstRow) {
  SmallVector<Value> outer = tables.extents();
  outer.erase(outer.begin(), outer.begin() + prefix.size());
  Value last = outer.empty() ? kernel.index(1) : outer.pop_back_val();
  const int64_t rows = schedule.rows;
  // The last tile overlaps its neighbour; targets are written once.
  Value lastStart = kernel.sub(last, kernel.index(rows));
  kernel.forNest(target, outer, [&](ArrayRef<Value> rest) {
    kernel.forRange(target, kernel.index(0), last, rows, [&](Value i) {
      SmallVector<Value> index(prefix);
      index.append(rest.begin(), rest.end());
      if (!nest.axes.empty())
        index.push_back(getConstantIntValue(last).value_or(1) % rows == 0
                            ? i
                            : kernel.min(i, lastStart));
      emitTile(t, index, rows, firstRow);
    });
  });
}

void LaneMix::emitTile(Value t, ArrayRef<Value> index, int64_t rows,
                       Value firstRow) {
  Values sums(rows * cOut, kernel.zeroVector(kernel.vectorType(kernel.lanes)));
  sums = addTerms(tables.inputTerms, PlanArray::Input, t, MixNest::kInputTerms,
                  index, rows, std::move(sums));
  sums = addTerms(tables.storedTerms, PlanArray::Stored, t,
                  MixNest::kStoredTerms, index, rows, std::move(sums));
  sums = addInits(t, index, rows, std::move(sums));
  auto strideOf = [&](int a) { return tables.targetStride(a); };
  Value row =
      kernel.sub(tables.rowAt(tables.targets.get(kernel, t, MixNest::kOffset),
                              index, strideOf),
                 firstRow);
  Value step = tables.rowStep(strideOf);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cOut; ++c)
      target.tensor = kernel.writeRow(
          sums[r * cOut + c], target.tensor,
          target.position(kernel.index(c),
                          kernel.add(row, kernel.mul(step, kernel.index(r)))),
          kernel.index(0), kernel.lanes);
}

Value LaneMix::readLanes(PlanArray array, Value channel, Value row) {
  return kernel.readRow(arrays[array].tensor, {channel, row}, kernel.index(0),
                        kernel.lanes, kernel.lanes);
}

Value LaneMix::broadcast(Value scalar) {
  return vector::BroadcastOp::create(kernel.b, kernel.loc,
                                     kernel.vectorType(kernel.lanes), scalar);
}

Values LaneMix::addInits(Value t, ArrayRef<Value> index, int64_t rows,
                         Values sums) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto add = [&](Value &sum, Value value) {
    sum = arith::AddFOp::create(b, loc, sum, value);
  };
  return tables.addInits(
      t, std::move(sums),
      [&](Value offset, MixTables::StrideOf strideOf, Values partial) {
        Value row = tables.rowAt(offset, index, strideOf);
        Value step = tables.rowStep(strideOf);
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t c = 0; c < cOut; ++c)
            add(partial[r * cOut + c],
                readLanes(PlanArray::Nodes, kernel.index(c),
                          kernel.add(row, kernel.mul(step, kernel.index(r)))));
        return partial;
      },
      [&](Value row, Values partial) {
        for (int64_t c = 0; c < cOut; ++c) {
          Value bias = broadcast(tensor::ExtractOp::create(
              b, loc, arrays[PlanArray::Bias].tensor,
              ValueRange{kernel.index(0), row, kernel.index(c)}));
          for (int64_t r = 0; r < rows; ++r)
            add(partial[r * cOut + c], bias);
        }
        return partial;
      });
}

Values LaneMix::addTerms(const IndexTable &terms, PlanArray array, Value t,
                         int64_t rangeField, ArrayRef<Value> index,
                         int64_t rows, Values sums) {
  if (terms.size() == 0)
    return sums;
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  // Separate roundings are not wanted: one instruction does both.
  auto contract = arith::FastMathFlagsAttr::get(b.getContext(),
                                                arith::FastMathFlags::contract);
  return emitMixedTerms(
      kernel, tables.targets.get(kernel, t, rangeField),
      tables.targets.get(kernel, t, rangeField + 1), nest.mostTerms(rangeField),
      std::move(sums), [&](Value p, Values partial) {
        auto strideOf = [&](int a) {
          return terms.get(kernel, p, MixNest::kTermStrides + a);
        };
        Value row = tables.rowAt(terms.get(kernel, p, MixNest::kTermOffset),
                                 index, strideOf);
        Value step = tables.rowStep(strideOf);
        Value term = terms.get(kernel, p, MixNest::kWeight);
        return kernel.accumulate(
            kernel.index(0), kernel.index(kernel.spec.cIn), std::move(partial),
            [&](Value ci, Values inner) {
              Values weights;
              for (int64_t c = 0; c < cOut; ++c)
                weights.push_back(broadcast(tensor::ExtractOp::create(
                    b, loc, kernel.packed(),
                    ValueRange{term, kernel.index(0), ci, kernel.index(c)})));
              for (int64_t r = 0; r < rows; ++r) {
                Value x = readLanes(
                    array, ci,
                    kernel.add(row, kernel.mul(step, kernel.index(r))));
                for (int64_t c = 0; c < cOut; ++c) {
                  Value &sum = inner[r * cOut + c];
                  Value product =
                      arith::MulFOp::create(b, loc, x, weights[c], contract);
                  sum = arith::AddFOp::create(b, loc, sum, product, contract);
                }
              }
              return inner;
            });
      });
}
