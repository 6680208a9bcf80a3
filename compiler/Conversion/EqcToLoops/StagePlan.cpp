//===- StagePlan.cpp - The plan that stage operations say -----------------===//
//
// What the operations say is all that counts: which patterns are read, which
// diagrams are mixed, in which order. Only where rows lie is decided here, by
// the same code that lays out the plan of a layer.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLoops/StagePlan.h"
#include "compiler/Conversion/EqcToLoops/FactoredStages.h"
#include "compiler/Plan/Shared/SharedGeometry.h"
#include "dialect/Eqc/EqcStages.h"

#include <optional>

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class StageReader {
public:
  explicit StageReader(func::FuncOp function) : function(function) {}

  FailureOr<StagedLayer> read() {
    if (!function.front().getOps<MultiplyOp>().empty()) {
      FailureOr<LayerSpec> spec = readDenseStages(function);
      if (failed(spec))
        return failure();
      return StagedLayer{std::move(*spec), DenseForm()};
    }
    if (failed(readLayer()))
      return failure();
    if (!function.front().getOps<MixEachOp>().empty()) {
      if (failed(readFactored()))
        return failure();
      return std::move(layer);
    }
    if (!function.front().getOps<MixCopiesOp>().empty()) {
      FailureOr<IsotypicPlan> plan = readIsotypicStages(function, layer.spec);
      if (failed(plan))
        return failure();
      layer.plan = std::move(*plan);
      return std::move(layer);
    }
    if (failed(readShared()))
      return failure();
    return std::move(layer);
  }

private:
  LogicalResult readShared() {
    if (failed(readOutput()))
      return failure();
    geometry.emplace(layer.spec.group, layer.spec.n, layer.spec.k, layer.spec.l,
                     layer.spec.normalize == Normalize::Mean);
    // Rows first: stages refer to rows of later ones as targets.
    for (Operation &op : function.front())
      placeRows(&op);
    for (Operation &op : function.front()) {
      LogicalResult done = success();
      if (auto readOp = dyn_cast<ReadOp>(op))
        readRead(readOp);
      else if (auto mix = dyn_cast<MixOp>(op))
        done = readMix(mix);
      else if (auto write = dyn_cast<WriteOp>(op))
        done = readWrite(write);
      if (failed(done))
        return failure();
    }
    plan.shared = std::move(geometry->plan);
    layer.plan = std::move(plan);
    return success();
  }

  template <typename OpT> FailureOr<OpT> findOnly(StringRef what) {
    auto ops = function.front().getOps<OpT>();
    if (ops.empty() || std::next(ops.begin()) != ops.end()) {
      function.emitError() << "a layer in stages must have " << what
                           << " exactly once";
      return failure();
    }
    return *ops.begin();
  }

  /// All stages are of the group, and its size, of the output.
  template <typename OpT> LogicalResult checkGroup(Operation *op) {
    auto stage = dyn_cast<OpT>(op);
    if (!stage ||
        (stage.getGroup() == layer.spec.group && stage.getN() == layer.spec.n))
      return success();
    return op->emitError("must be of the group, and its size, of the output");
  }

  LogicalResult readLayer() {
    LayerSpec &spec = layer.spec;
    FailureOr<ToRowsOp> toRows = findOnly<ToRowsOp>("'eqc.to_rows'");
    if (failed(toRows))
      return failure();
    FailureOr<FromRowsOp> last = findOnly<FromRowsOp>("'eqc.from_rows'");
    if (failed(last))
      return failure();
    fromRows = *last;
    FailureOr<PackOp> packOp = findOnly<PackOp>("'eqc.pack'");
    if (failed(packOp))
      return failure();
    pack = *packOp;
    if (toRows->getLayout() != fromRows.getLayout())
      return fromRows.emitError("must have the layout of 'eqc.to_rows'");
    auto xType = cast<RankedTensorType>(toRows->getX().getType());
    auto yType = cast<RankedTensorType>(fromRows.getType());
    auto weightType = cast<RankedTensorType>(pack.getPacked().getType());
    spec.name = function.getName().str();
    spec.layout = toRows->getLayout();
    spec.dtype = xType.getElementType().isF32() ? DType::F32 : DType::F64;
    spec.k = static_cast<int>(xType.getRank()) - 2;
    spec.l = static_cast<int>(yType.getRank()) - 2;
    spec.cIn = weightType.getDimSize(1);
    spec.cOut = weightType.getDimSize(2);
    spec.bias = function.getNumArguments() > 2;
    plan.packed = pack.getOrder().getTerms();
    return success();
  }

  LogicalResult readFactored() {
    FailureOr<FactoredStages> stages =
        findFactoredStages(function, fromRows.getRows());
    if (failed(stages))
      return failure();
    FailureOr<std::vector<FactoredDiagram>> forms = readFactoredForms(*stages);
    if (failed(forms))
      return failure();
    LayerSpec &spec = layer.spec;
    spec.group = stages->mix.getGroup();
    spec.n = stages->mix.getN();
    spec.normalize = stages->normalize();
    spec.choice = DiagramChoice::List;
    for (const FactoredDiagram &form : *forms) {
      if (form.k != spec.k || form.l != spec.l)
        return stages->mix.emitError()
               << "is of diagrams of order " << form.k << " -> " << form.l
               << ", but the layer is of order " << spec.k << " -> " << spec.l;
      spec.diagrams.push_back(unfactor(form));
    }
    if (stages->addBias)
      spec.biasDiagrams = getDiagramValues(stages->addBias.getDiagrams());
    layer.plan = FactoredForms{std::move(*forms), pack.getOrder().getTerms()};
    return success();
  }

  LogicalResult readOutput() {
    LayerSpec &spec = layer.spec;
    FailureOr<MixOp> output = failure();
    for (MixOp mix : function.front().getOps<MixOp>())
      if (mix.writesOutput())
        output = mix;
    if (failed(output) || getMixOf(fromRows.getRows()) != *output)
      return fromRows.emitError(
          "must see the rows of the output itself, that 'eqc.mix' computed");
    spec.group = output->getGroup();
    spec.n = output->getN();
    for (Operation &op : function.front())
      if (failed(checkGroup<ReadOp>(&op)) || failed(checkGroup<MixOp>(&op)) ||
          failed(checkGroup<WriteOp>(&op)))
        return failure();
    for (ReadOp readOp : function.front().getOps<ReadOp>())
      if (readOp.getNormalize() == Normalize::Mean)
        spec.normalize = Normalize::Mean;
    for (ReadOp readOp : function.front().getOps<ReadOp>())
      if (readOp.getNormalize() != spec.normalize)
        return readOp.emitError("must normalize as the other reads do");
    return success();
  }

  void placeRows(Operation *op) {
    if (auto readOp = dyn_cast<ReadOp>(op))
      for (const RowPattern &pattern : readOp.getPatternValues())
        geometry->addStored(pattern);
    if (auto mix = dyn_cast<MixOp>(op); mix && !mix.writesOutput())
      for (const RowPattern &pattern : mix.getTargetValues())
        geometry->addNode(pattern);
  }

  void readRead(ReadOp op) {
    ReadStage stage;
    const std::vector<RowPattern> patterns = op.getPatternValues();
    stage.kept = patterns.front().numKept();
    stage.source = op.readsInput() ? PlanArray::Input : PlanArray::Stored;
    for (auto [pattern, source] : llvm::zip(patterns, op.getSourceValues()))
      stage.entries.push_back(geometry->makeRead(pattern, source));
    addStage(std::move(stage));
  }

  void addStage(SharedStage stage, std::optional<StrandStage> strands = {}) {
    geometry->plan.stages.push_back(std::move(stage));
    plan.strands.push_back(std::move(strands));
  }

  LogicalResult readMix(MixOp op) {
    if (op.getFirst() != firstWeight)
      return op.emitError() << "must use the weights from " << firstWeight
                            << " on: they are read in the order of stages";
    firstWeight += op.getNumWeights();
    // Terms are numbered as they are used; what each of them is says the pack.
    std::vector<int> &order = geometry->plan.packedOrder;
    const std::vector<RowPattern> targets = op.getTargetValues();
    std::map<RowPattern, size_t> number;
    MixStage stage;
    stage.kept = static_cast<int>(op.getPropagating());
    stage.subsets = numSubsetsOf(targets.front(), layer.spec.n);
    stage.target = op.writesOutput() ? PlanArray::Output : PlanArray::Nodes;
    for (const RowPattern &target : targets) {
      number[target] = stage.targets.size();
      stage.targets.push_back(geometry->makeTarget(target));
    }
    for (const Diagram &diagram : op.getDiagramValues()) {
      const Split split = splitDiagram(diagram);
      const int term = static_cast<int>(order.size());
      geometry->addTerm(stage.targets[number.at(split.top)], term, split);
      order.push_back(term);
    }
    for (auto [diagram, row] :
         llvm::zip(getDiagramValues(op.getBiasDiagrams()), op.getBiasRows())) {
      const RowPattern top = splitDiagram(diagram).top;
      geometry->addBias(stage.targets[number.at(top)], static_cast<int>(row),
                        top);
    }
    for (auto [from, to] : llvm::zip(getPatternValues(op.getBroadcasts()),
                                     getPatternValues(op.getInto())))
      geometry->addBroadcast(from, to, stage.targets[number.at(to)]);
    std::optional<StrandStage> strands;
    if (op.getStrands()) {
      strands = makeStrandStage(stage, layer.spec.n);
      if (!strands ||
          static_cast<int64_t>(strands->packed.size()) != op.getNumWeights())
        return op.emitError("cannot be computed in the basis of its strands");
      strands->packed.assign(plan.packed.begin() + op.getFirst(),
                             plan.packed.begin() + op.getFirst() +
                                 op.getNumWeights());
    }
    addStage(std::move(stage), std::move(strands));
    return success();
  }

  LogicalResult readWrite(WriteOp op) {
    if (!op.getTarget().hasOneUse())
      return op.emitError("must be the only use of its target, which it "
                          "overwrites");
    WriteStage stage;
    stage.target = getMixOf(op.getTarget()).writesOutput() ? PlanArray::Output
                                                           : PlanArray::Nodes;
    for (auto [node, parent] : llvm::zip(getPatternValues(op.getPatterns()),
                                         getPatternValues(op.getInto())))
      stage.entries.push_back(
          geometry->makeWrite(node, parent, geometry->makeTarget(parent)));
    if (!stage.entries.empty())
      addStage(std::move(stage));
    return success();
  }

  func::FuncOp function;
  StagedLayer layer;
  StrandPlan plan;
  PackOp pack;
  FromRowsOp fromRows;
  int64_t firstWeight = 0;
  std::optional<SharedGeometry> geometry;
};

} // namespace

FailureOr<StagedLayer> eqc::readStages(func::FuncOp function) {
  return StageReader(function).read();
}
