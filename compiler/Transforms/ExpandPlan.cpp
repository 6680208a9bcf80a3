//===- ExpandPlan.cpp - Layers to the stages of a plan --------------------===//
//
// The plan is built by the library that also costs and evaluates it; here it is
// only visited, and each of its stages becomes one operation.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLoops/LayerOfOp.h"
#include "compiler/Plan/Shared/SharedGeometry.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/WriteReads.h"
#include "dialect/Eqc/EqcStages.h"

#include "mlir/IR/PatternMatch.h"

namespace eqc {
#define GEN_PASS_DEF_EXPANDPLANPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

/// Visits a shared plan and writes its stages before `op`.
class SharedExpander {
public:
  SharedExpander(OpBuilder &b, LinearOp op)
      : b(b), op(op), loc(op.getLoc()), spec(getLayerOf(op)),
        plan(buildSharedPlan(spec, ReadOrder::First)) {}

  Value expand() {
    auto xType = cast<RankedTensorType>(op.getX().getType());
    batch = xType.getDimSize(0);
    element = xType.getElementType();
    x = ToRowsOp::create(b, loc,
                         rowsType(*getRowsOfOrder(spec.k, spec.n), spec.cIn),
                         op.getX(), op.getLayoutAttr());
    reads.emplace(b, loc, x, op.getGroupAttr(), op.getNAttr(),
                  op.getNormalizeAttr());
    const SmallVector<int64_t> order(plan.packedOrder.begin(),
                                     plan.packedOrder.end());
    packed = PackOp::create(b, loc, op.getWeight().getType(), op.getWeight(),
                            b.getDenseI64ArrayAttr(order));
    for (const SharedStage &stage : plan.stages)
      std::visit([this](const auto &s) { expand(s); }, stage);
    return FromRowsOp::create(b, loc, op.getType(), output, op.getLayoutAttr());
  }

private:
  RankedTensorType rowsType(int64_t rows, int64_t channels) const {
    return RankedTensorType::get({batch, rows, channels}, element);
  }
  RankedTensorType rowsType(ArrayRef<RowPattern> patterns, int64_t channels) {
    return rowsType(*getRows(patterns, spec.n), channels);
  }
  ArrayAttr attr(ArrayRef<RowPattern> patterns) {
    return getPatternArrayAttr(b.getContext(), patterns);
  }

  /// The stages that hold an output pattern of `used`, each once, in order.
  SmallVector<Value> nodeHolders(ArrayRef<RowPattern> used) const {
    SmallVector<bool> wanted(nodes.size(), false);
    for (const RowPattern &pattern : used)
      wanted[nodePlace.at(pattern)] = true;
    SmallVector<Value> result;
    for (auto [value, want] : llvm::zip(nodes, wanted))
      if (want)
        result.push_back(value);
    return result;
  }

  void expand(const ReadStage &stage) { reads->write(plan, stage); }

  RowPattern patternOf(int node) const {
    return node < 0 ? identityPattern(spec.l) : plan.nodes[node];
  }

  void expand(const MixStage &stage) {
    std::vector<RowPattern> targets, bottoms, broadcasts, into;
    std::vector<Diagram> diagrams, biasDiagrams;
    SmallVector<int64_t> biasRows;
    for (const MixTarget &target : stage.targets) {
      targets.push_back(patternOf(target.node));
      for (const std::vector<MixTerm> *terms :
           {&target.fromInput, &target.fromStored})
        for (const MixTerm &term : *terms) {
          diagrams.push_back(spec.diagrams[term.diagram]);
          if (term.view.array == PlanArray::Stored)
            bottoms.push_back(splitDiagram(diagrams.back()).bottom);
        }
      for (int node : target.broadcasts) {
        broadcasts.push_back(plan.nodes[node]);
        into.push_back(targets.back());
      }
      for (int row : target.biasRows) {
        biasDiagrams.push_back(spec.biasDiagrams[row]);
        biasRows.push_back(row);
      }
    }
    MLIRContext *context = b.getContext();
    Value mixed = MixOp::create(
        b, loc, rowsType(targets, spec.cOut), x, reads->holders(bottoms),
        nodeHolders(broadcasts), packed,
        biasRows.empty() ? Value() : op.getBias(), op.getGroupAttr(),
        op.getNAttr(), b.getI64IntegerAttr(stage.kept),
        b.getI64IntegerAttr(firstWeight), attr(targets),
        getDiagramArrayAttr(context, diagrams), attr(broadcasts), attr(into),
        getDiagramArrayAttr(context, biasDiagrams),
        b.getDenseI64ArrayAttr(biasRows));
    firstWeight += static_cast<int64_t>(diagrams.size());
    setTargets(stage.target, mixed);
    if (stage.target == PlanArray::Nodes)
      for (const RowPattern &target : targets)
        nodePlace[target] = nodes.size() - 1;
  }

