//===- FactoredGraph.cpp - The published algorithm as a graph -------------===//
//
// Contract the blocks of inputs one after the other, mix the channels of what
// is left, add it to the diagonals of y that the blocks of outputs stand for.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

using namespace eqc;
using namespace mlir;

/// `pattern` with these vertices, each kept apart so far, as one dropped block.
static RowPattern dropVertices(const RowPattern &pattern,
                               ArrayRef<int> vertices) {
  std::vector<int> labels = pattern.block;
  const int dropped = pattern.numBlocks();
  for (int vertex : vertices)
    labels[vertex] = dropped;
  RowPattern result;
  std::vector<int> renumbered(dropped + 1, -1);
  for (int label : labels) {
    if (renumbered[label] < 0) {
      renumbered[label] = static_cast<int>(result.kept.size());
      result.kept.push_back(label != dropped && pattern.kept[label]);
    }
    result.block.push_back(renumbered[label]);
  }
  return result;
}

/// One diagram after the other, inputs contracted in the order of each form.
Value eqc::buildGraph(const GraphSite &site, const FactoredLayer &plan) {
  LayerGraph &layer = site.layer;
  layer.transformBias(plan.bias);
  const LayerSpec &spec = site.spec;
  const RowPattern output = identityPattern(spec.l);
  PatternTensor y = layer.outputZeros(output);
  auto addTo = [&](const PatternTensor &node) { layer.add(y, node); };
  for (auto [d, steps] : llvm::enumerate(plan.plan.diagrams)) {
    const FactoredDiagram &form = steps.factored;
    const Diagram &diagram = spec.diagrams[d];
    // Where the input axes of each factor begin among the planar ones.
    SmallVector<int> first;
    int axis = 0;
    for (const KroneckerFactor &factor : form.factors) {
      first.push_back(axis);
      axis += factor.bottom;
    }
    PatternTensor source = layer.input();
    for (int f : form.contractionOrder)
      source = layer.read(
          source,
          dropVertices(source.pattern, ArrayRef(form.in).slice(
                                           first[f], form.factors[f].bottom)));
    const Split split = splitDiagram(diagram);
    // A symbol with more arguments among the inputs is contracted there.
    if (layer.contractsSymbol(split.bottom))
      source = layer.read(source, split.bottom);
    const Value weight = layer.weightOf(plan.packed[d]);
    if (!weight)
      continue;
    if (split.top == output) {
      layer.mix(y, source, diagram, weight);
      continue;
    }
    PatternTensor node = layer.outputZeros(split.top);
    layer.mix(node, source, diagram, weight);
    addTo(node);
  }
  for (auto [row, diagram] : llvm::enumerate(spec.biasDiagrams)) {
    const RowPattern top = splitDiagram(diagram).top;
    if (top == output) {
      layer.addBias(y, static_cast<int64_t>(row));
      continue;
    }
    PatternTensor node = layer.outputZeros(top);
    layer.addBias(node, static_cast<int64_t>(row));
    addTo(node);
  }
  return y.value;
}
