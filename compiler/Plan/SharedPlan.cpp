//===- SharedPlan.cpp - Everything shared between diagrams ----------------===//
//
// math: every diagram is E_top P_sigma C_bottom. The C_bottom form a lattice in
// which each pattern costs one sum over one letter of a parent; the E_top form
// the transposed lattice.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/SharedPlan.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

using namespace eqc;

namespace {

/// Patterns that neither drop a block nor hold free vertices are strided
/// views of the row's tensor and are never stored.
bool isView(const RowPattern &pattern) {
  return pattern.droppedBlocks().empty() && pattern.free < 0;
}

bool isIdentity(const RowPattern &pattern) {
  return isView(pattern) && pattern.numBlocks() == pattern.size();
}

/// `pattern` with block `split` replaced by one kept singleton per vertex.
RowPattern splitIntoKept(const RowPattern &pattern, int split) {
  const int numBlocks = pattern.numBlocks();
  std::vector<int> labels = pattern.block;
  std::vector<bool> keptByLabel = pattern.kept;
  for (int &label : labels)
    if (label == split) {
      label = static_cast<int>(keptByLabel.size());
      keptByLabel.push_back(true);
    }
  // Back to a restricted growth string.
  RowPattern result;
  std::vector<int> renumbered(keptByLabel.size(), -1);
  for (int label : labels) {
    if (renumbered[label] < 0) {
      renumbered[label] = static_cast<int>(result.kept.size());
      if (label == pattern.free && label != split)
        result.free = renumbered[label];
      result.kept.push_back(keptByLabel[label]);
    }
    result.block.push_back(renumbered[label]);
  }
  assert(split < numBlocks);
  (void)numBlocks;
  return result;
}

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
  explicit Builder(const LayerSpec &spec) : spec(spec) {
    plan.group = spec.group;
    plan.n = spec.n;
    plan.k = spec.k;
    plan.l = spec.l;
    plan.mean = spec.normalize == Normalize::Mean;
  }

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
  struct Place {
    int index;
    Poly offset;
  };

  Poly rowsOfPattern(const RowPattern &pattern) const {
    return Poly::power(pattern.numKept(), subsetsOfPattern(pattern));
  }
  int64_t subsetsOfPattern(const RowPattern &pattern) const {
    return pattern.free < 0 ? 1 : numSubsets(spec.n, pattern.numFree());
  }

