//===- StrandGraph.cpp - Mixes in Fourier space as a graph ----------------===//
//
// math: with f(p) the entry of a bottom pattern whose letter q has the value
// m[p[q]], a mix is z(g) = sum over sigma of W_sigma f(g sigma^-1), so for
// every irrep rho of S_t of dimension d
//   z^(rho) = f^(rho) sum_sigma W_sigma rho(sigma),
//   z(1)    = sum over rho of d / t! tr z^(rho).
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/SymmetricGroup.h"
#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <map>

using namespace eqc;
using namespace mlir;

namespace {

class StrandVisitor {
public:
  StrandVisitor(GraphBuilder &graph, LayerGraph &layer, const LayerSpec &spec,
                const StrandPlan &plan)
      : graph(graph), layer(layer), spec(spec), plan(plan) {}

  Value visit() {
    for (auto [stage, strands] : llvm::zip(plan.shared.stages, plan.strands))
      std::visit([&, &strands = strands](
                     const auto &s) { run(s, strands.has_value()); },
                 stage);
    return nodes.at(-1).value;
  }

private:
  PatternTensor source(const RowPattern &pattern) const {
    auto found = reads.find(pattern);
    return found == reads.end() ? layer.input() : found->second;
  }

  void run(const ReadStage &stage, bool) {
    for (const ReadEntry &entry : stage.entries) {
      const RowPattern &pattern = plan.shared.stored[entry.stored];
      reads[pattern] = layer.read(source(entry.parent), pattern);
    }
  }

  void run(const WriteStage &stage, bool) {
    for (const WriteEntry &entry : stage.entries)
      layer.add(nodes.at(entry.parent), nodes.at(entry.node));
  }

  void run(const MixStage &stage, bool strands) {
    fourier.clear();
    for (const MixTarget &target : stage.targets) {
      const RowPattern pattern = target.node < 0
                                     ? identityPattern(spec.l)
                                     : plan.shared.nodes[target.node];
      PatternTensor node = layer.outputZeros(pattern);
      for (int row : target.biasRows)
        layer.addBias(node, row);
      for (int coarse : target.broadcasts)
        layer.add(node, nodes.at(coarse));
      std::map<RowPattern, SmallVector<int>> bySource;
      for (const auto *terms : {&target.fromInput, &target.fromStored})
        for (const MixTerm &term : *terms) {
          const Split split = splitDiagram(spec.diagrams[term.diagram]);
          if (strands)
            bySource[split.bottom].push_back(term.diagram);
          else
            layer.mix(node, source(split.bottom), spec.diagrams[term.diagram],
                      layer.weightOf(term.diagram));
        }
      for (const auto &[bottom, diagrams] : bySource)
        mixInFourier(node, bottom, diagrams, stage.kept);
      nodes[target.node] = node;
    }
  }

  /// f^ of a source: a tensor for every slot of every irrep.
  const SmallVector<Value> &transform(const RowPattern &bottom, int order) {
    auto [it, isNew] = fourier.try_emplace(bottom);
    if (!isNew)
      return it->second;
    const StrandTransform basis(order);
    for (const std::vector<double> &row : basis.matrix) {
      Value sum = layer.inputZeros(order);
      for (auto [permutation, factor] : llvm::zip(basis.permutations, row))
        if (factor != 0)
          sum = layer.addPermuted(sum, source(bottom), bottom, permutation,
                                  factor);
      it->second.push_back(sum);
    }
    return it->second;
  }

  void mixInFourier(PatternTensor &target, const RowPattern &bottom,
                    ArrayRef<int> diagrams, int order) {
    const SmallVector<Value> &slots = transform(bottom, order);
    const auto factorial = static_cast<double>(permutationsOf(order).size());
    size_t slot = 0;
    for (const Irrep &irrep : irrepsOf(order))
      for (int row = 0; row < irrep.dimension; ++row)
        for (int column = 0; column < irrep.dimension; ++column, ++slot) {
          Value weight;
          for (int d : diagrams) {
            const int sigma = rankOf(splitDiagram(spec.diagrams[d]).sigma);
            const double factor =
                irrep.entry(sigma, column, row) * irrep.dimension / factorial;
            if (factor == 0)
              continue;
            if (!weight)
              weight = graph.zeros({spec.cIn, spec.cOut});
            IndexCoefficient scaled;
            scaled.scale = graph.number(factor);
            weight = graph.addProduct({weight, {0, 1}},
                                      {{layer.weightOf(d), {0, 1}}}, scaled);
          }
          if (weight)
            layer.mixLetters(target, slots[slot], order, weight);
        }
  }

  GraphBuilder &graph;
  LayerGraph &layer;
  const LayerSpec &spec;
  const StrandPlan &plan;
  std::map<RowPattern, PatternTensor> reads;
  std::map<int, PatternTensor> nodes; ///< by number; -1: y
  std::map<RowPattern, SmallVector<Value>> fourier;
};

} // namespace

Value eqc::buildStrandGraph(GraphBuilder &graph, LayerGraph &layer,
                            const LayerSpec &spec, const StrandPlan &plan) {
  return StrandVisitor(graph, layer, spec, plan).visit();
}
