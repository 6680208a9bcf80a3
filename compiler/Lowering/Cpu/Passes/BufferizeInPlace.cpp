//===- BufferizeInPlace.cpp - Tensors to the memory they name -------------===//
//
// A kernel threads each array through its operations like a register: what
// writes it takes the newest value and makes the next one, and nobody looks at
// an older value again. Then every write can go where the value before lies.
// Whether a function is so is found in one walk; upstream's analysis, which
// finds the same for any function, compares all reads of a buffer with all of
// its writes for each write: half a minute for two hundred rows.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/Transforms/Bufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"

#include "llvm/ADT/BitVector.h"

namespace eqc {
#define GEN_PASS_DEF_BUFFERIZEINPLACEPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace mlir;

namespace {

bool isTensor(Value value) { return isa<TensorType>(value.getType()); }

/// Whether a function only ever uses the newest value of each of its arrays.
/// False where that is not clear.
class ThreadedArrays {
public:
  explicit ThreadedArrays(const bufferization::BufferizationOptions &options)
      : state(options) {}

  bool hold(func::FuncOp function) {
    return llvm::none_of(function.getArguments(), isTensor) &&
           walk(function.front());
  }

private:
  /// What is known of a tensor. Values stand for what began with them.
  struct Tensor {
    Value array;    ///< the memory
    Value part;     ///< the view of it, if this isn't the whole array
    Value contents; ///< the last write, or the array
  };

  /// The newest contents of every array.
  using Newest = llvm::MapVector<Value, Value>;

  bool isNewest(Value tensor) const {
    auto found = tensors.find(tensor);
    return found != tensors.end() &&
           newest.lookup(found->second.array) == found->second.contents;
  }

  /// `result` is what `source` becomes by a write, on all or part of its array.
  void advance(Value result, Value source) {
    Tensor tensor = tensors.lookup(source);
    tensor.contents = result;
    tensors[result] = tensor;
    newest[tensor.array] = result;
  }

  bool walk(Block &block) {
    return llvm::all_of(block, [&](Operation &op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        return walkLoop(loop);
      if (auto branch = dyn_cast<scf::IfOp>(op))
        return walkBranch(branch);
      if (isa<scf::YieldOp>(op)) // seen from the loop or branch
        return true;
      return walkSimple(op);
    });
  }

  bool walkSimple(Operation &op) {
    bool nested = false;
    for (Region &region : op.getRegions())
      region.walk([&](Operation *inner) {
        nested |= llvm::any_of(inner->getOperands(), isTensor) ||
                  llvm::any_of(inner->getResults(), isTensor);
      });
    if (nested)
      return false;
    if (llvm::none_of(op.getOperands(), isTensor) &&
        llvm::none_of(op.getResults(), isTensor))
      return true;
    if (op.hasTrait<OpTrait::IsTerminator>() ||
        !state.getOptions().dynCastBufferizableOp(&op))
      return false;
    for (OpOperand &operand : op.getOpOperands())
      if (isTensor(operand.get()) &&
          (!isNewest(operand.get()) || !mayWrite(operand)))
        return false;
    return llvm::all_of(op.getResults(), [&](OpResult result) {
      return !isTensor(result) || addResult(result);
    });
  }

  /// Whether an operand, if it is written, may be: its memory is no constant
  /// and no other operand's.
  bool mayWrite(OpOperand &operand) {
    if (!state.bufferizesToMemoryWrite(operand))
      return true;
    const Value array = tensors.lookup(operand.get()).array;
    auto maker = state.getOptions().dynCastBufferizableOp(array);
    return maker && maker.isWritable(array, state) &&
           state.getAliasingValues(operand).getNumAliases() == 1 &&
           llvm::none_of(operand.getOwner()->getOpOperands(),
                         [&](OpOperand &other) {
                           return &other != &operand && isTensor(other.get()) &&
                                  tensors.lookup(other.get()).array == array;
                         });
  }

  bool addResult(OpResult result) {
    const auto sources = state.getAliasingOpOperands(result);
    if (sources.getNumAliases() == 0) {
      tensors[result] = {result, Value(), result};
      newest[result] = result;
      return true;
    }
    if (sources.getNumAliases() > 1)
      return false;
    OpOperand &source = *sources.begin()->opOperand;
    if (state.bufferizesToMemoryWrite(source))
      advance(result, source.get());
    else
      tensors[result] = tensors.lookup(source.get());
    if (sources.begin()->relation != bufferization::BufferRelation::Equivalent)
      tensors[result].part = result;
    return true;
  }

