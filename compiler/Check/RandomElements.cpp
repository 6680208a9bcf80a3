//===- RandomElements.cpp - A group acting on tensors ---------------------===//

#include "compiler/Check/RandomElements.h"
#include "compiler/Algebra/Groups/GroupRules.h"

using namespace eqc;

RandomElements::RandomElements(
    const std::vector<std::pair<Group, int64_t>> &spaces,
    const std::vector<SpaceSum> &sums, Random &random, bool ofIntegers) {
  elements.reserve(spaces.size());
  for (const auto &[group, size] : spaces)
    elements.push_back(ofIntegers ? rulesOf(group).integerElement(size, random)
                                  : rulesOf(group).randomElement(size, random));
  for (size_t i = 0; i < spaces.size(); ++i)
    duals.push_back(rulesOf(spaces[i].first).hasDuals() ? elements[i].dual()
                                                        : elements[i]);
  // Behind the spaces, as axes are numbered.
  for (const SpaceSum &sum : sums)
    for (auto *of : {&elements, &duals}) {
      std::vector<const GroupElement *> summands;
      for (int space : sum.summands)
        summands.push_back(&(*of)[space]);
      of->push_back(GroupElement::directSum(summands));
    }
}

static std::vector<std::pair<Group, int64_t>> spacesOf(const LayerSpec &spec,
                                                       int64_t n) {
  std::vector<std::pair<Group, int64_t>> spaces;
  const size_t count = spec.group.numSpaces();
  for (size_t c = 0; c < count; ++c) {
    const auto space = static_cast<int>(c);
    spaces.emplace_back(spec.group.of(space), sizeAt(spec.group, n, space));
  }
  return spaces;
}

RandomElements::RandomElements(const LayerSpec &spec, int64_t n, Random &random,
                               bool ofIntegers)
    : RandomElements(spacesOf(spec, n), spec.group.sums(), random, ofIntegers) {
}

Values RandomElements::move(const Values &tensor, int order,
                            const std::vector<int> &axes, int64_t batch,
                            int64_t channels, Layout layout,
                            const std::vector<bool> &dual) {
  std::vector<const GroupElement *> ofAxes;
  for (int axis = 0; axis < order; ++axis) {
    const auto &of = !dual.empty() && dual[axis] ? duals : elements;
    ofAxes.push_back(&of[axes.empty() ? 0 : axes[axis]]);
    norms *= ofAxes.back()->norm();
  }
  return GroupElement::apply(ofAxes, tensor, batch, channels, layout);
}
