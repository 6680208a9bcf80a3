//===- SharedPlan.cpp - Everything shared between diagrams ----------------===//
//
// math: every diagram is E_top P_sigma C_bottom. The C_bottom form a lattice in
// which each pattern costs one sum over one letter of a parent; the E_top form
// the transposed lattice.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/SharedPlan.h"
#include "compiler/Plan/SharedGeometry.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

using namespace eqc;

namespace {

/// The patterns one step coarser, of which `pattern` is one sum: with free
/// vertices turned into kept ones; else with one dropped block kept (S) or
/// its pair kept as two axes (O, Sp, SO).
std::vector<RowPattern> parentsOf(const RowPattern &pattern, Group group) {
  if (pattern.free >= 0)
    return {splitIntoKept(pattern, pattern.free)};
  std::vector<RowPattern> parents;
  for (int b : pattern.droppedBlocks()) {
    if (group == Group::S) {
      parents.push_back(pattern);
      parents.back().kept[b] = true;
    } else {
      parents.push_back(splitIntoKept(pattern, b));
    }
  }
  return parents;
}

class Builder {
public:
  explicit Builder(const LayerSpec &spec)
      : spec(spec), geometry(spec.group, spec.n, spec.k, spec.l,
                             spec.normalize == Normalize::Mean),
        plan(geometry.plan) {}

  SharedPlan build() {
    for (const Diagram &diagram : spec.diagrams)
      splits.push_back(splitDiagram(diagram));
    for (const Diagram &diagram : spec.biasDiagrams)
      biasTops.push_back(splitDiagram(diagram).top);
    collectStored();
    collectNodes();
    addReadStages();
    addMixAndWriteStages();
    return std::move(plan);
  }

private:
  /// Parents keep more blocks and have no free vertices: they come first.
  static std::pair<int, int> readOrder(const RowPattern &pattern) {
    return {pattern.numFree(), -pattern.numKept()};
  }

  void collectStored() {
    std::map<RowPattern, bool> needed;
    std::vector<RowPattern> work;
    for (const Split &split : splits)
      work.push_back(split.bottom);
    while (!work.empty()) {
      RowPattern pattern = work.back();
      work.pop_back();
      if (isView(pattern) || !needed.emplace(pattern, true).second)
        continue;
      if (!findParent(pattern, [&](const RowPattern &p) {
            return needed.count(p) != 0;
          }))
        work.push_back(parentsOf(pattern, spec.group).front());
    }
    std::vector<RowPattern> order;
    for (auto &entry : needed)
      order.push_back(entry.first);
    std::sort(order.begin(), order.end(),
              [](const RowPattern &a, const RowPattern &b) {
                return std::make_pair(readOrder(a), a) <
                       std::make_pair(readOrder(b), b);
              });
    for (const RowPattern &pattern : order)
      geometry.addStored(pattern);
  }

  /// A parent that is a view or fulfils `available`; views last, because a
  /// stored parent is smaller in memory than the strided view of x.
  template <typename Predicate>
  std::optional<RowPattern> findParent(const RowPattern &pattern,
                                       Predicate available) const {
    std::optional<RowPattern> view;
    for (RowPattern &parent : parentsOf(pattern, spec.group)) {
      if (isView(parent))
        view = parent;
      else if (available(parent))
        return parent;
    }
    return view;
  }

  void collectNodes() {
    std::map<RowPattern, bool> needed;
    for (const Split &split : splits)
      if (!isIdentity(split.top))
        needed[split.top] = true;
    for (const RowPattern &top : biasTops)
      if (!isIdentity(top))
        needed[top] = true;
    std::vector<RowPattern> order;
    for (auto &entry : needed)
      order.push_back(entry.first);
    std::sort(order.begin(), order.end(),
              [](const RowPattern &a, const RowPattern &b) {
                auto key = [](const RowPattern &p) {
                  return std::make_tuple(p.numKept(), p.numFree(), p);
                };
                return key(a) < key(b);
              });
    for (const RowPattern &pattern : order)
      geometry.addNode(pattern);
  }

