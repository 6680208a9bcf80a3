//===- StreamOutput.cpp - Outputs that leave the caches alone -------------===//
//
// A store to a line that is not in cache fetches it first. Where a kernel only
// ever writes whole lines of its output, it can as well send them to memory,
// which pays as soon as the output does not fit into cache anyway. Whether it
// does is known at run time only.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"
#include "compiler/Machine/Machine.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace eqc {
#define GEN_PASS_DEF_STREAMOUTPUTPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

/// The phase that asks for all phases and a streamed output; see eqc/kernel.h.
static constexpr int64_t kStreamingPhase = -2;

/// Whether `value` is known to be a multiple of `factor`.
static bool isMultipleOf(Value value, int64_t factor) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return *constant % factor == 0;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && loop.getInductionVar() == value &&
           isMultipleOf(loop.getLowerBound(), factor) &&
           isMultipleOf(loop.getStep(), factor);
  }
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    return isMultipleOf(sum.getLhs(), factor) &&
           isMultipleOf(sum.getRhs(), factor);
  if (auto product = value.getDefiningOp<arith::MulIOp>())
    return isMultipleOf(product.getLhs(), factor) ||
           isMultipleOf(product.getRhs(), factor);
  return false;
}

/// The argument that carries `name`, or null.
static BlockArgument argumentWith(func::FuncOp function, StringRef name) {
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), name))
      return argument;
  return nullptr;
}

namespace {

struct StreamOutput : eqc::impl::StreamOutputPassBase<StreamOutput> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    BlockArgument output =
        argumentWith(function, ir::EqcDialect::kOutputAttrName);
    BlockArgument phase =
        argumentWith(function, ir::EqcDialect::kPhaseAttrName);
    if (!output || !phase)
      return;
    function.removeArgAttr(output.getArgNumber(),
                           ir::EqcDialect::kOutputAttrName);
    function.removeArgAttr(phase.getArgNumber(),
                           ir::EqcDialect::kPhaseAttrName);
    if (!isOnlyWrittenInLines(output)) {
      ++numMissed;
      return;
    }
    OpBuilder b(function.getBody());
    Location loc = function.getLoc();
    Value streams = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::eq, phase,
        arith::ConstantIndexOp::create(b, loc, kStreamingPhase));
    function.walk([&](Block *block) { rewriteBlock(*block, output, streams); });
    ++numStreamed;
  }

  /// How many columns a write changes, from its last index on.
  static int64_t columnsOf(vector::TransferWriteOp write) {
    if (Value mask = write.getMask()) {
      auto constant = mask.getDefiningOp<vector::ConstantMaskOp>();
      return constant ? constant.getMaskDimSizes().front() : 0;
    }
    return write.getVectorType().getDimSize(0);
  }

  /// Whether all that happens to `output` are writes of whole cache lines,
  /// given that it begins at one, and prefetches for them.
  static bool isOnlyWrittenInLines(BlockArgument output) {
    auto type = dyn_cast<MemRefType>(output.getType());
    if (!type || !type.getLayout().isIdentity() || output.use_empty())
      return false;
    const int64_t line = lineOf(type);
    // All rows begin at a line.
    if (type.getRank() == 0 || type.isDynamicDim(type.getRank() - 1) ||
        type.getShape().back() % line != 0)
      return false;
    return llvm::all_of(output.getUses(), [&](OpOperand &use) {
      if (isa<memref::PrefetchOp>(use.getOwner()))
        return true;
      auto write = dyn_cast<vector::TransferWriteOp>(use.getOwner());
      return write && write.getVectorType().getRank() == 1 &&
             write.getPermutationMap().isMinorIdentity() &&
             write.isDimInBounds(0) && columnsOf(write) > 0 &&
             columnsOf(write) % line == 0 &&
             isMultipleOf(write.getIndices().back(), line);
    });
  }

  /// Elements of a cache line.
  static int64_t lineOf(MemRefType type) {
    // A store of a part of a line would be slower, not faster.
    return kLineBytes * 8 / type.getElementTypeBitWidth();
  }

  /// Writes, or prefetches, with nothing but arithmetic in between share a
  /// branch.
  void rewriteBlock(Block &block, Value output, Value streams) {
    SmallVector<SmallVector<Operation *>> groups;
    bool together = false;
    for (Operation &op : block) {
      if (llvm::is_contained(op.getOperands(), output)) {
        if (!together || groups.back().back()->getName() != op.getName())
          groups.emplace_back();
        groups.back().push_back(&op);
        together = true;
      } else if (!isPure(&op)) {
        together = false;
      }
    }
    for (ArrayRef<Operation *> group : groups)
      rewriteGroup(group, streams);
  }

  /// Lines that are streamed are not fetched.
  void rewriteGroup(ArrayRef<Operation *> group, Value streams) {
    OpBuilder b(group.back());
    auto branch = scf::IfOp::create(b, group.back()->getLoc(), streams,
                                    /*withElseRegion=*/true);
    b.setInsertionPoint(branch.thenYield());
    for (Operation *op : group)
      if (auto write = dyn_cast<vector::TransferWriteOp>(op))
        streamRow(b, write);
    for (Operation *op : group)
      op->moveBefore(branch.elseYield());
  }

  static void streamRow(OpBuilder &b, vector::TransferWriteOp write) {
    Location loc = write.getLoc();
    const int64_t line = lineOf(cast<MemRefType>(write.getShapedType()));
    const int64_t columns = columnsOf(write);
    SmallVector<Value> indices(write.getIndices());
    Value first = indices.back();
    for (int64_t column = 0; column < columns; column += line) {
      Value part = b.createOrFold<vector::ExtractStridedSliceOp>(
          loc, write.getVector(), ArrayRef<int64_t>{column},
          ArrayRef<int64_t>{line}, ArrayRef<int64_t>{1});
      indices.back() = b.createOrFold<arith::AddIOp>(
          loc, first, arith::ConstantIndexOp::create(b, loc, column));
      vector::StoreOp::create(b, loc, part, write.getBase(), indices,
                              /*nontemporal=*/true, llvm::Align(kLineBytes));
    }
  }
};

} // namespace
