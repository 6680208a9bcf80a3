//===- LayerSpec.cpp - What a layer is, checked ---------------------------===//
//
// The axes of a layer and their lengths.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/LayerSpec.h"

#include <algorithm>
#include <map>
#include <utility>

using namespace eqc;

const char *eqc::dtypeName(DType dtype, Storage storage) {
  switch (storage) {
  case Storage::BF16:
    return "bf16";
  case Storage::F16:
    return "f16";
  case Storage::AsComputed:
    break;
  }
  return dtype == DType::F32 ? "f32" : "f64";
}

const char *eqc::poolName(Pool pool) {
  switch (pool) {
  case Pool::Sum:
    break;
  case Pool::Max:
    return "max";
  case Pool::Min:
    return "min";
  }
  return "sum";
}

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
  // The vertices of an orbit are as one block.
  std::map<int, std::pair<bool, bool>> inputs;
  for (int v = diagram.l; v < diagram.l + diagram.k; ++v) {
    const bool isLeg = diagram.orbit.exists() && diagram.isLegOf(v);
    auto &[x, z] = inputs[isLeg ? -1 : diagram.block[v]];
    (v < diagram.l + k1 ? x : z) = true;
    if (x && z)
      return true;
  }
  return false;
}

std::vector<DiagramMultiple> eqc::diagramsOfWeight(const LayerSpec &spec,
                                                   const Diagram &diagram) {
  std::vector<DiagramMultiple> sum;
  for (SignedDiagram &member :
       orbitOf(diagram, spec.group, spec.symmetry).members)
    sum.push_back({std::move(member.diagram), member.sign});
  if (spec.weightsOf == WeightsOf::Diagrams)
    return sum;
  std::vector<DiagramMultiple> coarser;
  std::map<SymbolsAndBlocks, size_t> numbers;
  for (const DiagramMultiple &member : sum)
    for (DiagramMultiple &part : coarserThan(member.diagram)) {
      const auto [known, isNew] =
          numbers.try_emplace(symbolsAndBlocks(part.diagram), coarser.size());
      if (isNew)
        coarser.push_back({std::move(part.diagram), 0});
      coarser[known->second].factor += member.factor * part.factor;
    }
  coarser.erase(std::remove_if(coarser.begin(), coarser.end(),
                               [](const DiagramMultiple &part) {
                                 return part.factor == 0;
                               }),
                coarser.end());
  return coarser;
}

MemberLayer eqc::membersOf(const LayerSpec &spec) {
  MemberLayer layer{spec, {}, {}, spec.combinesDiagrams()};
  layer.spec.symmetry = {};
  layer.spec.weightsOf = WeightsOf::Diagrams;
  auto expand = [&](std::vector<Diagram> &diagrams,
                    std::vector<PackedTerm> &weights) {
    const std::vector<Diagram> named = std::move(diagrams);
    diagrams.clear();
    std::map<SymbolsAndBlocks, size_t> numbers;
    for (size_t w = 0; w < named.size(); ++w)
      for (DiagramMultiple &member : diagramsOfWeight(spec, named[w])) {
        // Of orbits under symmetries alone, and of plain weights, all differ.
        size_t d = diagrams.size();
        if (spec.weightsOf == WeightsOf::Orbits)
          d = numbers.try_emplace(symbolsAndBlocks(member.diagram), d)
                  .first->second;
        if (d == diagrams.size()) {
          diagrams.push_back(std::move(member.diagram));
          weights.emplace_back();
        }
        weights[d].push_back(
            {static_cast<int>(w), static_cast<double>(member.factor)});
      }
  };
  expand(layer.spec.diagrams, layer.weights);
  expand(layer.spec.biasDiagrams, layer.biasWeights);
  return layer;
}

bool LayerSpec::pools() const {
  return pool != Pool::Sum &&
         std::any_of(
             diagrams.begin(), diagrams.end(), [&](const Diagram &diagram) {
               return unpools ? transpose(group, diagram)
                                        .diagram.numBottomOnlyBlocks() > 0
                              : diagram.numBottomOnlyBlocks() > 0;
             });
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

std::vector<std::string> LayerSpec::sizeNames() const {
  std::vector<std::string> names;
  if (group.isProduct())
    for (int space : spacesWithSizes(group))
      names.push_back(group.spaces()[space].name);
  return names.empty() ? std::vector<std::string>{"n"} : names;
}

LayerSpec eqc::atSizes(LayerSpec spec, const std::vector<int64_t> &sizes) {
  if (!spec.dynamicN())
    return spec;
  if (spec.group.isProduct()) {
    spec.group = withSizes(spec.group, sizes);
    spec.n = sizeOfProduct(spec.group);
  } else {
    spec.n = sizes.front();
  }
  return spec;
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
