//===- RandomElements.h - A group acting on tensors -------------*- C++ -*-===//

#ifndef EQC_CHECK_RANDOMELEMENTS_H
#define EQC_CHECK_RANDOMELEMENTS_H

#include "compiler/Algebra/GroupElement.h"
#include "compiler/Check/CheckValues.h"

#include <utility>

namespace eqc {

/// A random element of the group of each space, which every axis of the space
/// takes.
class RandomElements {
public:
  /// Of the spaces of a layer; of size n where that is given at run time.
  /// Those of integers move integers to integers.
  RandomElements(const LayerSpec &spec, int64_t n, Random &random,
                 bool ofIntegers = false);
  /// Of spaces with these groups and sizes, and sums of them.
  RandomElements(const std::vector<std::pair<Group, int64_t>> &spaces,
                 const std::vector<SpaceSum> &sums, Random &random,
                 bool ofIntegers = false);

  /// A tensor of so many axes, each of its space; without `axes` all are of the
  /// first. Those of duals take the inverse transpose.
  Values move(const Values &tensor, int order, const std::vector<int> &axes,
              int64_t batch, int64_t channels, Layout layout,
              const std::vector<bool> &dual = {});

  /// By what the tensors that were moved may have grown, all together.
  double growth() const { return norms; }

private:
  std::vector<GroupElement> elements, duals;
  double norms = 1;
};

} // namespace eqc

#endif // EQC_CHECK_RANDOMELEMENTS_H
