//===- NetworkPlan.cpp - Where the values of a network live ---------------===//
//
// Time is counted in steps: s is step s, and 2 S - 1 - s its reverse, S the
// number of steps. A value lives from when it is made to when it is last read,
// both included.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/Network/NetworkPlan.h"

#include <algorithm>
#include <numeric>
#include <utility>

using namespace eqc;

/// What a size given at run time is taken for when slots are compared.
static constexpr double kTypicalSize = 16;

namespace {

struct Tenant {
  int *slot = nullptr; ///< what is to be found
  int from = 0, to = 0;
  double elements = 0;
};

} // namespace

/// Slots are given to tenants in the order in which these begin.
static int assignSlots(const std::vector<Tenant> &tenants) {
  struct Slot {
    int freeAfter;
    double elements;
  };
  // No two values are made in one step, but gradients may begin in one.
  std::vector<size_t> order(tenants.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(tenants[a].from, a) < std::pair(tenants[b].from, b);
  });
  std::vector<Slot> slots;
  for (size_t number : order) {
    const Tenant &tenant = tenants[number];
    // The one that fits best: the least that is large enough, else the largest.
    int best = -1;
    for (int i = 0; i < static_cast<int>(slots.size()); ++i) {
      if (slots[i].freeAfter >= tenant.from)
        continue;
      if (best < 0) {
        best = i;
        continue;
      }
      const bool fits = slots[i].elements >= tenant.elements;
      const bool bestFits = slots[best].elements >= tenant.elements;
      const bool isLess = slots[i].elements < slots[best].elements;
      if (fits != bestFits ? fits : fits == isLess)
        best = i;
    }
    if (best < 0) {
      best = static_cast<int>(slots.size());
      slots.push_back({0, 0});
    }
    slots[best].freeAfter = tenant.to;
    slots[best].elements = std::max(slots[best].elements, tenant.elements);
    *tenant.slot = best;
  }
  return static_cast<int>(slots.size());
}

namespace {

class Planner {
public:
  explicit Planner(const NetworkSpec &spec)
      : spec(spec), steps(static_cast<int>(spec.steps.size())) {
    plan.values.resize(spec.values.size());
    plan.isRepeated.assign(spec.steps.size(), false);
    madeBy.assign(spec.values.size(), -1);
    lastUse.assign(spec.values.size(), -1);
    uses.assign(spec.values.size(), 0);
  }

  NetworkPlan run() {
    findUses();
    findKept();
    findRepeated();
    assignForward();
    assignBackward();
    return std::move(plan);
  }

private:
  void findUses() {
    for (int s = 0; s < steps; ++s) {
      const NetworkStep &step = spec.steps[s];
      madeBy[step.result] = s;
      for (int operand : step.operands) {
        lastUse[operand] = s;
        ++uses[operand];
      }
    }
    for (size_t v = 0; v < spec.values.size(); ++v)
      plan.values[v].isShared =
          uses[v] + (spec.outputOf(static_cast<int>(v)) >= 0) > 1;
  }

  void keep(int value) {
    if (!spec.isInput(value))
      plan.values[value].kept = true;
  }

  /// What the derivatives of steps are made of.
  void findKept() {
    for (const NetworkStep &step : spec.steps) {
      if (step.kind == StepKind::Concat || step.kind == StepKind::Add)
        continue;
      for (int operand : step.operands)
        keep(operand);
      if (step.kind == StepKind::Norm)
        keep(step.result);
    }
  }

  /// The steps that what is kept is made by.
  void findRepeated() {
    std::vector<bool> wanted(spec.values.size());
    for (size_t v = 0; v < wanted.size(); ++v)
      wanted[v] = plan.values[v].kept;
    for (int s = steps - 1; s >= 0; --s) {
      if (!wanted[spec.steps[s].result])
        continue;
      plan.isRepeated[s] = true;
      for (int operand : spec.steps[s].operands)
        wanted[operand] = true;
    }
  }

  double elementsOf(int value) const {
    double elements = static_cast<double>(spec.values[value].channels);
    for (int axis : spec.values[value].axes) {
      const int64_t n = spec.lengthOf(axis);
      elements *= n < 0 ? kTypicalSize : static_cast<double>(n);
    }
    return elements;
  }

  void assignForward() {
    std::vector<Tenant> tenants;
    for (int v = 0; v < static_cast<int>(spec.values.size()); ++v)
      if (!spec.isInput(v) && spec.outputOf(v) < 0)
        tenants.push_back({&plan.values[v].slot, madeBy[v],
                           std::max(lastUse[v], madeBy[v]), elementsOf(v)});
    plan.numSlots = assignSlots(tenants);
  }

  int reverse(int step) const { return 2 * steps - 1 - step; }

  void assignBackward() {
    std::vector<Tenant> tenants;
    for (int v = 0; v < static_cast<int>(spec.values.size()); ++v) {
      if (spec.isInput(v))
        continue;
      ValuePlan &value = plan.values[v];
      if (plan.isRepeated[madeBy[v]]) {
        // Its own step may read it, as that of a norm does.
        int to = std::max(lastUse[v], madeBy[v]);
        if (value.kept)
          to = reverse(madeBy[v]);
        tenants.push_back({&value.backSlot, madeBy[v], to, elementsOf(v)});
      }
      const bool isOutput = spec.outputOf(v) >= 0;
      if (uses[v] > 0)
        tenants.push_back({&value.gradSlot,
                           isOutput ? steps : reverse(lastUse[v]),
                           reverse(madeBy[v]), elementsOf(v)});
    }
    plan.numBackSlots = assignSlots(tenants);
  }

  const NetworkSpec &spec;
  const int steps;
  NetworkPlan plan;
  std::vector<int> madeBy, lastUse, uses;
};

} // namespace

NetworkPlan eqc::planNetwork(const NetworkSpec &spec) {
  return Planner(spec).run();
}
