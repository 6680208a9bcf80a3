//===- LayerSpec.cpp - What a layer is, checked ---------------------------===//
//
// The axes of a layer and their lengths.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/LayerSpec.h"

using namespace eqc;

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

std::vector<int64_t> eqc::lengthsOf(Group group, int64_t n, int order,
                                    const std::vector<int> &axes) {
  std::vector<int64_t> lengths;
  for (int axis = 0; axis < order; ++axis)
    lengths.push_back(sizeOf(group, n, group.isProduct() ? axes[axis] : 0));
  return lengths;
}

std::vector<int64_t> eqc::lengthsOfInput(const LayerSpec &spec) {
  return lengthsOf(spec.group, spec.n, spec.k, spec.xAxes);
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
