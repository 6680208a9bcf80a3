//===- SharedGraph.cpp - The shared plan as a graph -----------------------===//
//
// One operation for every pattern that is read, every diagram that is mixed and
// every pattern that is written, in the order of the stages; jellyfish come
// last, each by itself.
//
// math: a mix may be in the irreps of S_t. With f(p) the entry of a bottom
// pattern whose letter q has the value m[p[q]], a mix is z(g) = sum over sigma
// of W_sigma f(g sigma^-1), so for every irrep rho of S_t of dimension d
//   z^(rho) = f^(rho) sum_sigma W_sigma rho(sigma),
//   z(1)    = sum over rho of d / t! tr z^(rho),
// where the packed weights are d / t! sum_sigma W_sigma rho(sigma).
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"
#include "compiler/Plan/Shared/SharedGeometry.h"
#include "compiler/Plan/Strands/StrandPlan.h"

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
        order = pack.getOrder().getTerms();
      else if (auto readOp = dyn_cast<ReadOp>(op))
        read(readOp);
      else if (auto mixOp = dyn_cast<MixOp>(op))
        mix(mixOp);
      else if (auto writeOp = dyn_cast<WriteOp>(op))
        add(getPatternValues(writeOp.getPatterns()),
            getPatternValues(writeOp.getInto()));
    }
    PatternTensor &y = nodes.at(output);
    for (const auto &[diagram, weight] : heads)
      layer.applyHead(y, diagram, weight);
    for (const auto &[diagram, row] : biasHeads)
      layer.addBiasOfHead(y, diagram, row);
    return y.value;
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
      if (pattern.head < 0 && pattern.steps.empty())
        reads[pattern] = layer.read(source(from), pattern);
  }

  void mix(MixOp op) {
    for (const RowPattern &target : op.getTargetValues())
      if (target.head < 0 && target.steps.empty())
        nodes[target] = layer.outputZeros(target);
    for (auto [diagram, row] :
         llvm::zip(getDiagramValues(op.getBiasDiagrams()), op.getBiasRows()))
      if (diagram.head >= 0)
        biasHeads.emplace_back(diagram, row);
      else
        layer.addBias(nodes.at(splitDiagram(diagram).top), row);
    add(getPatternValues(op.getBroadcasts()), getPatternValues(op.getInto()));
    if (op.getStrands())
      return mixStrands(op);
    int64_t packed = op.getFirst();
    for (const Diagram &diagram : op.getDiagramValues()) {
      const Split split = splitDiagram(diagram);
      const Value weight = layer.weightOf(order[packed++]);
      if (weight && (diagram.head >= 0 || diagram.map.exists()))
        heads.emplace_back(diagram, weight);
      else if (weight)
        layer.mix(nodes.at(split.top), source(split.bottom), diagram, weight);
    }
  }

  /// f^ of a source: a tensor for every slot of every irrep.
  SmallVector<Value> transform(const RowPattern &bottom,
                               const StrandTransform &basis) {
    SmallVector<Value> slots;
    for (const std::vector<double> &row : basis.matrix) {
      Value sum = layer.inputZeros(basis.order);
      for (auto [permutation, factor] : llvm::zip(basis.permutations, row))
        if (factor != 0)
          sum = layer.addPermuted(sum, source(bottom), bottom, permutation,
                                  factor);
      slots.push_back(sum);
    }
    return slots;
  }

  void mixStrands(MixOp op) {
    const StrandTransform basis(static_cast<int>(*op.getStrands()));
    SmallVector<SmallVector<Value>> sources;
    for (const RowPattern &bottom : op.getBottomValues())
      sources.push_back(transform(bottom, basis));
    int64_t packed = op.getFirst();
    for (const RowPattern &target : op.getTargetValues())
      for (const StrandIrrep &irrep : basis.irreps)
        for (int column = 0; column < irrep.dimension; ++column)
          for (const SmallVector<Value> &slots : sources)
            for (int row = 0; row < irrep.dimension; ++row)
              // The trace takes row `column` of the product's columns.
              if (const Value weight = layer.weightOf(order[packed++]))
                layer.mixLetters(
                    nodes.at(target),
                    slots[irrep.first + column * irrep.dimension + row],
                    basis.order, weight);
  }

  void add(ArrayRef<RowPattern> patterns, ArrayRef<RowPattern> into) {
    for (auto [coarse, fine] : llvm::zip(patterns, into))
      if (coarse.head < 0 && coarse.steps.empty())
        layer.add(nodes.at(fine), nodes.at(coarse));
  }

  LayerGraph &layer;
  const RowPattern output;
  std::vector<PackedTerm> order;
  std::map<RowPattern, PatternTensor> reads, nodes;
  /// Jellyfish with their weights and rows of the bias.
  std::vector<std::pair<Diagram, Value>> heads;
  std::vector<std::pair<Diagram, int64_t>> biasHeads;
};

} // namespace

Value eqc::buildGraph(const GraphSite &site, const StrandPlan &plan) {
  site.layer.transformBias(plan.bias);
  return StageVisitor(site.layer, site.spec).visit(site.function);
}