  /// The inner tensor of a pattern of the input row: a view of x, or stored.
  RowView viewOfBottom(const RowPattern &pattern) const {
    RowView view;
    if (isView(pattern)) {
      view.array = PlanArray::Input;
      Walk walk =
          makeWalk(pattern, spec.group, spec.n, rowMajorStrides(spec.k));
      for (const Letter &letter : walk.kept)
        view.strides.push_back(letter.rowStride);
      return view;
    }
    view.array = PlanArray::Stored;
    view.offset = storedPlace.at(pattern).offset;
    view.strides =
        rowMajorStrides(pattern.numKept(), subsetsOfPattern(pattern));
    return view;
  }

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
    for (auto &entry : needed)
      plan.stored.push_back(entry.first);
    std::sort(plan.stored.begin(), plan.stored.end(),
              [](const RowPattern &a, const RowPattern &b) {
                return std::make_pair(readOrder(a), a) <
                       std::make_pair(readOrder(b), b);
              });
    for (size_t i = 0; i < plan.stored.size(); ++i) {
      storedPlace[plan.stored[i]] = {static_cast<int>(i), plan.storedRows};
      plan.storedRows += rowsOfPattern(plan.stored[i]);
    }
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
    for (auto &entry : needed)
      plan.nodes.push_back(entry.first);
    std::sort(plan.nodes.begin(), plan.nodes.end(),
              [](const RowPattern &a, const RowPattern &b) {
                auto key = [](const RowPattern &p) {
                  return std::make_tuple(p.numKept(), p.numFree(), p);
                };
                return key(a) < key(b);
              });
    for (size_t i = 0; i < plan.nodes.size(); ++i) {
      const RowPattern &node = plan.nodes[i];
      nodePlace[node] = {static_cast<int>(i), plan.nodeRows};
      plan.nodeRows += Poly::power(node.numKept(), subsetsOfNode(node));
    }
  }

  /// A Levi-Civita node is indexed by the values of the free *inputs*; there
  /// are as many subsets of them as of the free outputs, their complements.
  int64_t subsetsOfNode(const RowPattern &node) const {
    return subsetsOfPattern(node);
  }

  void addReadStages() {
    // Stored patterns of the same order with the same source are one stage.
    std::map<std::pair<std::pair<int, int>, PlanArray>, ReadStage> stages;
    for (const RowPattern &pattern : plan.stored) {
      RowPattern parent =
          *findParent(pattern, [&](const RowPattern &candidate) {
            return storedPlace.count(candidate) != 0;
          });
      const RowView source = viewOfBottom(parent);
      ReadEntry entry;
      entry.stored = storedPlace.at(pattern).index;
      entry.target = storedPlace.at(pattern).offset;
      entry.walk = makeWalk(relativePattern(parent, pattern), spec.group,
                            spec.n, source.strides);
      for (WalkTerm &term : entry.walk.terms)
        term.rowOffset += source.offset;
      entry.divisions = static_cast<int>(entry.walk.dropped.size());

      ReadStage &stage = stages[{readOrder(pattern), source.array}];
      stage.kept = pattern.numKept();
      stage.source = source.array;
      stage.entries.push_back(std::move(entry));
    }
    for (auto &stage : stages)
      plan.stages.push_back(std::move(stage.second));
  }

  void addMixAndWriteStages() {
    std::map<RowPattern, MixTarget> targets;
    for (const RowPattern &node : plan.nodes) {
      const Place &place = nodePlace.at(node);
      MixTarget &target = targets[node];
      target.node = place.index;
      target.target = {PlanArray::Nodes, place.offset,
                       rowMajorStrides(node.numKept(), subsetsOfNode(node))};
    }
    RowPattern identity;
    for (int v = 0; v < spec.l; ++v) {
      identity.block.push_back(v);
      identity.kept.push_back(true);
    }
    MixTarget &output = targets[identity];
    output.target = {PlanArray::Output, Poly(), rowMajorStrides(spec.l)};

    for (size_t d = 0; d < splits.size(); ++d) {
      const Split &split = splits[d];
      MixTerm term;
      term.diagram = static_cast<int>(d);
      RowView bottom = viewOfBottom(split.bottom);
      term.view.array = bottom.array;
      term.view.offset = bottom.offset;
      for (int a : split.sigma)
        term.view.strides.push_back(bottom.strides[a]);
      MixTarget &target = targets[split.top];
      (bottom.array == PlanArray::Input ? target.fromInput : target.fromStored)
          .push_back(std::move(term));
    }
    for (size_t e = 0; e < biasTops.size(); ++e) {
      // Bias tops keep nothing and have all n free vertices or none.
      RowView view{PlanArray::Bias, Poly(static_cast<int64_t>(e)), {}};
      view.strides.assign(biasTops[e].numKept(), Poly());
      targets[biasTops[e]].inits.push_back(std::move(view));
    }

    // Each node goes to a finer node or to the output: as a broadcast that
    // starts the finer one's sum, or added to it afterwards.
    std::map<RowPattern, std::vector<WriteEntry>> writes;
    for (const RowPattern &node : plan.nodes) {
      RowPattern parent = identity;
      if (node.free < 0)
        for (const RowPattern &candidate : parentsOf(node, spec.group))
          if (nodePlace.count(candidate)) {
            parent = candidate;
            break;
          }
      addWrite(node, parent, targets[parent], writes[parent]);
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
      mix.subsets = subsetsOfNode(first);
      mix.target = first == identity ? PlanArray::Output : PlanArray::Nodes;
      WriteStage write;
      write.target = mix.target;
      for (; i < order.size(); ++i) {
        const RowPattern &pattern = *order[i];
        if (pattern.numKept() != mix.kept ||
            subsetsOfNode(pattern) != mix.subsets ||
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

  void addWrite(const RowPattern &node, const RowPattern &parent,
                MixTarget &target, std::vector<WriteEntry> &writes) {
    RowPattern relative = relativePattern(parent, node);
    const RowView source{PlanArray::Nodes, nodePlace.at(node).offset, {}};
    Walk walk = makeWalk(relative, spec.group, spec.n, target.target.strides);
    // A pure broadcast: every letter is one axis of the target.
    if (relative.numBlocks() == relative.size() && relative.free < 0) {
      RowView view = source;
      const std::vector<Poly> inner = rowMajorStrides(relative.numKept());
      size_t next = 0;
      for (int v = 0; v < relative.size(); ++v)
        view.strides.push_back(relative.kept[relative.block[v]] ? inner[next++]
                                                                : Poly());
      target.inits.push_back(std::move(view));
      return;
    }
    for (WalkTerm &term : walk.terms) {
      term.rowOffset += target.target.offset;
      term.innerOffset += source.offset;
    }
    if (relative.free >= 0)
      reindexByFreeInputs(walk, relative);
    writes.push_back({source, Poly(), std::move(walk)});
  }

  /// Turns the subset of values of the free outputs into the subset of values
  /// of the free inputs, its complement, and applies the sign of (outputs,
  /// inputs) as a permutation of 0..n-1.
  void reindexByFreeInputs(Walk &walk, const RowPattern &pattern) const {
    const int top = pattern.numFree();
    const int bottom = static_cast<int>(spec.n) - top;
    const std::vector<std::vector<int>> tops = subsetsOf(spec.n, top);
    const std::vector<std::vector<int>> bottoms = subsetsOf(spec.n, bottom);
    std::map<std::vector<int>, int64_t> number;
    for (size_t i = 0; i < bottoms.size(); ++i)
      number[bottoms[i]] = static_cast<int64_t>(i);
    for (size_t i = 0; i < walk.terms.size(); ++i) {
      const size_t subset = i / walk.termsPerGroup;
      const std::vector<int> &outputs = tops[subset];
      std::vector<int> inputs;
      int inversions = 0;
      for (int value = 0; value < spec.n; ++value)
        if (!std::binary_search(outputs.begin(), outputs.end(), value))
          inputs.push_back(value);
      for (int output : outputs)
        for (int input : inputs)
          inversions += output > input;
      WalkTerm &term = walk.terms[i];
      term.innerOffset +=
          Poly(number.at(inputs) - static_cast<int64_t>(subset));
      if (inversions % 2)
        term.sign = -term.sign;
    }
  }

  const LayerSpec &spec;
  SharedPlan plan;
  std::vector<Split> splits;
  std::vector<RowPattern> biasTops;
  std::map<RowPattern, Place> storedPlace, nodePlace;
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
