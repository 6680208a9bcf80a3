//===- Shared.cpp - The stages of the shared plan -------------------------===//
//
// Also of the plan in strands, which is the shared one with some mixes in
// another basis.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Plan/Shared/SharedGeometry.h"
#include "compiler/Transforms/Expand/Expand.h"
#include "compiler/Transforms/WriteReads.h"
#include "dialect/Eqc/EqcStages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

/// Visits a shared plan and writes its stages before `op`.
class SharedExpander {
public:
  SharedExpander(OpBuilder &b, LinearOp op, const MemberLayer &layer,
                 const StrandPlan &strands)
      : b(b), op(op), loc(op.getLoc()), layer(layer), spec(layer.spec),
        strands(strands), plan(strands.shared) {}

  Value expand() {
    auto xType = cast<RankedTensorType>(op.getX().getType());
    batch = xType.getDimSize(0);
    element = xType.getElementType();
    x = ToRowsOp::create(
        b, loc,
        rowsType(*getRowsOfOrder(spec.k, spec.group, spec.n, spec.xAxes),
                 spec.cIn),
        op.getX(), op.getLayoutAttr());
    reads.emplace(
        b, loc, x, op.getGroupAttr(), op.getNAttr(), op.getNormalizeAttr(),
        PoolAttr::get(b.getContext(), spec.unpools ? Pool::Sum : spec.pool));
    packed = createPack(b, op, strands.packed);
    bias = createBias(b, op, layer);
    for (auto [stage, basis] : llvm::zip_equal(plan.stages, strands.strands))
      std::visit(
          [&, &basis = basis](const auto &s) { expand(s, basis.has_value()); },
          stage);
    if (!slices.empty())
      joinSlices();
    return FromRowsOp::create(b, loc, op.getType(), output, op.getLayoutAttr());
  }

private:
  RankedTensorType rowsType(int64_t rows, int64_t channels) const {
    return RankedTensorType::get({batch, rows, channels}, element);
  }
  RankedTensorType rowsType(ArrayRef<RowPattern> patterns, int64_t channels) {
    return rowsType(*getRows(patterns, spec.group, spec.n), channels);
  }
  ArrayAttr attr(ArrayRef<RowPattern> patterns) {
    return getPatternArrayAttr(b.getContext(), patterns);
  }

  void expand(const ReadStage &stage, bool) { reads->write(plan, stage); }

  RowPattern patternOf(int node) const {
    return node < 0 ? identityPattern(spec.l, spec.yAxes) : plan.nodes[node];
  }

  void expand(const MixStage &stage, bool inStrands) {
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
    auto mixed = MixOp::create(
        b, loc, rowsType(targets, spec.cOut), x, reads->holders(bottoms),
        nodes.of(broadcasts), packed, biasRows.empty() ? Value() : bias,
        op.getGroupAttr(), op.getNAttr(), b.getI64IntegerAttr(stage.kept),
        b.getI64IntegerAttr(firstWeight),
        inStrands ? b.getI64IntegerAttr(stage.kept) : IntegerAttr(),
        attr(targets), getDiagramArrayAttr(context, diagrams), attr(broadcasts),
        attr(into), getDiagramArrayAttr(context, biasDiagrams),
        b.getDenseI64ArrayAttr(biasRows));
    firstWeight += mixed.getNumWeights();
    if (isWhole(targets.front())) {
      output = mixed;
      return;
    }
    nodes.add(mixed, targets);
    if (stage.target == PlanArray::Output)
      slices.insert(slices.end(), targets.begin(), targets.end());
  }

  /// The output where its slices are computed by themselves.
  void joinSlices() {
    const RowPattern whole = identityPattern(spec.l, spec.yAxes);
    MLIRContext *context = b.getContext();
    output = MixOp::create(
        b, loc, rowsType(whole, spec.cOut), x, ValueRange(), ValueRange(),
        packed, Value(), op.getGroupAttr(), op.getNAttr(),
        b.getI64IntegerAttr(spec.l), b.getI64IntegerAttr(firstWeight),
        IntegerAttr(), attr(whole), getDiagramArrayAttr(context, {}), attr({}),
        attr({}), getDiagramArrayAttr(context, {}), b.getDenseI64ArrayAttr({}));
    const std::vector<RowPattern> into(slices.size(), whole);
    output =
        WriteOp::create(b, loc, output.getType(), output, nodes.of(slices),
                        Value(), op.getGroupAttr(), op.getNAttr(), attr(slices),
                        attr(into), PoolAttr::get(context, Pool::Sum));
  }

  void expand(const WriteStage &stage, bool) {
    std::vector<RowPattern> patterns, into;
    for (const WriteEntry &entry : stage.entries) {
      patterns.push_back(plan.nodes[entry.node]);
      into.push_back(patternOf(entry.parent));
    }
    Value &target = stage.target == PlanArray::Output && slices.empty()
                        ? output
                        : nodes.back();
    target = WriteOp::create(
        b, loc, target.getType(), target, nodes.of(patterns), op.getAt(),
        op.getGroupAttr(), op.getNAttr(), attr(patterns), attr(into),
        PoolAttr::get(b.getContext(), op.getAt() ? spec.pool : Pool::Sum));
  }

  OpBuilder &b;
  LinearOp op;
  Location loc;
  const MemberLayer &layer;
  const LayerSpec &spec;
  const StrandPlan &strands;
  const SharedPlan &plan;
  int64_t batch = 0;
  Type element;
  Value x, packed, bias, output;
  std::optional<ReadWriter> reads;
  PatternHolders nodes;           ///< output patterns
  std::vector<RowPattern> slices; ///< those that lie in the output
  int64_t firstWeight = 0;
};

} // namespace

Value eqc::writeSharedStages(OpBuilder &b, LinearOp op,
                             const MemberLayer &layer, const StrandPlan &plan) {
  return SharedExpander(b, op, layer, plan).expand();
}

FailureOr<Value> eqc::expandShared(OpBuilder &b, LinearOp op, PlanAttr,
                                   BuiltPlans &) {
  // `eqc-order-contractions` orders what is read.
  const MemberLayer layer = membersOf(getLayerOf(op));
  return writeSharedStages(
      b, op, layer,
      withoutStrands(buildSharedPlan(layer.spec, ReadOrder::First), layer));
}

Value eqc::createPack(OpBuilder &b, LinearOp op,
                      llvm::ArrayRef<PackedTerm> terms) {
  auto type = cast<RankedTensorType>(op.getWeight().getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.front() = static_cast<int64_t>(terms.size());
  return PackOp::create(b, op.getLoc(), type.clone(shape), op.getWeight(),
                        SumsAttr::get(b.getContext(), terms));
}

/// Whether each is a weight, or a row of the bias, of its own.
static bool areWeights(llvm::ArrayRef<PackedTerm> members) {
  for (auto [d, member] : llvm::enumerate(members))
    if (member.size() != 1 || member.front().factor != 1 ||
        member.front().diagram != static_cast<int>(d))
      return false;
  return true;
}

Value eqc::createBias(OpBuilder &b, LinearOp op, const MemberLayer &layer) {
  if (!op.getBias() || areWeights(layer.biasWeights))
    return op.getBias();
  auto type = cast<RankedTensorType>(op.getBias().getType());
  const auto rows = static_cast<int64_t>(layer.biasWeights.size());
  return TransformOp::create(b, op.getLoc(), type.clone({rows, op.getCOut()}),
                             op.getBias(),
                             SumsAttr::get(b.getContext(), layer.biasWeights));
}
