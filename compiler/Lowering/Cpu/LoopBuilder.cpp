//===- LoopBuilder.cpp - Loops that thread arrays -------------------------===//

#include "compiler/Lowering/Cpu/LoopBuilder.h"
#include "compiler/Lowering/Cpu/KernelArray.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

void LoopBuilder::forCarried(ArrayRef<Value *> carried, Value lower,
                             Value upper, int64_t step,
                             function_ref<void(Value)> body) {
  std::optional<int64_t> lo = getConstantIntValue(lower);
  std::optional<int64_t> hi = getConstantIntValue(upper);
  if (lo && hi) {
    if (*lo >= *hi)
      return;
    if (*lo + step >= *hi)
      return body(lower);
  }
  Values values;
  for (Value *value : carried)
    values.push_back(*value);
  auto loop = scf::ForOp::create(b, loc, lower, upper, index(step), values);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    for (auto [value, argument] : llvm::zip(carried, loop.getRegionIterArgs()))
      *value = argument;
    body(loop.getInductionVar());
    for (auto [value, last] : llvm::zip(carried, values))
      last = *value;
    scf::YieldOp::create(b, loc, values);
  }
  for (auto [value, result] : llvm::zip(carried, loop.getResults()))
    *value = result;
}

void LoopBuilder::forRange(ArrayRef<KernelArray *> arrays, Value lower,
                           Value upper, int64_t step,
                           function_ref<void(Value)> body) {
  SmallVector<Value *> tensors;
  for (KernelArray *array : arrays)
    tensors.push_back(&array->tensor);
  forCarried(tensors, lower, upper, step, body);
}

void LoopBuilder::unrollLoop(KernelArray &array) {
  auto loop = array.tensor.getDefiningOp<scf::ForOp>();
  if (!loop)
    return;
  MLIRContext *context = b.getContext();
  auto unroll =
      LLVM::LoopUnrollAttr::get(context, {}, {}, {}, b.getBoolAttr(true),
                                /*followups=*/{}, {}, {});
  // Branches take it along under the name that LLVM's have it by.
  loop->setAttr("loop_annotation", LLVM::LoopAnnotationAttr::get(
                                       context, {}, {}, {}, unroll, {}, {}, {},
                                       {}, {}, {}, {}, {}, {}, {}, {}));
}

void LoopBuilder::forNest(KernelArray &array, ArrayRef<Value> extents,
                          function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<Value> indices;
  auto nest = [&](auto &self) -> void {
    if (indices.size() == extents.size())
      return body(indices);
    forRange(array, extents[indices.size()], [&](Value i) {
      indices.push_back(i);
      self(self);
      indices.pop_back();
    });
  };
  nest(nest);
}

void LoopBuilder::ifElse(ArrayRef<KernelArray *> arrays, Value condition,
                         function_ref<void()> thenBody,
                         function_ref<void()> elseBody) {
  auto tensors = [&] {
    Values values;
    for (KernelArray *array : arrays)
      values.push_back(array->tensor);
    return values;
  };
  const Values before = tensors();
  auto op = scf::IfOp::create(b, loc, ValueRange(before).getTypes(), condition,
                              /*withElseRegion=*/true);
  auto put = [&](ValueRange values) {
    for (auto [array, value] : llvm::zip_equal(arrays, values))
      array->tensor = value;
  };
  OpBuilder::InsertionGuard guard(b);
  for (bool taken : {true, false}) {
    b.setInsertionPointToStart(taken ? op.thenBlock() : op.elseBlock());
    put(before);
    (taken ? thenBody : elseBody)();
    scf::YieldOp::create(b, loc, tensors());
  }
  put(op.getResults());
}

void LoopBuilder::onlyIf(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  body();
}

/// Loops of at most this many iterations are unrolled: their table entries then
/// become constants.
static constexpr int64_t kUnrolled = 3;
/// But not where nested ones would make more copies than this: the code grows
/// with the order, not with its power.
static constexpr int64_t kMostCopies = 128;

/// As many copies of the code that loops inside stay loops.
static constexpr int64_t kNoMoreCopies = int64_t(1) << 32;

LoopBuilder::StayLoops::StayLoops(LoopBuilder &loops, bool wanted)
    : loops(loops), copies(loops.copies) {
  if (wanted)
    loops.copies = kNoMoreCopies;
}

Value LoopBuilder::accumulate(Value lower, Value upper, Value init,
                              function_ref<Value(Value, Value)> body) {
  return accumulate(lower, upper, Values{init},
                    [&](Value i, Values carried) {
                      return Values{body(i, carried.front())};
                    })
      .front();
}

Values LoopBuilder::accumulate(Value lower, Value upper, Values inits,
                               function_ref<Values(Value, Values)> body) {
  std::optional<int64_t> lo = getConstantIntValue(lower);
  std::optional<int64_t> hi = getConstantIntValue(upper);
  if (lo && hi && *hi - *lo <= kUnrolled) {
    const int64_t iterations = std::max<int64_t>(*hi - *lo, 1);
    if (iterations == 1 || copies * iterations <= kMostCopies) {
      copies *= iterations;
      for (int64_t i = *lo; i < *hi; ++i)
        inits = body(index(i), std::move(inits));
      copies /= iterations;
      return inits;
    }
  }
  return accumulateInLoop(lower, upper, std::move(inits), body);
}

Values LoopBuilder::accumulateInLoop(Value lower, Value upper, Values inits,
                                     function_ref<Values(Value, Values)> body) {
  auto loop = scf::ForOp::create(b, loc, lower, upper, index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Values results =
      body(loop.getInductionVar(), Values(loop.getRegionIterArgs()));
  scf::YieldOp::create(b, loc, results);
  return Values(loop.getResults());
}