  bool walkLoop(scf::ForOp loop) {
    for (auto [init, carried] :
         llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs()))
      if (isTensor(init)) {
        if (!isNewest(init))
          return false;
        advance(carried, init);
      }
    const Newest before = newest;
    if (!walk(*loop.getBody()))
      return false;
    llvm::SmallDenseSet<Value> carriedArrays;
    for (auto [carried, yielded] :
         llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues()))
      if (isTensor(carried)) {
        if (!isNewest(yielded) || !sameMemory(yielded, carried))
          return false;
        carriedArrays.insert(tensors.lookup(carried).array);
      }
    // What the loop doesn't carry is the same in every iteration.
    for (auto [array, contents] : before)
      if (!carriedArrays.contains(array) && newest.lookup(array) != contents)
        return false;
    for (auto [yielded, result] :
         llvm::zip_equal(loop.getYieldedValues(), loop.getResults()))
      if (isTensor(result))
        advance(result, yielded);
    return true;
  }

  /// An array that a branch writes and does not yield is scratch: the values it
  /// had before are gone, and it has no newest one.
  bool walkBranch(scf::IfOp branch) {
    const Newest before = newest;
    Newest after = before;
    SmallVector<ValueRange> yields;
    for (Region &region : branch->getRegions()) {
      if (region.empty())
        continue;
      newest = before;
      if (!walk(region.front()))
        return false;
      yields.push_back(region.front().getTerminator()->getOperands());
      for (Value yielded : yields.back())
        if (isTensor(yielded) && !isNewest(yielded))
          return false;
      for (auto [array, contents] : before)
        if (newest.lookup(array) != contents)
          after[array] = Value();
    }
    newest = std::move(after);
    for (OpResult result : branch.getResults())
      if (isTensor(result)) {
        const unsigned i = result.getResultNumber();
        const Value array = tensors.lookup(yields[0][i]).array;
        if (!before.contains(array) || !sameMemory(yields[0][i], yields[1][i]))
          return false;
        advance(result, yields[0][i]);
      }
    return true;
  }

  bool sameMemory(Value a, Value b) const {
    const Tensor first = tensors.lookup(a), second = tensors.lookup(b);
    return first.array == second.array && first.part == second.part;
  }

  bufferization::AnalysisState state;
  llvm::DenseMap<Value, Tensor> tensors;
  Newest newest;
};

/// The loop without the arrays that it carries: what it writes lies where they
/// begin. To find the memory of a carried one upstream looks at what is
/// yielded, which a loop within carries in turn: three times the work for each
/// level of a nest, a minute for nine.
void dropCarriedArrays(scf::ForOp loop) {
  SmallVector<Value> kept;
  llvm::BitVector dropped(loop.getNumRegionIterArgs());
  for (auto [i, init] : llvm::enumerate(loop.getInitArgs())) {
    dropped[i] = isTensor(init);
    if (!dropped[i]) {
      kept.push_back(init);
      continue;
    }
    loop.getRegionIterArg(i).replaceAllUsesWith(init);
    loop.getResult(i).replaceAllUsesWith(init);
  }
  if (dropped.none())
    return;
  OpBuilder b(loop);
  auto rest = scf::ForOp::create(b, loop.getLoc(), loop.getLowerBound(),
                                 loop.getUpperBound(), loop.getStep(), kept);
  rest->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  rest.getRegion().takeBody(loop.getRegion());
  Block &body = *rest.getBody();
  body.getTerminator()->eraseOperands(dropped);
  dropped.resize(1 + dropped.size()); // the index comes first
  dropped <<= 1;
  body.eraseArguments(dropped);
  unsigned next = 0;
  for (OpResult result : loop.getResults())
    if (!isTensor(result))
      result.replaceAllUsesWith(rest.getResult(next++));
  loop.erase();
}

struct BufferizeInPlace
    : eqc::impl::BufferizeInPlacePassBase<BufferizeInPlace> {
  void runOnOperation() override {
    bufferization::OneShotBufferizationOptions options;
    // Networks are no code: they become tables.
    options.opFilter.denyOperation([](Operation *op) {
      return isa<eqc::ir::NetworkOp>(op) ||
             op->getParentOfType<eqc::ir::NetworkOp>();
    });
    bufferization::BufferizationState state;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal() || ThreadedArrays(options).hold(function)) {
        ++numInPlace;
        function.walk([](scf::ForOp loop) { dropCarriedArrays(loop); });
        continue;
      }
      ++numAnalyzed;
      function.emitRemark("arrays are analyzed one write at a time: it is not "
                          "clear that only their newest values are used");
      if (failed(bufferization::insertTensorCopies(function, options, state)))
        return signalPassFailure();
    }
    if (failed(bufferization::bufferizeOp(getOperation(), options, state)))
      signalPassFailure();
  }
};

} // namespace
