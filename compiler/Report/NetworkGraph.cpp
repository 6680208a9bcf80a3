//===- NetworkGraph.cpp - Networks as boxes and arrows --------------------===//

#include "compiler/Report/NetworkGraph.h"

#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Report/ExplainNetwork.h"

using namespace eqc;

/// Layers have parameters, functions have none.
static constexpr std::string_view inputColour = "#222222",
                                  layerColour = "#0072b2",
                                  stepColour = "#009e73",
                                  outputColour = "#d55e00";

Graph eqc::graphOf(const NetworkSpec &network) {
  Graph graph;
  std::vector<size_t> nodes(network.values.size());
  for (size_t i = 0; i < network.numInputs; ++i)
    nodes[i] = graph.add({network.values[i].name,
                          shapeText(network, network.values[i]), inputColour,
                          std::nullopt});
  for (const NetworkStep &step : network.steps) {
    const NetworkValue &value = network.values[step.result];
    const int output = network.outputOf(step.result);
    std::string title = functionText(network, step);
    if (output >= 0)
      title = network.outputs[output].name + " = " + title;
    nodes[step.result] = graph.add({std::move(title), shapeText(network, value),
                                    output >= 0 ? outputColour
                                    : step.kind == StepKind::Layer ? layerColour
                                                                   : stepColour,
                                    std::nullopt});
    for (int operand : step.operands)
      graph.join(nodes[operand], nodes[step.result]);
  }
  return graph;
}
