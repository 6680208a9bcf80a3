//===- ExplainNetwork.cpp - What a network consists of, in words ----------===//

#include "compiler/Report/ExplainNetwork.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Plan/Network/NetworkPlan.h"
#include "compiler/Report/Table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

using namespace eqc;

/// How the table calls a value: by its name, or by its number.
static std::string nameOf(const NetworkSpec &network, int value) {
  const std::string &name = network.values[value].name;
  return name.empty() ? fmt::format("%{}", value) : name;
}

std::string eqc::functionText(const NetworkSpec &network,
                              const NetworkStep &step) {
  switch (step.kind) {
  case StepKind::Layer:
    return network.layers[step.layer].name;
  case StepKind::Pointwise:
    return std::string(functionName(step.function));
  case StepKind::Norm:
    return "norm";
  case StepKind::Scale:
    return "scale";
  case StepKind::Concat:
    return "concat";
  case StepKind::Add:
    return "+";
  }
  return "";
}

static std::string callText(const NetworkSpec &network,
                            const NetworkStep &step) {
  const bool adds = step.kind == StepKind::Add;
  const std::string separator = adds ? " + " : ", ";
  const std::string callee = adds ? "" : functionText(network, step);
  std::string text;
  for (int operand : step.operands)
    text += (text.empty() ? "" : separator) + nameOf(network, operand);
  for (int space : step.spaces)
    text += ", " + network.nameOf(space);
  return callee.empty() ? text : callee + "(" + text + ")";
}

using Rows = std::vector<std::vector<std::string>>;

static Rows valueRows(const NetworkSpec &network, const NetworkPlan &plan) {
  Rows rows;
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
  return rows;
}

static Rows parameterRows(const NetworkSpec &network) {
  Rows rows;
  rows.push_back({"offset", "parameters", "elements"});
  for (const NetworkLayer &layer : network.layers) {
    rows.push_back({std::to_string(layer.offset), layer.name + ".weight",
                    std::to_string(layer.weightSize)});
    if (layer.biasSize > 0)
      rows.push_back({std::to_string(layer.biasOffset), layer.name + ".bias",
                      std::to_string(layer.biasSize)});
  }
  return rows;
}

/// An object for each row but the first, which names the columns.
static llvm::json::Array asObjects(const Rows &rows) {
  llvm::json::Array objects;
  for (size_t row = 1; row < rows.size(); ++row) {
    llvm::json::Object object;
    for (size_t column = 0; column < rows[row].size(); ++column) {
      const std::string &text = rows[row][column];
      int64_t number = 0;
      object[llvm::StringRef(rows[0][column])] =
          llvm::StringRef(text).getAsInteger(10, number)
              ? llvm::json::Value(text)
              : llvm::json::Value(number);
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

llvm::json::Object eqc::explainNetwork(const NetworkSpec &network) {
  const NetworkPlan plan = planNetwork(network);
  llvm::json::Array spaces;
  for (const Space &space : network.spaces)
    spaces.push_back(
        llvm::json::Object{{"name", space.name}, {"is", spaceText(space)}});
  for (const SpaceSum &sum : network.sums)
    spaces.push_back(llvm::json::Object{
        {"name", sum.name}, {"is", summandsText(network.spaces, sum)}});
  return llvm::json::Object{
      {"name", network.name},
      {"layers", static_cast<int64_t>(network.layers.size())},
      {"steps", static_cast<int64_t>(network.steps.size())},
      {"parameters", network.params},
      {"slots", plan.numSlots},
      {"spaces", std::move(spaces)},
      {"values", asObjects(valueRows(network, plan))},
      {"parameter_arrays", asObjects(parameterRows(network))}};
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
  for (const SpaceSum &sum : network.sums)
    fmt::format_to(out, "  sum        {} = {}\n", sum.name,
                   summandsText(network.spaces, sum));
  for (const Rows &rows : {valueRows(network, plan), parameterRows(network)}) {
    text += "\n";
    appendTable(rows, text);
  }
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
