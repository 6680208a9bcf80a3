//===- TestLayers.h - Layers and data for tests -----------------*- C++ -*-===//
//
// Short ways to say which layer a test is about.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_CHECK_TESTLAYERS_H
#define EQC_TEST_CHECK_TESTLAYERS_H

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Algebra/Random.h"
#include "compiler/Check/Oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace eqc::test {

/// The layer with `diagrams = all` and, where the group has one, a bias.
inline LayerSpec makeLayer(Group group, int64_t n, int k, int l,
                           int64_t cIn = 1, int64_t cOut = 1) {
  LayerSpec spec;
  spec.name = "layer";
  spec.group = group;
  spec.n = n;
  spec.k = k;
  spec.l = l;
  spec.cIn = cIn;
  spec.cOut = cOut;
  spec.diagrams = enumerateDiagrams(group, n, l, k);
  spec.biasDiagrams = enumerateDiagrams(group, n, l, 0);
  spec.bias = !spec.biasDiagrams.empty();
  return spec;
}

/// The same layer without bias and with a list of diagrams.
inline LayerSpec makeListLayer(Group group, int64_t n, int k, int l,
                               const std::vector<std::string> &list) {
  LayerSpec spec = makeLayer(group, n, k, l);
  spec.choice = DiagramChoice::List;
  spec.bias = false;
  spec.biasDiagrams.clear();
  spec.diagrams.clear();
  for (const std::string &text : list) {
    auto parsed = parseDiagram(text, l, k);
    EXPECT_TRUE(std::holds_alternative<Diagram>(parsed)) << text;
    if (auto *diagram = std::get_if<Diagram>(&parsed))
      spec.diagrams.push_back(*diagram);
  }
  return spec;
}

inline std::vector<double> randomValues(int64_t count, Random &random) {
  std::vector<double> values(count);
  for (double &v : values)
    v = random.symmetric();
  return values;
}

inline int64_t xSize(const LayerSpec &spec, int64_t n, int64_t batch) {
  return batch * integerPower(n, spec.k) * spec.cIn;
}
inline int64_t ySize(const LayerSpec &spec, int64_t n, int64_t batch) {
  return batch * integerPower(n, spec.l) * spec.cOut;
}
inline int64_t weightSize(const LayerSpec &spec) {
  return static_cast<int64_t>(spec.diagrams.size()) * spec.cIn * spec.cOut;
}
inline int64_t biasSize(const LayerSpec &spec) {
  return static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut;
}

/// Largest absolute difference over largest absolute value of `b`.
inline double relativeError(const std::vector<double> &a,
                            const std::vector<double> &b) {
  EXPECT_EQ(a.size(), b.size());
  double error = 0, scale = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    error = std::max(error, std::abs(a[i] - b[i]));
    scale = std::max(scale, std::abs(b[i]));
  }
  return scale > 0 ? error / scale : error;
}

inline double dot(const std::vector<double> &a, const std::vector<double> &b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    sum += a[i] * b[i];
  return sum;
}

inline std::string describe(const LayerSpec &spec) {
  return groupName(spec.group) + " n=" + std::to_string(spec.n) +
         " k=" + std::to_string(spec.k) + " l=" + std::to_string(spec.l);
}

/// Calls `visit` with a layer for every group, small n and k + l <= 5 that has
/// diagrams, with channels 2 -> 3, alternating layouts and normalizations.
template <typename Visit> void forEachSmallLayer(Visit visit) {
  int count = 0;
  std::vector<Group> groups(std::begin(allGroups), std::end(allGroups));
  for (Family family : {Family::O, Family::SO}) {
    groups.emplace_back(family, 1, 1);
    groups.emplace_back(family, 1, 2);
  }
  for (Group group : groups)
    for (int64_t n = 1; n <= 4; ++n)
      for (int l = 0; l <= 5; ++l)
        for (int k = 0; k + l <= 5; ++k) {
          if (group.hasSignature() ? n != group.plus() + group.minus()
                                   : n % rulesOf(group).sizeUnit() != 0 ||
                                         n < rulesOf(group).leastN())
            continue;
          // The definition visits every pair of indices of every diagram.
          if (n == 4 && k + l == 5)
            continue;
          LayerSpec spec = makeLayer(group, n, k, l, 2, 3);
          if (spec.diagrams.empty())
            continue;
          spec.layout =
              count % 2 ? Layout::ChannelsFirst : Layout::ChannelsLast;
          spec.normalize = count / 2 % 2 ? Normalize::Mean : Normalize::None;
          ++count;
          visit(spec);
        }
  EXPECT_GT(count, 150);
}

} // namespace eqc::test

#endif // EQC_TEST_CHECK_TESTLAYERS_H
