//===- KernelBuilder.cpp - A kernel while it is written -------------------===//

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

KernelBuilder::KernelBuilder(OpBuilder &builder, Location loc,
                             const LayerSpec &spec, const Machine &machine)
    : RowBuilder(builder, loc, spec, machine), mostParts(partsOf(spec)) {}

void KernelBuilder::open(func::FuncOp function) {
  openSizes(function.getArgument(0));
  samples = {function.getArgument(1), function.getArgument(2),
             function.getArgument(3), function.getArgument(4)};
}

void KernelBuilder::open(func::FuncOp function, Value packed,
                         ArrayRef<int64_t> packedShape) {
  open(function);
  weights = packed;
  weightsShape = packedShape.vec();
}

KernelRecord KernelBuilder::record() const {
  KernelRecord record;
  record.packedShape = weightsShape;
  record.phases = phases;
  record.parts = mostParts;
  return record;
}

KernelRecord KernelBuilder::wholeRecord() const {
  KernelRecord whole = record();
  whole.phases = whole.parts = 1;
  return whole;
}

Value KernelBuilder::allPhases() {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, samples.phase,
                               index(0));
}

void KernelBuilder::forPhase(ArrayRef<KernelArray *> arrays,
                             function_ref<void()> body) {
  Value all = allPhases();
  Value mine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                     samples.phase, index(phases++));
  ifElse(arrays, b.createOrFold<arith::OrIOp>(loc, all, mine), body, [] {});
}

std::pair<Value, Value> KernelBuilder::share(Value extent) {
  Value all = allPhases();
  Value parts =
      arith::SelectOp::create(b, loc, all, index(1), index(mostParts));
  auto bound = [&](Value part) {
    return b.createOrFold<arith::DivUIOp>(loc, mul(part, extent), parts);
  };
  return {bound(samples.part), bound(add(samples.part, index(1)))};
}

void KernelBuilder::forShare(KernelArray &array, Value extent,
                             function_ref<void(Value)> body) {
  std::optional<int64_t> fixed = getConstantIntValue(extent);
  if (fixed && *fixed == 1)
    return inFirstPart(array, [&] { body(index(0)); });
  auto [lower, upper] = share(extent);
  forRange(array, lower, upper, 1, body);
}

void KernelBuilder::inFirstPart(KernelArray &array, function_ref<void()> body) {
  Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                      samples.part, index(0));
  ifElse(array, first, body, [] {});
}

Value KernelBuilder::sampleOf(const KernelArray &array, Value sample) {
  if (array.oneSample)
    return index(0);
  return array.wholeBatch ? add(samples.first, sample) : sample;
}

KernelArray KernelBuilder::scratch(Value count, const Poly &rows,
                                   int64_t channels, int64_t columns) {
  KernelArray result;
  result.rows = rows;
  result.channels = channels;
  result.columns = columns;
  SmallVector<int64_t> shape{ShapedType::kDynamic, rows.at(spec.n), columns};
  SmallVector<Value> sizes{count};
  if (spec.dynamicN()) {
    shape[1] = ShapedType::kDynamic;
    sizes.push_back(poly(rows));
  }
  // Unlike tensor.empty, two allocations of one shape never become one.
  result.tensor = bufferization::AllocTensorOp::create(
      b, loc, RankedTensorType::get(shape, element), sizes);
  return result;
}
