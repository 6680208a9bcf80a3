//===- Isotypic.cpp - The isotypic plan that operations say ---------------===//
//
// Rows are numbered as the changes of basis number them; a change that folded
// away takes each row as it is.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/Stages.h"
#include "dialect/Eqc/EqcStages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class IsotypicReader {
public:
  IsotypicReader(func::FuncOp function, const RowsOfLayer &rows,
                 LayerSpec &spec)
      : body(function.front()), spec(spec), toRows(rows.toRows),
        pack(rows.pack), fromRows(rows.fromRows) {}

  FailureOr<LayerPlan> read() {
    plan.packed = pack.getOrder().getTerms();
    plan.bias.source = plan.bias.target = PlanArray::Bias;
    plan.read.source = PlanArray::Input;
    plan.read.target = PlanArray::Stored;
    plan.write.source = PlanArray::Nodes;
    plan.write.target = PlanArray::Output;
    if (failed(readLayer()) || failed(readWrite()))
      return failure();
    for (MixCopiesOp mix : body.getOps<MixCopiesOp>())
      if (failed(readMix(mix)))
        return failure();
    for (TransformOp op : body.getOps<TransformOp>())
      if (op.getRows() != stored && op.getRows() != bias &&
          op.getRows() != fromRows.getRows())
        return op.emitError("is no change of basis of the layer's input, bias "
                            "or output");
    plan.read.rows = changeOf(stored);
    plan.storedRows = static_cast<int64_t>(plan.read.rows.size());
    if (bias)
      plan.bias.rows = changeOf(bias);
    return LayerPlan(std::move(plan));
  }

private:
  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  LogicalResult readLayer() {
    for (Operation &op : body)
      if (isa<ReadOp, MixOp, WriteOp>(op))
        return op.emitError("is of another plan than 'eqc.mix_copies'");
    MixCopiesOp first = *body.getOps<MixCopiesOp>().begin();
    spec.group = plan.group = first.getGroup();
    spec.n = plan.n = first.getN();
    plan.k = spec.k;
    plan.l = spec.l;
    // All have stood in stages of the size that their types say.
    const StringRef mix = "eqc.mix_copies";
    if (failed(verifyRowsOf(toRows, toRows.getRows(), spec.k, spec, mix)))
      return failure();
    return verifyRowsOf(fromRows, fromRows.getRows(), spec.l, spec, mix);
  }

  /// The mixes that the output is made of and where their rows begin.
  LogicalResult readWrite() {
    Value output = fromRows.getRows();
    plan.write.rows = changeOf(output);
    SmallVector<Value> nodes{output};
    if (auto transform = output.getDefiningOp<TransformOp>())
      nodes.assign(transform.getSources().begin(),
                   transform.getSources().end());
    for (Value node : nodes) {
      auto mix = node.getDefiningOp<MixCopiesOp>();
      if (!mix || !firstRow.try_emplace(mix, plan.nodeRows).second)
        return fromRows.emitError("must see rows that 'eqc.mix_copies' "
                                  "computed, or one change of their basis that "
                                  "takes each of them once");
      plan.nodeRows += typeOf(node).getDimSize(1);
    }
    return success();
  }

  LogicalResult readMix(MixCopiesOp mix) {
    if (mix.getGroup() != spec.group || mix.getN() != spec.n)
      return mix.emitError("must be of the group, and its size, of the others");
    if (!stored)
      stored = mix.getStored();
    auto transform = stored.getDefiningOp<TransformOp>();
    const ValueRange source =
        transform ? ValueRange(transform.getSources()) : ValueRange(stored);
    if (mix.getStored() != stored || !llvm::equal(source, toRows->getResults()))
      return mix.emitError("must mix the rows that 'eqc.to_rows' makes, or one "
                           "change of their basis, as the others do");
    if (mix.getBias()) {
      if (!bias)
        bias = mix.getBias();
      if (mix.getBias() != bias)
        return mix.emitError("must have the 'bias' of the others");
    }
    if (mix.getFirst() != firstWeight)
      return mix.emitError() << "must use the weights from " << firstWeight
                             << " on: they are read in the order of stages";
    auto first = firstRow.find(mix);
    if (first == firstRow.end() || !mix->hasOneUse())
      return mix.emitError("must be used once, in the output");
    int64_t row = first->second;
    MixStage stage;
    stage.subsets = mix.getDimension();
    stage.target = PlanArray::Nodes;
    for (int64_t t = 0; t < mix.getNumTargets(); ++t) {
      MixTarget target;
      target.node = static_cast<int>(t);
      target.target = {PlanArray::Nodes, Poly(row), {}};
      row += mix.getDimension();
      if (const int64_t biasRow = mix.getBiasRows()[t]; biasRow >= 0) {
        target.inits.push_back({PlanArray::Bias, Poly(biasRow), {}});
        target.biasRows.push_back(static_cast<int>(biasRow));
      }
      for (int64_t copy : mix.getCopiesOf(t))
        target.fromStored.push_back({static_cast<int>(firstWeight++),
                                     {PlanArray::Stored, Poly(copy), {}}});
      stage.targets.push_back(std::move(target));
    }
    plan.mixes.push_back(std::move(stage));
    return success();
  }

  Block &body;
  LayerSpec &spec;
  ToRowsOp toRows;
  PackOp pack;
  FromRowsOp fromRows;
  IsotypicPlan plan; ///< without a list of its blocks
  Value stored, bias;
  llvm::DenseMap<Operation *, int64_t> firstRow; ///< of the nodes of a mix
  int64_t firstWeight = 0;
};

} // namespace

LogicalResult eqc::verifyRowsOf(Operation *op, Value rows, int order,
                                const LayerSpec &spec, StringRef mix) {
  if (cast<RankedTensorType>(rows.getType()).getDimSize(1) ==
      getRowsOfOrder(order, spec.group, spec.n))
    return success();
  return op->emitError() << "must have n-axes of " << spec.n << ", the 'n' of '"
                         << mix << "'";
}

std::vector<SparseVector> eqc::changeOf(Value rows) {
  if (auto transform = rows.getDefiningOp<TransformOp>())
    return transform.getSums().getRows();
  const auto type = cast<RankedTensorType>(rows.getType());
  std::vector<SparseVector> same(type.getDimSize(type.getRank() - 2));
  for (size_t row = 0; row < same.size(); ++row)
    same[row].push_back({static_cast<int64_t>(row), 1.0});
  return same;
}

FailureOr<LayerPlan> eqc::readIsotypicStages(func::FuncOp function,
                                             LayerSpec &spec) {
  FailureOr<RowsOfLayer> rows = readRows(function, spec);
  if (failed(rows))
    return failure();
  return IsotypicReader(function, *rows, spec).read();
}
