//===- PlanArena.cpp - Scratch at offsets of one arena --------------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"
#include "compiler/Machine/Machine.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"

#include <algorithm>

namespace eqc {
#define GEN_PASS_DEF_PLANARENAPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

namespace {

int64_t alignUp(int64_t bytes) {
  return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
}

int64_t elementBytes(MemRefType type) {
  Type element = type.getElementType();
  return element.isIndex() ? 8 : (element.getIntOrFloatBitWidth() + 7) / 8;
}

/// Bytes of the allocation, a multiple of the alignment, as a value computed at
/// the builder's insertion point.
Value bytesOf(OpBuilder &b, memref::AllocOp alloc, ValueRange dynamicSizes) {
  Location loc = alloc.getLoc();
  MemRefType type = alloc.getType();
  int64_t fixed = elementBytes(type);
  for (int64_t extent : type.getShape())
    if (!ShapedType::isDynamic(extent))
      fixed *= extent;
  if (dynamicSizes.empty())
    return arith::ConstantIndexOp::create(b, loc, alignUp(fixed));
  Value bytes = arith::ConstantIndexOp::create(b, loc, fixed);
  for (Value size : dynamicSizes)
    bytes = arith::MulIOp::create(b, loc, bytes, size);
  Value mask = arith::ConstantIndexOp::create(b, loc, kLineBytes - 1);
  Value round = arith::ConstantIndexOp::create(b, loc, -kLineBytes);
  return arith::AndIOp::create(
      b, loc, arith::AddIOp::create(b, loc, bytes, mask), round);
}

struct PlanArena : eqc::impl::PlanArenaPassBase<PlanArena> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (!function.isExternal() && failed(plan(function)))
        return signalPassFailure();
  }

  LogicalResult plan(func::FuncOp function) {
    SmallVector<memref::AllocOp> allocs;
    WalkResult walk = function.walk([&](memref::AllocOp alloc) {
      if (alloc->getBlock() != &function.front()) {
        alloc.emitError("kernel allocates inside a loop");
        return WalkResult::interrupt();
      }
      allocs.push_back(alloc);
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return failure();
    if (allocs.empty())
      return success();

    OpBuilder b(&getContext());
    makeSizeFunction(b, function, allocs);
    auto arenaType =
        MemRefType::get({ShapedType::kDynamic}, b.getIntegerType(8));
    if (failed(function.insertArgument(function.getNumArguments(), arenaType,
                                       {}, function.getLoc())))
      return failure();
    Value arena = function.getArguments().back();

    b.setInsertionPointToStart(&function.front());
    Value offset = arith::ConstantIndexOp::create(b, function.getLoc(), 0);
    for (memref::AllocOp alloc : allocs) {
      b.setInsertionPoint(alloc);
      Value view =
          memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), arena,
                                 offset, alloc.getDynamicSizes());
      offset =
          arith::AddIOp::create(b, alloc.getLoc(), offset,
                                bytesOf(b, alloc, alloc.getDynamicSizes()));
      alloc.replaceAllUsesWith(view);
      alloc.erase();
    }
    SmallVector<memref::DeallocOp> deallocs;
    function.walk([&](memref::DeallocOp op) { deallocs.push_back(op); });
    for (memref::DeallocOp op : deallocs)
      op.erase();
    return success();
  }

  /// NAME.arena: the function's index arguments -> bytes. Sizes depend on those
  /// arguments only; the operations that compute them are cloned.
  void makeSizeFunction(OpBuilder &b, func::FuncOp function,
                        ArrayRef<memref::AllocOp> allocs) {
    SmallVector<Type> indices;
    for (Type type : function.getArgumentTypes())
      if (type.isIndex())
        indices.push_back(type);
    b.setInsertionPointAfter(function);
    auto size = func::FuncOp::create(
        b, function.getLoc(), (function.getName() + ".arena").str(),
        b.getFunctionType(indices, b.getIndexType()));
    size.setPrivate();
    Block *entry = size.addEntryBlock();
    IRMapping mapping;
    unsigned next = 0;
    for (BlockArgument argument : function.getArguments())
      if (argument.getType().isIndex())
        mapping.map(argument, entry->getArgument(next++));

    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.inclusive = true;
    for (memref::AllocOp alloc : allocs)
      for (Value value : alloc.getDynamicSizes())
        (void)getBackwardSlice(value, &slice, options);
    b.setInsertionPointToStart(entry);
    for (Operation &op : function.front())
      if (slice.contains(&op))
        b.clone(op, mapping);
    Value total = arith::ConstantIndexOp::create(b, function.getLoc(), 0);
    for (memref::AllocOp alloc : allocs) {
      SmallVector<Value> sizes;
      for (Value value : alloc.getDynamicSizes())
        sizes.push_back(mapping.lookup(value));
      total = arith::AddIOp::create(b, alloc.getLoc(), total,
                                    bytesOf(b, alloc, sizes));
    }
    func::ReturnOp::create(b, function.getLoc(), total);
  }
};

} // namespace