  void addReadStages() {
    // Stored patterns of the same order with the same source are one stage.
    std::map<std::pair<std::pair<int, int>, PlanArray>, ReadStage> stages;
    for (const RowPattern &pattern : plan.stored) {
      RowPattern parent =
          *findParent(pattern, [&](const RowPattern &candidate) {
            return geometry.isStored(candidate);
          });
      const PlanArray source = geometry.viewOfBottom(parent).array;
      ReadStage &stage = stages[{readOrder(pattern), source}];
      stage.kept = pattern.numKept();
      stage.source = source;
      stage.entries.push_back(geometry.makeRead(pattern, parent));
    }
    for (auto &stage : stages)
      plan.stages.push_back(std::move(stage.second));
  }

  void addMixAndWriteStages() {
    const RowPattern identity = identityPattern(spec.l);
    std::map<RowPattern, MixTarget> targets;
    for (const RowPattern &node : plan.nodes)
      targets[node] = geometry.makeTarget(node);
    targets[identity] = geometry.makeTarget(identity);

    for (size_t d = 0; d < splits.size(); ++d)
      geometry.addTerm(targets[splits[d].top], static_cast<int>(d), splits[d]);
    for (size_t e = 0; e < biasTops.size(); ++e)
      geometry.addBias(targets[biasTops[e]], static_cast<int>(e), biasTops[e]);

    // Each node goes to a finer node or to the output: as a broadcast that
    // starts the finer one's sum, or added to it afterwards.
    std::map<RowPattern, std::vector<WriteEntry>> writes;
    for (const RowPattern &node : plan.nodes) {
      RowPattern parent = identity;
      if (node.free < 0)
        for (const RowPattern &candidate : parentsOf(node, spec.group))
          if (geometry.isNode(candidate)) {
            parent = candidate;
            break;
          }
      if (geometry.isBroadcast(node, parent))
        geometry.addBroadcast(node, parent, targets[parent]);
      else
        writes[parent].push_back(
            geometry.makeWrite(node, parent, targets[parent]));
    }

    // Coarser targets first.
    std::vector<const RowPattern *> order;
    for (const RowPattern &node : plan.nodes)
      order.push_back(&node);
    order.push_back(&identity);
    for (size_t i = 0; i < order.size();) {
      const RowPattern &first = *order[i];
      MixStage mix;
      mix.kept = first.numKept();
      mix.subsets = numSubsetsOf(first, spec.n);
      mix.target = first == identity ? PlanArray::Output : PlanArray::Nodes;
      WriteStage write;
      write.target = mix.target;
      for (; i < order.size(); ++i) {
        const RowPattern &pattern = *order[i];
        if (pattern.numKept() != mix.kept ||
            numSubsetsOf(pattern, spec.n) != mix.subsets ||
            (pattern == identity) != (mix.target == PlanArray::Output))
          break;
        mix.targets.push_back(std::move(targets[pattern]));
        for (WriteEntry &entry : writes[pattern])
          write.entries.push_back(std::move(entry));
      }
      for (const MixTarget &target : mix.targets) {
        for (const MixTerm &term : target.fromInput)
          plan.packedOrder.push_back(term.diagram);
        for (const MixTerm &term : target.fromStored)
          plan.packedOrder.push_back(term.diagram);
      }
      plan.stages.push_back(std::move(mix));
      if (!write.entries.empty())
        plan.stages.push_back(std::move(write));
    }
  }

  const LayerSpec &spec;
  SharedGeometry geometry;
  SharedPlan &plan;
  std::vector<Split> splits;
  std::vector<RowPattern> biasTops;
};

} // namespace

Poly SharedPlan::rowsOf(PlanArray array) const {
  switch (array) {
  case PlanArray::Input:
    return Poly::power(k);
  case PlanArray::Stored:
    return storedRows;
  case PlanArray::Nodes:
    return nodeRows;
  case PlanArray::Output:
    return Poly::power(l);
  case PlanArray::Bias:
    return Poly();
  }
  return Poly();
}

SharedPlan eqc::buildSharedPlan(const LayerSpec &spec) {
  return Builder(spec).build();
}
