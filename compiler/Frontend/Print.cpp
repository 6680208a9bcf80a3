//===- Print.cpp - Layers back to source text -----------------------------===//
//
// One field per line, defaults included.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Print.h"

#include "compiler/Algebra/Diagram.h"

using namespace eqc;

static std::string diagramsText(const LayerSpec &spec) {
  if (spec.choice != DiagramChoice::List)
    return choiceName(spec.choice);
  std::string list = "[";
  for (const Diagram &diagram : spec.diagrams)
    list += (list.size() > 1 ? ", \"" : "\"") + toString(diagram, spec.group) +
            "\"";
  return list + "]";
}

std::string eqc::symmetryWords(const LayerSpec &spec) {
  std::string words;
  for (bool ofInput : {true, false}) {
    const auto &generators = ofInput ? spec.symmetry.in : spec.symmetry.out;
    if (generators.empty())
      continue;
    words += std::string(words.empty() ? "" : "; ") + (ofInput ? "x" : "y");
    for (size_t g = 0; g < generators.size(); ++g)
      words +=
          (g == 0 ? " is the same under " : ", ") + toString(generators[g]);
  }
  return words;
}

std::string eqc::orbitText(const LayerSpec &spec, const Diagram &diagram) {
  constexpr size_t mostShown = 4;
  const std::vector<SignedDiagram> members =
      orbitOf(diagram, spec.group, spec.symmetry).members;
  std::string text;
  for (size_t m = 1; m < members.size() && m < mostShown; ++m)
    text += std::string(m == 1 ? "" : " ") +
            (members[m].sign < 0 ? "- " : "+ ") +
            toString(members[m].diagram, spec.group);
  if (members.size() > mostShown)
    text += " .., " + std::to_string(members.size()) + " in all";
  return text;
}

static std::string
symmetryText(const std::vector<AxisPermutation> &generators) {
  std::string list = "[";
  for (const AxisPermutation &generator : generators)
    list += (list.size() > 1 ? ", \"" : "\"") + toString(generator) + "\"";
  return list + "]";
}

/// The axes of one array by the names of their spaces, from the `first` of
/// those of y and of x on.
static std::string axesText(const LayerSpec &spec, int first, int order) {
  if (!spec.typed || order == 0)
    return std::to_string(order);
  const std::vector<int> axes = spec.axes();
  const std::vector<bool> duals = spec.duals();
  std::string text;
  for (int axis = first; axis < first + order; ++axis)
    text +=
        (axis > first ? " " : "") +
        (axes.empty() ? spec.spaceName : nameOfAxis(spec.group, axes[axis])) +
        (!duals.empty() && duals[axis] ? "'" : "");
  return text;
}

static std::string inputsText(const LayerSpec &spec) {
  std::string text = axesText(spec, spec.l, spec.k1());
  if (spec.isBilinear())
    text += " * " + axesText(spec, spec.l + spec.k1(), spec.k2);
  return text;
}

std::string eqc::sidesText(const LayerSpec &spec) {
  return inputsText(spec) + " -> " + axesText(spec, 0, spec.l);
}

static std::string channelsText(const LayerSpec &spec) {
  if (spec.depthwise)
    return std::to_string(spec.cOut);
  std::string text = std::to_string(spec.cIn);
  if (spec.isBilinear())
    text += " * " + std::to_string(spec.cIn2);
  return text + " -> " + std::to_string(spec.cOut);
}

static std::string declarationsOf(const std::vector<Space> &spaces,
                                  const std::vector<SpaceSum> &sums = {}) {
  std::string text;
  for (const Space &space : spaces)
    text +=
        "space " + space.name + " = " +
        (space.group.action() ? groupSource(space.group) : spaceText(space)) +
        "\n";
  for (const SpaceSum &sum : sums)
    text += "space " + sum.name + " = " + summandsText(spaces, sum) + "\n";
  return text;
}

/// The layer alone, without the spaces of its axes.
static std::string layerText(const LayerSpec &spec) {
  std::string text = "layer " + spec.name + " {\n";
  auto field = [&](const char *name, const std::string &value) {
    text += std::string("  ") + name + " = " + value + "\n";
  };
  if (!spec.typed) {
    field("group", groupSource(spec.group));
    if (!spec.group.hasSize())
      field("n", spec.dynamicN() ? "?" : std::to_string(spec.n));
  }
  field("k", inputsText(spec));
  field("l", axesText(spec, 0, spec.l));
  field("channels", channelsText(spec));
  field("bias", spec.bias ? "true" : "false");
  field("dtype", dtypeName(spec.dtype, spec.storage));
  field("layout", spec.layout == Layout::ChannelsLast ? "channels_last"
                                                      : "channels_first");
  field("normalize", spec.normalize == Normalize::None ? "none" : "mean");
  if (spec.pool != Pool::Sum)
    field("pool", poolName(spec.pool));
  field("diagrams", diagramsText(spec));
  if (spec.weightsOf == WeightsOf::Orbits)
    field("weights", "orbit");
  if (!spec.symmetry.in.empty())
    field("in_symmetry", symmetryText(spec.symmetry.in));
  if (!spec.symmetry.out.empty())
    field("out_symmetry", symmetryText(spec.symmetry.out));
  if (spec.batch != 0)
    field("batch", std::to_string(spec.batch));
  return text + "}\n";
}

std::string eqc::toSource(const LayerSpec &spec) {
  return (spec.typed ? declarationsOf(spec.spaces(), spec.group.sums()) : "") +
         layerText(spec);
}

std::string eqc::networkSource(const NetworkSpec &network,
                               llvm::ArrayRef<LayerSpec> layers) {
  std::string text = declarationsOf(network.spaces, network.sums);
  for (const NetworkLayer &layer : network.layers)
    text += layerText(layers[layer.index]);
  return text + "network " + network.name + " {\n" + network.body + "}\n";
}
