//===- SharedGraph.cpp - The shared plan as a graph -----------------------===//
//
// One operation for every pattern that is read, every diagram that is mixed and
// every pattern that is written, in the order of the stages.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <map>

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class StageVisitor {
public:
  StageVisitor(LayerGraph &layer, const LayerSpec &spec)
      : layer(layer), output(identityPattern(spec.l)) {}

  Value visit(func::FuncOp function) {
    for (Operation &op : function.front()) {
      if (auto pack = dyn_cast<PackOp>(op))
        order = pack.getOrder();
      else if (auto readOp = dyn_cast<ReadOp>(op))
        read(readOp);
      else if (auto mixOp = dyn_cast<MixOp>(op))
        mix(mixOp);
      else if (auto writeOp = dyn_cast<WriteOp>(op))
        add(getPatternValues(writeOp.getPatterns()),
            getPatternValues(writeOp.getInto()));
    }
    return nodes.at(output).value;
  }

private:
  /// What holds an input pattern: views are read from x as they are.
  PatternTensor source(const RowPattern &pattern) const {
    auto found = reads.find(pattern);
    return found == reads.end() ? layer.input() : found->second;
  }

  void read(ReadOp op) {
    for (auto [pattern, from] :
         llvm::zip(op.getPatternValues(), op.getSourceValues()))
      reads[pattern] = layer.read(source(from), pattern);
  }

  void mix(MixOp op) {
    for (const RowPattern &target : op.getTargetValues())
      nodes[target] = layer.outputZeros(target);
    for (auto [diagram, row] :
         llvm::zip(getDiagramValues(op.getBiasDiagrams()), op.getBiasRows()))
      layer.addBias(nodes.at(splitDiagram(diagram).top), row);
    add(getPatternValues(op.getBroadcasts()), getPatternValues(op.getInto()));
    int64_t packed = op.getFirst();
    for (const Diagram &diagram : op.getDiagramValues()) {
      const Split split = splitDiagram(diagram);
      layer.mix(nodes.at(split.top), source(split.bottom), diagram,
                layer.weightOf(order[packed++]));
    }
  }

  void add(ArrayRef<RowPattern> patterns, ArrayRef<RowPattern> into) {
    for (auto [coarse, fine] : llvm::zip(patterns, into))
      layer.add(nodes.at(fine), nodes.at(coarse));
  }

  LayerGraph &layer;
  const RowPattern output;
  ArrayRef<int64_t> order;
  std::map<RowPattern, PatternTensor> reads, nodes;
};

} // namespace

Value eqc::buildSharedGraph(LayerGraph &layer, func::FuncOp function,
                            const LayerSpec &spec) {
  return StageVisitor(layer, spec).visit(function);
}
