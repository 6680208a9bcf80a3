//===- PlanGraph.cpp - Plans as boxes and arrows --------------------------===//

#include "compiler/Report/PlanGraph.h"

#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/PlanReport.h"
#include "compiler/Plan/Shared/SharedGeometry.h"
#include "compiler/Report/Shapes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

#include <map>

using namespace eqc;

static constexpr std::string_view arrayColour = "#222222",
                                  readColour = "#0072b2", mixColour = "#d55e00",
                                  writeColour = "#009e73";

/// `w0 w3 w7`, of many how many there are.
static std::string weightsText(std::vector<int> weights) {
  // Members of an orbit share theirs.
  llvm::sort(weights);
  weights.erase(llvm::unique(weights), weights.end());
  constexpr size_t mostNamed = 3;
  if (weights.size() > mostNamed)
    return fmt::format("{} weights", weights.size());
  std::string text;
  for (int weight : weights)
    text += fmt::format("{}w{}", text.empty() ? "" : " ", weight);
  return text;
}

namespace {

/// The shared plan: a box for x, y, each pattern of x that is stored, each
/// pattern of y before it is written. Weights stand on arrows.
class Lattice {
public:
  explicit Lattice(const StrandPlan &plan, const LayerSpec &spec)
      : plan(plan), shared(plan.shared), members(membersOf(spec)) {
    x = graph.add(
        {"x", arrayShape(spec, BilinearRow::X), arrayColour, std::nullopt});
    for (const RowPattern &pattern : shared.stored)
      stored.push_back(graph.add({"", "", readColour, pattern}));
    for (const RowPattern &pattern : shared.nodes)
      if (!isIdentity(pattern))
        nodes.push_back(graph.add({"", "", writeColour, pattern}));
      else
        nodes.emplace_back(); // a slice of y
    y = graph.add(
        {"y", arrayShape(spec, BilinearRow::Y), arrayColour, std::nullopt});
    for (size_t i = 0; i < nodes.size(); ++i)
      if (isIdentity(shared.nodes[i]))
        nodes[i] = y;
  }

  Graph build() {
    for (size_t s = 0; s < shared.stages.size(); ++s)
      std::visit([&](const auto &stage) { add(stage, s); }, shared.stages[s]);
    return std::move(graph);
  }

private:
  /// Adds the weights of a term, each once.
  void addWeights(const MixTerm &term, std::vector<int> &to) const {
    for (const WeightedDiagram &weight : members.weights[term.diagram])
      if (!llvm::is_contained(to, weight.diagram))
        to.push_back(weight.diagram);
  }
  size_t boxOf(int node) const { return node < 0 ? y : nodes[node]; }

  void add(const ReadStage &stage, size_t) {
    for (const ReadEntry &entry : stage.entries) {
      size_t from = x;
      if (stage.source == PlanArray::Stored) {
        const auto found = llvm::find(shared.stored, entry.parent);
        from = stored[found - shared.stored.begin()];
      }
      graph.join(from, stored[entry.stored], "sum");
      offsets[toString(entry.target)] = stored[entry.stored];
    }
  }

  void add(const MixStage &stage, size_t number) {
    const bool isFourier = plan.strands[number].has_value();
    for (const MixTarget &target : stage.targets) {
      const size_t to = boxOf(target.node);
      std::map<size_t, std::vector<int>> weights; // by where they read
      for (const MixTerm &term : target.fromInput)
        addWeights(term, weights[x]);
      for (const MixTerm &term : target.fromStored) {
        const auto found = offsets.find(toString(term.view.offset));
        addWeights(term, weights[found == offsets.end() ? x : found->second]);
      }
      for (const auto &[from, of] : weights)
        graph.join(from, to,
                   weightsText(of) + (isFourier ? ", in Fourier space" : ""));
      for (int node : target.broadcasts)
        graph.join(nodes[node], to, "", /*spreads=*/true);
    }
  }

