//===- IsotypicGraph.cpp - The isotypic basis as a graph ------------------===//
//
// x in a basis of irreducible tensors, channels mixed between copies of one
// kind, y out of such a basis. The bases are constants of the graph.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace eqc;
using namespace mlir;

namespace {

class IsotypicVisitor {
public:
  IsotypicVisitor(GraphBuilder &graph, const LayerSpec &spec,
                  const IsotypicPlan &plan)
      : graph(graph), spec(spec), plan(plan) {}

  Value visit(Value x, Value weight, Value bias) {
    const Value packed = pack(weight);
    const Value stored = toStored(x);
    const Value start = bias ? graph.sumsOfRows(plan.bias.rows, bias) : Value();
    Value nodes = graph.zeros({GraphBuilder::kBatch, plan.nodeRows, spec.cOut});
    for (const MixStage &stage : plan.mixes)
      for (const MixTarget &target : stage.targets)
        nodes = mix(nodes, stage, target, stored, packed, start);
    return toOutput(nodes);
  }

private:
  Value pack(Value weight) {
    std::vector<SparseVector> rows;
    for (const PackedTerm &term : plan.packed) {
      rows.emplace_back();
      for (const WeightedDiagram &weighted : term)
        rows.back().push_back({weighted.diagram, weighted.factor});
    }
    return graph.addProduct(
        {graph.zeros({static_cast<int64_t>(rows.size()), spec.cIn, spec.cOut}),
         {0, 2, 3}},
        {{graph.matrix(rows,
                       cast<RankedTensorType>(weight.getType()).getDimSize(0)),
          {0, 1}},
         {weight, {1, 2, 3}}});
  }

  int64_t positions(int order) const { return Poly::power(order).at(spec.n); }

  /// The n-axes of x or y made one, and back.
  Value collapse(Value x) {
    return reshape(
        x, spec.k, /*collapses=*/true,
        RankedTensorType::get(flatShape(spec.k, spec.cIn), graph.element));
  }
  SmallVector<int64_t> flatShape(int order, int64_t channels) const {
    if (spec.layout == Layout::ChannelsLast)
      return {ShapedType::kDynamic, positions(order), channels};
    return {ShapedType::kDynamic, channels, positions(order)};
  }

  /// Order 0 has no n-axis: an axis of one position is added or dropped.
  Value reshape(Value value, int order, bool collapses, RankedTensorType type) {
    const int64_t firstAxis = spec.layout == Layout::ChannelsLast ? 1 : 2;
    SmallVector<ReassociationIndices> groups;
    if (order == 0) {
      groups = {{0}, {1, 2}};
      collapses = !collapses;
    } else {
      for (int64_t axis = 0; axis < order + 2;) {
        groups.emplace_back();
        const int64_t count = axis == firstAxis ? order : 1;
        for (int64_t i = 0; i < count; ++i)
          groups.back().push_back(axis++);
      }
    }
    if (collapses)
      return tensor::CollapseShapeOp::create(graph.b, graph.loc, type, value,
                                             groups);
    return tensor::ExpandShapeOp::create(graph.b, graph.loc, type, value,
                                         groups);
  }

  SmallVector<unsigned> flatDims(unsigned position, unsigned channel) const {
    if (spec.layout == Layout::ChannelsLast)
      return {0, position, channel};
    return {0, channel, position};
  }

  Value toStored(Value x) {
    return graph.addProduct(
        {graph.zeros({GraphBuilder::kBatch, plan.storedRows, spec.cIn}),
         {0, 1, 2}},
        {{graph.matrix(plan.read.rows, positions(spec.k)), {1, 3}},
         {collapse(x), flatDims(3, 2)}});
  }

  Value mix(Value nodes, const MixStage &stage, const MixTarget &target,
            Value stored, Value packed, Value start) {
    const int64_t first = target.target.offset.at(spec.n);
    Value rows = graph.rows(nodes, 1, first, stage.subsets);
    for (const RowView &init : target.inits)
      rows =
          graph.addProduct({rows, {0, 1, 2}},
                           {{graph.slice(start, init.offset.at(spec.n)), {2}}});
    for (const auto *terms : {&target.fromInput, &target.fromStored})
      for (const MixTerm &term : *terms)
        rows = graph.addProduct(
            {rows, {0, 1, 2}},
            {{graph.rows(stored, 1, term.view.offset.at(spec.n), stage.subsets),
              {0, 1, 3}},
             {graph.slice(packed, term.diagram), {3, 2}}});
    return graph.replaceRows(nodes, rows, 1, first);
  }

  Value toOutput(Value nodes) {
    SmallVector<int64_t> shape = flatShape(spec.l, spec.cOut);
    shape[0] = GraphBuilder::kBatch;
    const Value flat = graph.addProduct(
        {graph.zeros(shape), flatDims(1, 2)},
        {{graph.matrix(plan.write.rows, plan.nodeRows), {1, 3}},
         {nodes, {0, 3, 2}}});
    SmallVector<int64_t> full{ShapedType::kDynamic};
    if (spec.layout == Layout::ChannelsFirst)
      full.push_back(spec.cOut);
    full.append(spec.l, spec.n);
    if (spec.layout == Layout::ChannelsLast)
      full.push_back(spec.cOut);
    return reshape(flat, spec.l, /*collapses=*/false,
                   RankedTensorType::get(full, graph.element));
  }

  GraphBuilder &graph;
  const LayerSpec &spec;
  const IsotypicPlan &plan;
};

} // namespace

Value eqc::buildGraph(const GraphSite &site, const IsotypicPlan &plan) {
  return IsotypicVisitor(site.graph, site.spec, plan)
      .visit(site.x, site.weight, site.bias);
}
