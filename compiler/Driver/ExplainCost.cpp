//===- ExplainCost.cpp - What the plans of a layer cost -------------------===//
//
// The exact operations of the shared plan, stage by stage, beside those of the
// dense one.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Explain.h"

#include "compiler/Plan/Cost.h"

#include <fmt/format.h>

using namespace eqc;

static std::string_view stageName(StageKind kind) {
  switch (kind) {
  case StageKind::Copy:
    return "copy";
  case StageKind::Read:
    return "read";
  case StageKind::Mix:
    return "mix";
  case StageKind::Write:
    return "write";
  }
  return "";
}

static std::string_view channelsOf(StageKind kind) {
  switch (kind) {
  case StageKind::Copy:
  case StageKind::Read:
    return "input channel";
  case StageKind::Mix:
    return "pair of channels";
  case StageKind::Write:
    return "output channel";
  }
  return "";
}

/// Multiplying x by the stacked matrix of all diagrams, once it is made.
static int64_t denseFlops(const LayerSpec &layer) {
  int64_t entries = countAt(Poly::power(layer.k + layer.l), layer.n);
  if (entries > INT64_MAX / 2 / layer.cIn / layer.cOut)
    return INT64_MAX;
  return 2 * entries * layer.cIn * layer.cOut;
}

static std::string countText(int64_t count) {
  return count == INT64_MAX ? "more than 2^63" : std::to_string(count);
}

std::string eqc::explainCost(const LayerSpec &layer) {
  PlanCost cost = costOf(buildSharedPlan(layer));
  std::string text = "\n  shared plan, one sample:\n";
  for (const StageCost &stage : cost.stages) {
    const bool mix = stage.kind == StageKind::Mix;
    text += fmt::format(
        "    {:<5} {:>4} {}, {} {} per {}\n", stageName(stage.kind),
        mix ? stage.terms : stage.patterns, mix ? "diagrams" : "patterns",
        toString(mix ? stage.multiplyAdds : stage.additions),
        mix ? "multiply-adds" : "additions", channelsOf(stage.kind));
  }
  if (layer.dynamicN())
    return text;
  LeastBytes least = leastBytesOf(layer, layer.n);
  text += fmt::format(
      "\n  flops per sample: shared {}, dense {}\n"
      "  scratch of the shared plan: {} bytes per sample\n"
      "  any plan moves at least {} bytes per sample and {} per call\n",
      countText(operationsOf(cost, layer, layer.n).flops()),
      countText(denseFlops(layer)), scratchBytesOf(cost, layer, layer.n),
      least.perSample, least.perCall);
  return text;
}
