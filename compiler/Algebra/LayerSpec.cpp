//===- LayerSpec.cpp - What a layer is, checked ---------------------------===//
//
// The axes of a layer and their lengths.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/LayerSpec.h"

#include <utility>

using namespace eqc;

const char *eqc::choiceName(DiagramChoice choice) {
  switch (choice) {
  case DiagramChoice::All:
    return "all";
  case DiagramChoice::Basis:
    return "basis";
  case DiagramChoice::Connected:
    return "connected";
  case DiagramChoice::List:
    break;
  }
  return "list";
}

bool eqc::joinsInputs(const Diagram &diagram, int k1) {
  for (const std::vector<int> &block : diagram.blocks()) {
    bool x = false, z = false;
    for (int vertex : block) {
      x |= vertex >= diagram.l && vertex < diagram.l + k1;
      z |= vertex >= diagram.l + k1;
    }
    if (x && z)
      return true;
  }
  return false;
}

MemberLayer eqc::membersOf(const LayerSpec &spec) {
  MemberLayer layer{spec, {}, {}, !spec.symmetry.isTrivial()};
  layer.spec.symmetry = {};
  auto expand = [&](std::vector<Diagram> &diagrams,
                    std::vector<SignedWeight> &weights,
                    const AxisSymmetry &symmetry) {
    const std::vector<Diagram> named = std::move(diagrams);
    diagrams.clear();
    for (size_t w = 0; w < named.size(); ++w)
      for (const SignedDiagram &member :
           orbitOf(named[w], spec.group, symmetry).members) {
        diagrams.push_back(member.diagram);
        weights.push_back({static_cast<int>(w), member.sign});
      }
  };
  expand(layer.spec.diagrams, layer.weights, spec.symmetry);
  expand(layer.spec.biasDiagrams, layer.biasWeights, {{}, spec.symmetry.out});
  return layer;
}

std::vector<Space> LayerSpec::spaces() const {
  if (group.isProduct())
    return group.spaces();
  if (typed && k + l == 0)
    return {};
  return {{spaceName, group, n}};
}

std::vector<int> LayerSpec::axes(bool ofBias) const {
  std::vector<int> axes = yAxes;
  if (!ofBias)
    axes.insert(axes.end(), xAxes.begin(), xAxes.end());
  return axes;
}

std::vector<bool> LayerSpec::duals(bool ofBias) const {
  std::vector<bool> duals = yDuals;
  if (!ofBias)
    duals.insert(duals.end(), xDuals.begin(), xDuals.end());
  return someDual(std::move(duals));
}

std::vector<int64_t> eqc::lengthsOf(Group group, int64_t n, int order,
                                    const std::vector<int> &axes) {
  std::vector<int64_t> lengths;
  for (int axis = 0; axis < order; ++axis)
    lengths.push_back(sizeOf(group, n, group.isProduct() ? axes[axis] : 0));
  return lengths;
}

std::vector<int64_t> eqc::lengthsOfInput(const LayerSpec &spec) {
  return lengthsOf(spec.group, spec.n, spec.k1(), spec.xAxes);
}

std::vector<int64_t> eqc::lengthsOfSecondInput(const LayerSpec &spec) {
  std::vector<int> axes;
  if (!spec.xAxes.empty())
    axes.assign(spec.xAxes.begin() + spec.k1(), spec.xAxes.end());
  return lengthsOf(spec.group, spec.n, spec.k2, axes);
}

std::vector<int64_t> eqc::lengthsOfOutput(const LayerSpec &spec) {
  return lengthsOf(spec.group, spec.n, spec.l, spec.yAxes);
}

int64_t eqc::numPositions(const std::vector<int64_t> &lengths, size_t first) {
  int64_t positions = 1;
  for (size_t axis = first; axis < lengths.size(); ++axis)
    positions *= lengths[axis];
  return positions;
}
