//===- EqcLayerFunction.cpp - Functions that are layers -------------------===//

#include "dialect/Eqc/EqcLayerFunction.h"
#include "dialect/Eqc/EqcOps.h"
#include "dialect/Eqc/EqcStages.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

/// A layer as one operation.
static bool isLayer(Operation *op) {
  return isa<LinearOp, BilinearOp, GradWeightOp>(op);
}

static bool isStage(Operation *op) { return op->hasTrait<Stage>(); }

bool ir::holdsLayer(func::FuncOp function) {
  if (function->hasAttr(EqcDialect::kPlanAttrName) ||
      function->hasAttr(EqcDialect::kTargetAttrName))
    return true;
  return function
      .walk([](Operation *op) {
        return isLayer(op) || isStage(op) ? WalkResult::interrupt()
                                          : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {

class LayerFunctionVerifier {
public:
  LayerFunctionVerifier(func::FuncOp function, Operation *user)
      : function(function), user(user) {}

  LogicalResult verify() {
    if (failed(verifyBody()) || failed(verifyUses()))
      return failure();
    for (Operation &op : function.front())
      if (failed(verifyOperation(&op)))
        return failure();
    if (failed(layer ? verifyWhole() : verifyStages()))
      return failure();
    return verifyReturn();
  }

private:
  LogicalResult verifyBody() {
    if (function.isDeclaration())
      return function.emitError(
          "a layer must have a body, found a declaration");
    if (const size_t blocks = function.getBody().getBlocks().size(); blocks > 1)
      return function.emitError()
             << "a layer must stand in a function of one block, found "
             << blocks;
    return success();
  }

  /// Kernels take the place of the function.
  LogicalResult verifyUses() {
    if (!user)
      return success();
    InFlightDiagnostic error =
        user->emitError()
        << "refers to layer '" << function.getName()
        << "', which is gone once it is compiled: layers are called through "
           "their C functions";
    error.attachNote(function.getLoc()) << "the layer";
    return failure();
  }

  LogicalResult verifyOperation(Operation *op) {
    if (isa<func::ReturnOp>(op))
      return success();
    if (isLayer(op))
      return add(op, layer);
    if (isa<UnpackOp>(op))
      return add(op, unpack);
    if (isa<ToRowsOp>(op))
      return add(op, toRows, /*several=*/holdsGradient());
    if (isa<PackOp>(op))
      return add(op, pack);
    if (isa<FromRowsOp>(op))
      return add(op, fromRows);
    if (isa<MultiplyOp>(op))
      return add(op, multiply);
    if (isStage(op))
      return add(op, firstStage, /*several=*/true);
    Operation *inner = nullptr;
    op->walk([&](Operation *nested) {
      if (!inner && (isLayer(nested) || isStage(nested)))
        inner = nested;
    });
    if (inner)
      return inner->emitError() << "a layer inside of '" << op->getName()
                                << "' cannot be compiled: it must be all that "
                                   "its function does";
    return op->emitError()
           << "'" << op->getName()
           << "' stands beside a layer and would be lost: a function that is "
              "compiled is one layer and nothing else";
  }

  /// Whether the stages are those of the gradients of weight and bias.
  bool holdsGradient() { return !function.front().getOps<UnpackOp>().empty(); }

  /// Remembers `op` as the only one of its kind.
  LogicalResult add(Operation *op, Operation *&place, bool several = false) {
    if (!first)
      first = op;
    const bool second =
        (place && !several) || (op != first && (layer || isLayer(op)));
    if (!place)
      place = op;
    if (!second)
      return success();
    InFlightDiagnostic error =
        op->emitError("belongs to a second layer of its function: each layer "
                      "must have a function of its own");
    error.attachNote(first->getLoc()) << "the first layer begins here";
    return failure();
  }

  LogicalResult verifyWhole() {
    if (llvm::equal(layer->getOperands(), function.getArguments()))
      return success();
    return layer->emitError("must take what its function takes, in the same "
                            "order and nothing else");
  }

  Value argument(unsigned number) {
    return number < function.getNumArguments()
               ? Value(function.getArgument(number))
               : Value();
  }

  LogicalResult verifyStages() {
    if (unpack)
      return verifyGradient();
    if (multiply)
      return verifyDense();
    for (auto [op, what] :
         {std::pair(toRows, "eqc.to_rows"), std::pair(pack, "eqc.pack"),
          std::pair(fromRows, "eqc.from_rows")})
      if (!op)
        return function.emitError()
               << "a layer in stages must have '" << what << "' exactly once";
    if (cast<ToRowsOp>(toRows).getX() != argument(0))
      return toRows->emitError("must take the first argument of its function");
    if (cast<PackOp>(pack).getWeight() != argument(1))
      return pack->emitError("must take the second argument of its function");
    for (Operation &op : function.front())
      if (failed(verifyStage(&op)))
        return failure();
    return verifyArguments();
  }

  LogicalResult verifyArguments() {
    const bool readsBias =
        function.getNumArguments() > 2 && !function.getArgument(2).use_empty();
    const unsigned arguments = readsBias ? 3 : 2;
    if (function.getNumArguments() != arguments)
      return function.emitError()
             << "a layer in stages must take what its stages read, "
             << arguments << " arguments, found " << function.getNumArguments();
    return success();
  }

  /// Sums of what x and grad_y are as rows.
  LogicalResult verifyGradient() {
    if (function.getNumArguments() != 2)
      return function.emitError() << "the gradients of a layer must take x and "
                                     "the gradient of y, found "
                                  << function.getNumArguments() << " arguments";
    for (Operation &op : function.front()) {
      if (isStage(&op) &&
          !isa<ToRowsOp, TransformOp, SumCopiesOp, SumRowsOp, UnpackOp>(op))
        return op.emitError("stands beside 'eqc.unpack', which ends the "
                            "gradients of a layer");
      if (auto rows = dyn_cast<ToRowsOp>(op);
          rows && rows.getX() != argument(0) && rows.getX() != argument(1))
        return rows.emitError("must take an argument of its function");
      if (auto sums = dyn_cast<SumCopiesOp>(op);
          sums && (sourceOf(sums.getX()) != argument(0) ||
                   sourceOf(sums.getGradY()) != argument(1)))
        return sums.emitError("must sum products of the rows of the first and "
                              "the second argument of its function");
      if (auto sums = dyn_cast<SumRowsOp>(op);
          sums && sourceOf(sums.getSource()) != argument(1))
        return sums.emitError(
            "must sum rows of the second argument of its function");
    }
    return success();
  }

  /// The tensor whose rows these are, seen through a change of basis.
  static Value sourceOf(Value rows) {
    if (auto transform = rows.getDefiningOp<TransformOp>();
        transform && transform.getSources().size() == 1)
      rows = transform.getSources().front();
    auto toRows = rows.getDefiningOp<ToRowsOp>();
    return toRows ? toRows.getX() : Value();
  }

  /// What weights or rows of a bias are made of: members of orbits share them.
  static Value membersOf(Value weights) {
    if (auto pack = weights.getDefiningOp<PackOp>())
      return pack.getWeight();
    if (auto transform = weights.getDefiningOp<TransformOp>();
        transform && transform.getSources().size() == 1)
      return transform.getSources().front();
    return weights;
  }

  /// A matrix takes the place of rows.
  LogicalResult verifyDense() {
    if (cast<MultiplyOp>(multiply).getX() != argument(0))
      return multiply->emitError(
          "must take the first argument of its function");
    for (Operation &op : function.front()) {
      if (isStage(&op) && !isa<AssembleOp, MultiplyOp, PackOp, TransformOp>(op))
        return op.emitError("stands beside 'eqc.multiply', which is a layer "
                            "without other stages");
      auto assemble = dyn_cast<AssembleOp>(op);
      if (!assemble)
        continue;
      const bool isMatrix =
          assemble.getMatrix() == cast<MultiplyOp>(multiply).getMatrix();
      if (!assemble->hasOneUse() ||
          membersOf(assemble.getWeights()) != argument(isMatrix ? 1 : 2))
        return assemble.emitError(
            "must make the matrix of the second argument of its function, or "
            "what is added of the third");
    }
    return verifyArguments();
  }

  /// What comes from outside of a stage is what its layer has.
  LogicalResult verifyStage(Operation *op) {
    const Value rows = cast<ToRowsOp>(toRows).getRows();
    const StringRef noRows = "'x' must be the rows that 'eqc.to_rows' makes";
    if (auto read = dyn_cast<ReadOp>(op);
        read && read.getX() && read.getX() != rows)
      return read.emitError(noRows);
    if (auto mix = dyn_cast<MixOp>(op)) {
      if (mix.getX() != rows)
        return mix.emitError(noRows);
      return verifyWeights(op, mix.getWeights(), mix.getBias());
    }
    if (auto planar = dyn_cast<ToPlanarOp>(op); planar && planar.getX() != rows)
      return planar.emitError(noRows);
    if (auto mix = dyn_cast<MixEachOp>(op))
      return verifyWeights(op, mix.getWeights(), Value());
    if (auto write = dyn_cast<WriteOp>(op);
        write && write.getAt() && write.getAt() != argument(2))
      return write.emitError("'at' must be the third argument of its function");
    if (auto bias = dyn_cast<AddBiasOp>(op))
      return verifyBias(op, bias.getBias());
    if (auto mix = dyn_cast<MixCopiesOp>(op))
      return verifyWeights(op, mix.getWeights(), mix.getBias());
    return success();
  }

  LogicalResult verifyWeights(Operation *op, Value weights, Value bias) {
    if (weights != cast<PackOp>(pack).getPacked())
      return op->emitError("'weights' must be what 'eqc.pack' makes");
    return bias ? verifyBias(op, bias) : success();
  }

  /// The bias is the argument itself or that in another basis.
  LogicalResult verifyBias(Operation *op, Value bias) {
    if (membersOf(bias) == argument(2))
      return success();
    return op->emitError("'bias' must be the third argument of its function, "
                         "or a change of its basis");
  }

  LogicalResult verifyReturn() {
    Operation *end = function.front().getTerminator();
    if (unpack)
      return verifyGradientReturn(end);
    if (llvm::equal(end->getOperands(), (layer      ? layer
                                         : multiply ? multiply
                                                    : fromRows)
                                            ->getResults()))
      return success();
    return end->emitError("must return what the layer computes, in the same "
                          "order and nothing else");
  }

  /// The gradient of the weights and maybe that of the bias.
  LogicalResult verifyGradientReturn(Operation *end) {
    const auto results = end->getOperands();
    auto isBias = [](Value value) {
      if (auto transform = value.getDefiningOp<TransformOp>();
          transform && transform.getSources().size() == 1)
        value = transform.getSources().front();
      return value.getDefiningOp<SumRowsOp>() != nullptr;
    };
    if ((results.size() == 1 || (results.size() == 2 && isBias(results[1]))) &&
        results.front() == cast<UnpackOp>(unpack).getWeight())
      return success();
    return end->emitError("must return what 'eqc.unpack' makes, then the sums "
                          "of rows that are the gradient of a bias");
  }

  func::FuncOp function;
  Operation *user;            ///< of the function, or null
  Operation *first = nullptr; ///< of the layer or its stages
  Operation *layer = nullptr, *toRows = nullptr, *pack = nullptr,
            *fromRows = nullptr, *multiply = nullptr, *unpack = nullptr,
            *firstStage = nullptr;
};

} // namespace

ir::LayerFunctions::LayerFunctions(ModuleOp module) {
  module.walk([&](Operation *table) {
    if (!table->hasTrait<OpTrait::SymbolTable>())
      return;
    auto uses = SymbolTable::getSymbolUses(&table->getRegion(0));
    if (!uses)
      return;
    for (const SymbolTable::SymbolUse &use : *uses)
      users.try_emplace({table, use.getSymbolRef().getRootReference()},
                        use.getUser());
  });
}

LogicalResult ir::LayerFunctions::verify(func::FuncOp function) const {
  Operation *user =
      users.lookup({function->getParentOp(), function.getSymNameAttr()});
  return LayerFunctionVerifier(function, user).verify();
}
