//===- IsotypicPlan.cpp - A layer in an isotypic basis --------------------===//

#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/Isotypic/JoinOrbits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace eqc;

namespace {

/// The copies of a block that some diagram of the layer uses, and where their
/// rows begin.
struct UsedCopies {
  std::vector<size_t> inputs, outputs;
  std::vector<int64_t> storedRows, nodeRows;
  std::vector<int64_t> biasRows; ///< per output, -1 without
  std::vector<double> factors;   ///< per input: it is 1/factor of the copy
};

/// A power of two, so that nothing is rounded, by which the rows of a copy can
/// be divided such that sums over them are no larger than what they sum.
double sizeOf(const std::vector<SparseVector> &rows) {
  double most = 0;
  for (const SparseVector &row : rows) {
    double sum = 0;
    for (auto [position, entry] : row)
      sum += std::abs(entry);
    most = std::max(most, sum);
  }
  return most > 0 ? std::exp2(std::ceil(std::log2(most)) + 1) : 1;
}

class Builder {
public:
  explicit Builder(const LayerSpec &spec)
      : mean(spec.normalize == Normalize::Mean) {
    plan.group = spec.group;
    plan.n = spec.n;
    plan.k = spec.k;
    plan.l = spec.l;
    plan.read.source = PlanArray::Input;
    plan.read.target = PlanArray::Stored;
    plan.bias.source = plan.bias.target = PlanArray::Bias;
    plan.write.source = PlanArray::Nodes;
    plan.write.target = PlanArray::Output;
    plan.write.rows.resize(Poly::power(spec.l).at(spec.n));
  }

  IsotypicPlan build(const IsotypicBasis &basis) {
    // Stages are loops over rows of one extent.
    std::map<int64_t, std::vector<const IsotypicBlock *>> byDim;
    for (const IsotypicBlock &block : basis.blocks)
      byDim[block.dim].push_back(&block);
    for (const auto &[dim, blocks] : byDim) {
      MixStage stage;
      stage.subsets = dim;
      stage.target = PlanArray::Nodes;
      for (const IsotypicBlock *block : blocks)
        addBlock(*block, stage);
      if (!stage.targets.empty())
        plan.mixes.push_back(std::move(stage));
    }
    plan.storedRows = static_cast<int64_t>(plan.read.rows.size());
    return std::move(plan);
  }

private:
  void addBlock(const IsotypicBlock &block, MixStage &stage) {
    const UsedCopies used = addRows(block);
    if (used.outputs.empty())
      return;
    plan.condition =
        std::max(plan.condition, conditionOf(block.inputs, used.inputs) *
                                     conditionOf(block.outputs, used.outputs));
    plan.blocks.push_back({block.order, block.dim,
                           static_cast<int64_t>(used.inputs.size()),
                           static_cast<int64_t>(used.outputs.size())});
    for (size_t b = 0; b < used.outputs.size(); ++b) {
      MixTarget target;
      target.node = static_cast<int>(stage.targets.size());
      target.target = {PlanArray::Nodes, Poly(used.nodeRows[b]), {}};
      if (used.biasRows[b] >= 0) {
        target.inits.push_back({PlanArray::Bias, Poly(used.biasRows[b]), {}});
        target.biasRows.push_back(static_cast<int>(used.biasRows[b]));
      }
      for (size_t a = 0; a < used.inputs.size(); ++a) {
        PackedTerm sum;
        for (auto [diagram, factor] :
             column(block.mixing,
                    used.outputs[b] * block.inputs.size() + used.inputs[a]))
          sum.push_back({static_cast<int>(diagram), factor * used.factors[a]});
        if (sum.empty())
          continue;
        target.fromStored.push_back(
            {static_cast<int>(plan.packed.size()),
             {PlanArray::Stored, Poly(used.storedRows[a]), {}}});
        plan.packed.push_back(std::move(sum));
      }
      stage.targets.push_back(std::move(target));
    }
  }

  /// Entry `at` of every list, where it is not zero.
  static SparseVector column(const std::vector<std::vector<double>> &lists,
                             size_t at) {
    SparseVector entries;
    for (size_t d = 0; d < lists.size(); ++d)
      if (lists[d][at] != 0)
        entries.push_back({static_cast<int64_t>(d), lists[d][at]});
    return entries;
  }

