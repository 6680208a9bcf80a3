//===- ExplainNetwork.cpp - What a network consists of, in words ----------===//

#include "compiler/Driver/ExplainNetwork.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Driver/Table.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Plan/Network/NetworkPlan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

using namespace eqc;

/// How the table calls a value: by its name, or by its number.
static std::string nameOf(const NetworkSpec &network, int value) {
  const std::string &name = network.values[value].name;
  return name.empty() ? fmt::format("%{}", value) : name;
}

static std::string callText(const NetworkSpec &network,
                            const NetworkStep &step) {
  std::string callee;
  const char *separator = ", ";
  switch (step.kind) {
  case StepKind::Layer:
    callee = network.layers[step.layer].name;
    break;
  case StepKind::Pointwise:
    callee = functionName(step.function);
    break;
  case StepKind::Norm:
    callee = "norm";
    break;
  case StepKind::Scale:
    callee = "scale";
    break;
  case StepKind::Concat:
    callee = "concat";
    break;
  case StepKind::Add:
    separator = " + ";
    break;
  }
  std::string text;
  for (int operand : step.operands)
    text += (text.empty() ? "" : separator) + nameOf(network, operand);
  for (int space : step.spaces)
    text += ", " + network.spaces[space].name;
  return callee.empty() ? text : callee + "(" + text + ")";
}

static void appendValues(const NetworkSpec &network, const NetworkPlan &plan,
                         std::string &text) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"value", "shape", "is", "lives in"});
  for (size_t i = 0; i < network.numInputs; ++i)
    rows.push_back({nameOf(network, static_cast<int>(i)),
                    shapeText(network, network.values[i]), "input",
                    "the caller's array"});
  for (const NetworkStep &step : network.steps) {
    const ValuePlan &value = plan.values[step.result];
    rows.push_back({nameOf(network, step.result),
                    shapeText(network, network.values[step.result]),
                    callText(network, step),
                    (value.slot < 0 ? std::string("the caller's array")
                                    : fmt::format("slot {}", value.slot)) +
                        (value.kept ? ", tape" : "")});
  }
  text += "\n";
  appendTable(rows, text);
}

static void appendParameters(const NetworkSpec &network, std::string &text) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"offset", "parameters", "elements"});
  for (const NetworkLayer &layer : network.layers) {
    rows.push_back({std::to_string(layer.offset), layer.name + ".weight",
                    std::to_string(layer.weightSize)});
    if (layer.biasSize > 0)
      rows.push_back({std::to_string(layer.biasOffset), layer.name + ".bias",
                      std::to_string(layer.biasSize)});
  }
  text += "\n";
  appendTable(rows, text);
}

void eqc::explainNetwork(const NetworkSpec &network, std::string &text) {
  const NetworkPlan plan = planNetwork(network);
  auto out = std::back_inserter(text);
  fmt::format_to(out, "network {}: {} layer{}, {} step{}, {} parameters\n",
                 network.name, network.layers.size(),
                 network.layers.size() == 1 ? "" : "s", network.steps.size(),
                 network.steps.size() == 1 ? "" : "s", network.params);
  for (const Space &space : network.spaces)
    fmt::format_to(out, "  space      {} = {}, {}\n", space.name,
                   spaceText(space), rulesOf(space.group).words());
  appendValues(network, plan, text);
  appendParameters(network, text);
  const auto kept =
      std::count_if(plan.values.begin(), plan.values.end(),
                    [](const ValuePlan &value) { return value.kept; });
  fmt::format_to(
      out,
      "\n  (A block of samples goes through all steps, so that slots stay in "
      "cache: {} slot{}\n  for {} value{}. A tape has {} of them, for "
      "gradients.)\n  folded: nothing, layers that follow each other stay "
      "two\n  fused: nothing, each step is a pass over its block\n",
      plan.numSlots, plan.numSlots == 1 ? "" : "s",
      network.values.size() - network.numInputs - network.outputs.size(),
      network.values.size() - network.numInputs - network.outputs.size() == 1
          ? ""
          : "s",
      kept);
}