  void setTargets(PlanArray target, Value value) {
    if (target == PlanArray::Output)
      output = value;
    else
      nodes.push_back(value);
  }

  void expand(const WriteStage &stage) {
    std::vector<RowPattern> patterns, into;
    for (const WriteEntry &entry : stage.entries) {
      patterns.push_back(plan.nodes[entry.node]);
      into.push_back(patternOf(entry.parent));
    }
    Value &target = stage.target == PlanArray::Output ? output : nodes.back();
    target = WriteOp::create(b, loc, target.getType(), target,
                             nodeHolders(patterns), op.getGroupAttr(),
                             op.getNAttr(), attr(patterns), attr(into));
  }

  OpBuilder &b;
  LinearOp op;
  Location loc;
  const LayerSpec spec;
  const SharedPlan plan;
  int64_t batch = 0;
  Type element;
  Value x, packed, output;
  std::optional<ReadWriter> reads;
  SmallVector<Value> nodes;
  std::map<RowPattern, size_t> nodePlace;
  int64_t firstWeight = 0;
};

struct ExpandPlan : eqc::impl::ExpandPlanPassBase<ExpandPlan> {
  using ExpandPlanPassBase::ExpandPlanPassBase;

  void runOnOperation() override {
    SmallVector<LinearOp> layers;
    getOperation().walk([&](LinearOp op) { layers.push_back(op); });
    for (LinearOp op : layers)
      if (failed(expand(op)))
        return signalPassFailure();
  }

  LogicalResult expand(LinearOp op) {
    OpBuilder b(op);
    auto function = op->getParentOfType<func::FuncOp>();
    if (!function)
      return op.emitError("a layer must stand in a function");
    std::string plan = this->plan;
    if (auto asked =
            function->getAttrOfType<StringAttr>(EqcDialect::kPlanAttrName))
      plan = asked.str();
    Value y;
    if (plan == "shared") {
      y = SharedExpander(b, op).expand();
    } else if (plan == "dense") {
      if (op.hasDynamicN())
        return op.emitError("the dense plan needs a fixed 'n', found '?'");
      y = DenseOp::create(b, op.getLoc(), op->getResultTypes(),
                          op->getOperands(), op->getAttrs());
    } else if (plan == "schur") {
      y = SchurOp::create(b, op.getLoc(), op->getResultTypes(),
                          op->getOperands(), op->getAttrs());
    } else if (plan == "factored") {
      SmallVector<NamedAttribute> attributes(op->getAttrs());
      SmallVector<Attribute> forms;
      for (const Diagram &diagram : op.getDiagramValues())
        forms.push_back(
            FactoredAttr::get(&getContext(), factorDiagram(diagram)));
      attributes.push_back(b.getNamedAttr("factored", b.getArrayAttr(forms)));
      y = ApplyOp::create(b, op.getLoc(), op->getResultTypes(),
                          op->getOperands(), attributes);
    } else {
      return op.emitError() << "unknown plan '" << plan
                            << "', expected shared, schur, factored or dense";
    }
    function->setAttr(EqcDialect::kPlanAttrName, b.getStringAttr(plan));
    ++numExpanded;
    op->replaceAllUsesWith(ValueRange{y});
    op.erase();
    return success();
  }
};

} // namespace