  UsedCopies addRows(const IsotypicBlock &block) {
    const size_t inputs = block.inputs.size(), outputs = block.outputs.size();
    std::vector<bool> useIn(inputs, false), useOut(outputs, false);
    for (const std::vector<double> &mixing : block.mixing)
      for (size_t i = 0; i < mixing.size(); ++i)
        if (mixing[i] != 0)
          useOut[i / inputs] = useIn[i % inputs] = true;
    UsedCopies used;
    for (size_t a = 0; a < inputs; ++a) {
      if (!useIn[a])
        continue;
      used.inputs.push_back(a);
      used.storedRows.push_back(static_cast<int64_t>(plan.read.rows.size()));
      // What is divided by n must not be infinite before.
      used.factors.push_back(mean ? sizeOf(block.inputs[a].vectors) : 1);
      for (SparseVector vector : block.inputs[a].vectors) {
        for (auto &[position, entry] : vector)
          entry /= used.factors.back();
        plan.read.rows.push_back(std::move(vector));
      }
    }
    for (size_t b = 0; b < outputs; ++b) {
      const SparseVector bias = column(block.bias, b);
      if (!useOut[b] && bias.empty())
        continue;
      used.outputs.push_back(b);
      used.nodeRows.push_back(plan.nodeRows);
      used.biasRows.push_back(-1);
      if (!bias.empty()) {
        used.biasRows.back() = static_cast<int64_t>(plan.bias.rows.size());
        plan.bias.rows.push_back(bias);
      }
      for (const SparseVector &vector : block.outputs[b].vectors) {
        for (auto [position, entry] : vector)
          plan.write.rows[position].push_back({plan.nodeRows, entry});
        ++plan.nodeRows;
      }
    }
    return used;
  }

  const bool mean;
  IsotypicPlan plan;
};

} // namespace

int64_t IsotypicPlan::multiplyAdds() const {
  int64_t sum = 0;
  for (const MixStage &stage : mixes)
    sum += stage.multiplyAdds().at(n);
  return sum;
}

std::shared_ptr<const IsotypicPlan>
eqc::buildIsotypicPlan(const LayerSpec &spec, std::string &refused) {
  refused = whyNoIsotypicBasis(spec);
  if (!refused.empty())
    return nullptr;
  // Maps of G x {1, -1} pass no odd orders, through which G's are found to be
  // exactly zero.
  LayerSpec same = spec;
  same.group = rulesOf(spec.group).groupOfMaps().value_or(spec.group);
  const MemberLayer layer = membersOf(same);
  std::optional<IsotypicBasis> basis = buildIsotypicBasis(layer.spec, refused);
  if (!basis)
    return nullptr;
  if (layer.sumsWeights)
    joinOrbits(*basis, layer, spec);
  auto plan = std::make_shared<const IsotypicPlan>(Builder(spec).build(*basis));
  // As for tensors that change their sign with two axes, of length 1.
  if (plan->packed.empty()) {
    refused = "all maps are zero";
    return nullptr;
  }
  return plan;
}

/// What a plan depends on.
static std::string keyOf(const LayerSpec &spec) {
  std::string key =
      fmt::format("isotypic {} {} {} {} {}", groupName(spec.group), spec.n,
                  spec.k, spec.l, spec.normalize == Normalize::Mean);
  if (spec.weightsOf == WeightsOf::Orbits)
    key += " orbits";
  for (const auto *side : {&spec.symmetry.in, &spec.symmetry.out}) {
    key += '/';
    for (const AxisPermutation &generator : *side)
      key += toString(generator) + ',';
  }
  for (const std::vector<Diagram> *list :
       {&spec.diagrams, &spec.biasDiagrams}) {
    key += '/';
    for (const Diagram &diagram : *list)
      key += toString(diagram) + ',';
  }
  return key;
}

std::shared_ptr<const IsotypicPlan> eqc::getIsotypicPlan(const LayerSpec &spec,
                                                         BuiltPlans &built,
                                                         std::string &refused) {
  struct Attempt {
    std::shared_ptr<const IsotypicPlan> plan;
    std::string refused;
  };
  const Attempt &attempt = built.get<Attempt>(keyOf(spec), [&] {
    Attempt made;
    made.plan = buildIsotypicPlan(spec, made.refused);
    return made;
  });
  refused = attempt.refused;
  return attempt.plan;
}
