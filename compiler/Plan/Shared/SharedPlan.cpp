//===- SharedPlan.cpp - Everything shared between diagrams ----------------===//
//
// math: every diagram is E_top P_sigma C_bottom. The C_bottom form a lattice in
// which each pattern costs one sum over one letter of a parent; the E_top form
// the transposed lattice.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/Shared/SharedPlan.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Plan/Shared/ReadPlan.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

using namespace eqc;

const WriteStage *eqc::writeAfter(const SharedPlan &plan, size_t mix) {
  return mix + 1 < plan.stages.size()
             ? std::get_if<WriteStage>(&plan.stages[mix + 1])
             : nullptr;
}

int64_t MixStage::terms() const {
  size_t count = 0;
  for (const MixTarget &target : targets)
    count += target.fromInput.size() + target.fromStored.size();
  return static_cast<int64_t>(count);
}

namespace {

class Builder {
public:
  Builder(const LayerSpec &spec, ReadOrder order)
      : spec(spec), order(order), geometry(spec), plan(geometry.plan) {}

  SharedPlan build() {
    for (const Diagram &diagram : spec.diagrams)
      splits.push_back(splitDiagram(diagram));
    for (const Diagram &diagram : spec.biasDiagrams)
      biasTops.push_back(splitDiagram(diagram).top);
    std::vector<RowPattern> bottoms;
    for (const Split &split : splits)
      bottoms.push_back(split.bottom);
    ReadOptions options;
    options.order = order;
    addReads(geometry, bottoms, options);
    collectNodes();
    addMixAndWriteStages();
    return std::move(plan);
  }

private:
  /// Extremes are taken of what a jellyfish does not touch before its legs are
  /// summed. So its gradient comes to the pattern without its head first.
  bool isRoutedBehind(const RowPattern &node) const {
    return spec.unpools && node.head >= 0 && !node.droppedBlocks().empty();
  }
  /// That pattern, whose kept blocks the legs are: from there the gradient goes
  /// to one entry of each dropped block.
  static RowPattern withoutHead(const RowPattern &node) {
    RowPattern routed = node;
    for (int b = 0; b < node.numBlocks(); ++b)
      if (node.isLeg(b))
        routed.kept[b] = true;
    routed.head = routed.otherLegs = -1;
    routed.through.clear();
    return routed;
  }

  void collectNodes() {
    std::map<RowPattern, bool> needed;
    for (const Split &split : splits) {
      // Each step of a graph map is written to what is before it.
      RowPattern top = split.top;
      for (; !top.steps.empty(); top = withoutLastStep(top))
        needed[top] = true;
      if (!isWhole(top))
        needed[top] = true;
      if (isRoutedBehind(top))
        needed[withoutHead(top)] = true;
    }
    for (const RowPattern &top : biasTops)
      if (!isWhole(top))
        needed[top] = true;
    // All of the output is written, whatever there is to write.
    for (const RowPattern &slice : slicesOf(spec.group, spec.yAxes))
      needed[slice] = true;
    std::vector<RowPattern> order;
    for (auto &entry : needed)
      order.push_back(entry.first);
    std::sort(order.begin(), order.end(),
              [&](const RowPattern &a, const RowPattern &b) {
                auto key = [&](const RowPattern &p) {
                  return std::make_tuple(
                      -static_cast<int>(p.steps.size()), !isRoutedBehind(p),
                      p.numKept(), p.numFree(),
                      numSubsetsOf(p, spec.group, spec.n), p.spacesOfKept(), p);
                };
                return key(a) < key(b);
              });
    for (const RowPattern &pattern : order)
      geometry.addNode(pattern);
  }

