//===- Shared.cpp - The shared plan that operations say -------------------===//
//
// What the operations say is all that counts: which patterns are read, which
// diagrams are mixed, in which order. Only where rows lie is decided here, by
// the same code that lays out the plan of a layer.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/Stages.h"
#include "compiler/Plan/Shared/SharedGeometry.h"
#include "dialect/Eqc/EqcStages.h"

#include <optional>
#include <set>

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class SharedReader {
public:
  SharedReader(func::FuncOp function, RowsOfLayer rows, LayerSpec &spec)
      : function(function), spec(spec), fromRows(rows.fromRows) {
    plan.packed = rows.pack.getOrder().getTerms();
  }

  FailureOr<LayerPlan> read() {
    if (failed(readOutput()))
      return failure();
    geometry.emplace(spec);
    // Rows first: stages refer to rows of later ones as targets.
    for (Operation &op : function.front())
      placeRows(&op);
    for (Operation &op : function.front()) {
      LogicalResult done = success();
      if (auto readOp = dyn_cast<ReadOp>(op))
        readRead(readOp);
      else if (auto mix = dyn_cast<MixOp>(op))
        done = isOfSlices(mix) ? checkSlices(mix) : readMix(mix);
      else if (auto write = dyn_cast<WriteOp>(op))
        done = isOfSlices(getMixOf(write.getTarget())) ? success()
                                                       : readWrite(write);
      if (failed(done))
        return failure();
    }
    plan.shared = std::move(geometry->plan);
    plan.bias = membersOfBias(bias);
    return LayerPlan(withoutCancelled(std::move(plan)));
  }

private:
  /// All stages are of the group, and its size, of the output.
  template <typename OpT> LogicalResult checkGroup(Operation *op) {
    auto stage = dyn_cast<OpT>(op);
    if (!stage || (stage.getGroup() == spec.group && stage.getN() == spec.n))
      return success();
    return op->emitError("must be of the group, and its size, of the output");
  }

  /// The spaces of the axes of x, of a product.
  FailureOr<std::vector<int>> axesOfInput() {
    for (ReadOp readOp : function.front().getOps<ReadOp>())
      return axesOf(spec.group, readOp.getPatternValues().front());
    for (MixOp mix : function.front().getOps<MixOp>())
      for (const Diagram &diagram : mix.getDiagramValues())
        return axesOf(spec.group, splitDiagram(diagram).bottom);
    return fromRows.emitError("is of a layer without diagrams");
  }

  LogicalResult readOutput() {
    FailureOr<MixOp> output = failure();
    for (MixOp mix : function.front().getOps<MixOp>())
      if (mix.writesOutput())
        output = mix;
    if (failed(output) || getMixOf(fromRows.getRows()) != *output)
      return fromRows.emitError(
          "must see the rows of the output itself, that 'eqc.mix' computed");
    spec.group = output->getGroup();
    spec.n = output->getN();
    spec.yAxes = output->getTargetValues().front().space;
    if (spec.group.isProduct()) {
      FailureOr<std::vector<int>> axes = axesOfInput();
      if (failed(axes))
        return failure();
      spec.xAxes = *axes;
    }
    for (Operation &op : function.front())
      if (failed(checkGroup<ReadOp>(&op)) || failed(checkGroup<MixOp>(&op)) ||
          failed(checkGroup<WriteOp>(&op)))
        return failure();
    for (ReadOp readOp : function.front().getOps<ReadOp>())
      if (readOp.getNormalize() == Normalize::Mean)
        spec.normalize = Normalize::Mean;
    for (WriteOp write : function.front().getOps<WriteOp>()) {
      spec.unpools |= static_cast<bool>(write.getAt());
      spec.pool = std::max(spec.pool, write.getPool());
    }
    for (ReadOp readOp : function.front().getOps<ReadOp>())
      spec.pool = std::max(spec.pool, readOp.getPool());
    for (WriteOp write : function.front().getOps<WriteOp>()) {
      // Slices are added to where they lie in the output, whatever is in them.
      const bool routes =
          spec.unpools && !isOfSlices(getMixOf(write.getTarget()));
      if (write.getPool() != (routes ? spec.pool : Pool::Sum))
        return write.emitError("must pool as the others do");
    }
    for (ReadOp readOp : function.front().getOps<ReadOp>()) {
      if (readOp.getNormalize() != spec.normalize)
        return readOp.emitError("must normalize as the other reads do");
      if (readOp.getPool() != (spec.unpools ? Pool::Sum : spec.pool))
        return readOp.emitError("must pool as the others do");
    }
    spec.bias &= !spec.unpools;
    return success();
  }

  /// Whether it is the output whose slices others write where they lie in it.
  bool isOfSlices(MixOp mix) const {
    return mix.writesOutput() && !slicesOf(spec.group, spec.yAxes).empty();
  }

  /// Such an output is zero before all of its slices are added to it.
  LogicalResult checkSlices(MixOp mix) {
    std::set<RowPattern> slices;
    for (WriteOp write : function.front().getOps<WriteOp>())
      if (getMixOf(write.getTarget()) == mix)
        for (const RowPattern &slice : getPatternValues(write.getPatterns()))
          slices.insert(slice);
    const std::vector<RowPattern> all = slicesOf(spec.group, spec.yAxes);
    if (mix.getDiagrams().empty() && mix.getBiasDiagrams().empty() &&
        mix.getBroadcasts().empty() &&
        slices == std::set<RowPattern>(all.begin(), all.end()))
      return success();
    return mix.emitError("must be zero, with all slices of the output, and "
                         "nothing else, added to it");
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
    stage.lengths = lengthsOfKept(spec.group, targets.front());
    stage.subsets = numSubsetsOf(targets.front(), spec.group, spec.n);
    for (const RowPattern &target : targets) {
      number[target] = stage.targets.size();
      stage.targets.push_back(geometry->makeTarget(target));
    }
    stage.target = stage.targets.front().target.array;
    for (const MixTarget &target : stage.targets)
      if (target.target.array == PlanArray::Output && stage.targets.size() > 1)
        return op.emitError("must have no target beside a slice of the output");
    for (const Diagram &diagram : op.getDiagramValues()) {
      const Split split = splitDiagram(diagram);
      const int term = static_cast<int>(order.size());
      geometry->addTerm(stage.targets[number.at(split.top)], term, split);
      order.push_back(term);
    }
    if (op.getBias()) {
      if (bias && bias != op.getBias())
        return op.emitError("must have the 'bias' of the others");
      bias = op.getBias();
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
      strands = makeStrandStage(stage, spec.group, spec.n);
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
    for (auto [node, parent] : llvm::zip(getPatternValues(op.getPatterns()),
                                         getPatternValues(op.getInto()))) {
      const MixTarget target = geometry->makeTarget(parent);
      stage.target = target.target.array;
      stage.entries.push_back(geometry->makeWrite(node, parent, target));
    }
    if (!stage.entries.empty())
      addStage(std::move(stage));
    return success();
  }

  func::FuncOp function;
  LayerSpec &spec;
  FromRowsOp fromRows;
  StrandPlan plan;
  Value bias;
  int64_t firstWeight = 0;
  std::optional<SharedGeometry> geometry;
};

} // namespace

FailureOr<LayerPlan> eqc::readSharedStages(func::FuncOp function,
                                           LayerSpec &spec) {
  FailureOr<RowsOfLayer> rows = readRows(function, spec);
  if (failed(rows))
    return failure();
  return SharedReader(function, *rows, spec).read();
}
