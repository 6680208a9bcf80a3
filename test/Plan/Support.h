//===- Support.h - Layers to plan in tests ----------------------*- C++ -*-===//

#ifndef EQC_TEST_PLAN_SUPPORT_H
#define EQC_TEST_PLAN_SUPPORT_H

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Algebra/Random.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace eqc::test {

/// The layer of all of the group's diagrams; with a bias where it has one.
inline LayerSpec makeLayer(Group group, int64_t n, int k, int l,
                           int64_t cIn = 1, int64_t cOut = 1,
                           bool bias = false) {
  LayerSpec spec;
  spec.name = "layer";
  spec.group = group;
  spec.n = n;
  spec.k = k;
  spec.l = l;
  spec.cIn = cIn;
  spec.cOut = cOut;
  spec.diagrams = enumerateDiagrams(group, n, l, k);
  if (bias)
    spec.biasDiagrams = enumerateDiagrams(group, n, l, 0);
  spec.bias = !spec.biasDiagrams.empty();
  return spec;
}

/// The layer with these symmetries of its axes: of its diagrams the first of
/// each orbit that does not cancel.
inline LayerSpec withSymmetry(LayerSpec spec,
                              const std::vector<std::string> &in,
                              const std::vector<std::string> &out) {
  for (const std::string &text : in)
    spec.symmetry.in.push_back(
        std::get<AxisPermutation>(parseAxisPermutation(text, spec.k)));
  for (const std::string &text : out)
    spec.symmetry.out.push_back(
        std::get<AxisPermutation>(parseAxisPermutation(text, spec.l)));
  auto keepFirst = [&](std::vector<Diagram> &diagrams) {
    diagrams.erase(
        std::remove_if(diagrams.begin(), diagrams.end(),
                       [&](const Diagram &diagram) {
                         const Orbit orbit =
                             orbitOf(diagram, spec.group, spec.symmetry);
                         return orbit.vanishes || orbit.first() != diagram;
                       }),
        diagrams.end());
  };
  keepFirst(spec.diagrams);
  keepFirst(spec.biasDiagrams);
  spec.bias = !spec.biasDiagrams.empty();
  return spec;
}

/// Some groups whose form has a signature, each with its only size.
inline std::vector<Group> signatures() {
  std::vector<Group> groups;
  for (auto [plus, minus] :
       {std::pair(1, 1), {1, 2}, {2, 1}, {1, 3}, {2, 2}, {3, 2}})
    for (Family family : {Family::O, Family::SO})
      groups.emplace_back(family, plus, minus);
  return groups;
}
inline int64_t sizeOf(Group group) { return group.plus() + group.minus(); }

/// The orders of a grid of layers.
struct Orders {
  int most;  ///< of inputs, and of outputs
  int total; ///< of both together
};
/// Calls visit(spec) for the layers of 2 -> 3 channels of all these sizes (-1:
/// dynamic) and orders, with a bias where the group has one; says how many.
template <typename Visit>
int forLayers(Group group, const std::vector<int64_t> &sizes, Orders orders,
              const Visit &visit) {
  int seen = 0;
  for (int64_t n : sizes)
    for (int k = 0; k <= orders.most; ++k)
      for (int l = 0; l <= orders.most && k + l <= orders.total; ++l) {
        if (!whyNoDiagrams(group, n, l, k).empty())
          continue;
        visit(makeLayer(group, n, k, l, 2, 3,
                        whyNoDiagrams(group, n, l, 0).empty()));
        ++seen;
      }
  return seen;
}

/// `S_4 2->3`, to tell the cases of a test apart.
inline std::string nameOf(const LayerSpec &spec) {
  return groupName(spec.group) + "_" +
         (spec.n < 0 ? "?" : std::to_string(spec.n)) + " " +
         std::to_string(spec.k) + "->" + std::to_string(spec.l);
}

inline std::vector<double> randomVector(Random &random, size_t size) {
  std::vector<double> values(size);
  for (double &value : values)
    value = random.symmetric();
  return values;
}

/// Largest absolute difference over largest absolute value.
inline double relativeError(const std::vector<double> &actual,
                            const std::vector<double> &expected) {
  if (actual.size() != expected.size())
    return INFINITY;
  double error = 0, scale = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    error = std::max(error, std::abs(actual[i] - expected[i]));
    scale = std::max(scale, std::abs(expected[i]));
  }
  return scale > 0 ? error / scale : error;
}

} // namespace eqc::test

#endif // EQC_TEST_PLAN_SUPPORT_H