  void addMixAndWriteStages() {
    const RowPattern identity = identityPattern(spec.l, spec.yAxes);
    std::map<RowPattern, MixTarget> targets;
    for (const RowPattern &node : plan.nodes)
      targets[node] = geometry.makeTarget(node);
    const bool hasSlices = !slicesOf(spec.group, spec.yAxes).empty();
    if (!hasSlices)
      targets[identity] = geometry.makeTarget(identity);

    for (size_t d = 0; d < splits.size(); ++d)
      geometry.addTerm(targets[splits[d].top], static_cast<int>(d), splits[d]);
    for (size_t e = 0; e < biasTops.size(); ++e)
      geometry.addBias(targets[biasTops[e]], static_cast<int>(e), biasTops[e]);

    // Each node goes to a finer node or to the output: as a broadcast that
    // starts the finer one's sum, or added to it afterwards.
    std::map<RowPattern, std::vector<WriteEntry>> writes;
    for (const RowPattern &node : plan.nodes) {
      if (isIdentity(node))
        continue; // in the output
      RowPattern parent =
          hasSlices ? identityPattern(spec.l, node.space, node.part) : identity;
      if (isRoutedBehind(node))
        parent = withoutHead(node);
      else if (!node.hasSymbol())
        for (const RowPattern &candidate : finerPatterns(node, spec.group)) {
          if (geometry.isNode(candidate)) {
            parent = candidate;
            break;
          }
          // The first of several extremes is the same whatever nodes there
          // are: by its first dropped block, then by the others.
          if (spec.unpools)
            break;
        }
      if (!spec.unpools && geometry.isBroadcast(node, parent))
        geometry.addBroadcast(node, parent, targets[parent]);
      else
        writes[parent].push_back(
            geometry.makeWrite(node, parent, targets[parent]));
    }

    // Coarser targets first.
    std::vector<const RowPattern *> order;
    for (const RowPattern &node : plan.nodes)
      order.push_back(&node);
    if (!hasSlices)
      order.push_back(&identity);
    for (size_t i = 0; i < order.size();) {
      const RowPattern &first = *order[i];
      MixStage mix;
      mix.kept = first.numKept();
      mix.lengths = lengthsOfKept(spec.group, first);
      mix.subsets = numSubsetsOf(first, spec.group, spec.n);
      mix.target = targets[first].target.array;
      WriteStage write;
      write.target = mix.target;
      for (; i < order.size(); ++i) {
        const RowPattern &pattern = *order[i];
        // What has more steps is written to what has fewer, and a jellyfish to
        // what it leaves.
        if (pattern.steps.size() != first.steps.size() ||
            isRoutedBehind(pattern) != isRoutedBehind(first) ||
            pattern.spacesOfKept() != first.spacesOfKept() ||
            numSubsetsOf(pattern, spec.group, spec.n) != mix.subsets ||
            targets[pattern].target.array != mix.target ||
            (mix.target == PlanArray::Output && !mix.targets.empty()))
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
  const ReadOrder order;
  SharedGeometry geometry;
  SharedPlan &plan;
  std::vector<Split> splits;
  std::vector<RowPattern> biasTops;
};

} // namespace

Pool SharedPlan::poolOf(const ReadStage &stage) const {
  if (unpools || pool == Pool::Sum)
    return Pool::Sum;
  const auto pattern = static_cast<size_t>(stage.entries.front().stored);
  return stored[pattern].hasSymbol() ? Pool::Sum : pool;
}

Poly SharedPlan::rowsOf(PlanArray array) const {
  switch (array) {
  case PlanArray::Input:
    return productOf(inputLengths());
  case PlanArray::Stored:
    return storedRows;
  case PlanArray::Nodes:
    return nodeRows;
  case PlanArray::Output:
    return productOf(outputLengths());
  case PlanArray::Bias:
    return Poly();
  }
  return Poly();
}

bool SharedPlan::isUneven() const {
  return std::any_of(
      stages.begin(), stages.end(), [](const SharedStage &stage) {
        const auto *read = std::get_if<ReadStage>(&stage);
        const auto *write = std::get_if<WriteStage>(&stage);
        return (read && read->isUneven()) || (write && write->isUneven());
      });
}

SharedPlan eqc::buildSharedPlan(const LayerSpec &spec, ReadOrder order) {
  return Builder(spec, order).build();
}