  void add(const WriteStage &stage, size_t) {
    for (const WriteEntry &entry : stage.entries)
      graph.join(nodes[entry.node], boxOf(entry.parent), "spread",
                 /*spreads=*/true);
  }

  const StrandPlan &plan;
  const SharedPlan &shared;
  MemberLayer members;
  Graph graph;
  size_t x = 0, y = 0;
  std::vector<size_t> stored, nodes;
  std::map<std::string, size_t> offsets; ///< of stored patterns
};

} // namespace

/// Stages one after the other.
static Graph chainOf(const LayerSpec &spec, const LayerReport &report) {
  Graph graph;
  size_t last = graph.add(
      {"x", arrayShape(spec, BilinearRow::X), arrayColour, std::nullopt});
  for (const StageWords &stage : stagesInWords(report.counted, spec)) {
    const size_t box = graph.add({stage.name + ": " + stage.what, stage.work,
                                  stage.kind == StageKind::Mix    ? mixColour
                                  : stage.kind == StageKind::Read ? readColour
                                                                  : writeColour,
                                  std::nullopt});
    graph.join(last, box);
    last = box;
  }
  graph.join(last, graph.add({"y", arrayShape(spec, BilinearRow::Y),
                              arrayColour, std::nullopt}));
  return graph;
}

bool eqc::isLattice(const LayerReport &report) {
  return std::holds_alternative<StrandPlan>(*report.plan);
}

Graph eqc::graphOf(const LayerSpec &layer, const LayerReport &report) {
  if (const auto *shared = std::get_if<StrandPlan>(report.plan.get()))
    return Lattice(*shared, layer).build();
  return chainOf(layer, report);
}

static std::string counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Graph eqc::graphOfJoins(const LayerSpec &layer, PlanKind plan) {
  const BilinearPlan joins = buildBilinearPlan(
      layer, BilinearRole::Forward, sharesJoins(plan).value_or(true));
  Graph graph;
  auto input = [&](const char *name, BilinearRow row, const RowReads &reads) {
    const size_t array =
        graph.add({name, arrayShape(layer, row), arrayColour, std::nullopt});
    std::map<JoinArray, size_t> boxes{{JoinArray::Input, array}};
    size_t last = array;
    if (!reads.reads.stored.empty()) {
      last = graph.add({"read " + counted(reads.reads.stored.size(), "pattern"),
                        "", readColour, std::nullopt});
      graph.join(array, last);
      boxes[JoinArray::Stored] = last;
    }
    if (!reads.copies.empty()) {
      boxes[JoinArray::Copied] =
          graph.add({"with signs: " + counted(reads.copies.size(), "pattern"),
                     "", readColour, std::nullopt});
      graph.join(last, boxes[JoinArray::Copied]);
    }
    return boxes;
  };
  const auto x = input("x", BilinearRow::X, joins.a);
  const auto z = input("z", BilinearRow::Z, joins.b);
  const size_t y = graph.add(
      {"y", arrayShape(layer, BilinearRow::Y), arrayColour, std::nullopt});
  std::optional<size_t> nodes;
  for (const JoinStage &stage : joins.stages) {
    size_t results = 0;
    for (const Join &join : stage.joins)
      results += join.results.size();
    const size_t box = graph.add(
        {counted(stage.joins.size(), "join") + " of " +
             counted(stage.numKept() + stage.summed.size(), "letter"),
         fmt::format("{}, {} multiply-adds each", counted(results, "weight"),
                     toString(stage.positions() * stage.terms())),
         mixColour, std::nullopt});
    graph.join(x.at(stage.a), box);
    graph.join(z.at(stage.b), box);
    if (stage.third != JoinArray::Nodes) {
      graph.join(box, y);
      continue;
    }
    if (!nodes) {
      nodes =
          graph.add({"write " + counted(joins.third.nodes.size(), "pattern"),
                     "", writeColour, std::nullopt});
      graph.join(*nodes, y, "spread", /*spreads=*/true);
    }
    graph.join(box, *nodes);
  }
  return graph;
}
