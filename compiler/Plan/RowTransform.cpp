//===- RowTransform.cpp - Rows as sums of multiples of rows ---------------===//

#include "compiler/Plan/RowTransform.h"

#include <algorithm>
#include <map>
#include <numeric>

using namespace eqc;

int64_t RowTransform::nonZeros() const {
  int64_t count = 0;
  for (const SparseVector &row : rows)
    count += static_cast<int64_t>(row.size());
  return count;
}

/// The targets of every component, ordered by the first of them.
static std::vector<std::vector<int64_t>>
groupTargets(const RowTransform &transform) {
  std::vector<int64_t> root(transform.rows.size());
  std::iota(root.begin(), root.end(), 0);
  auto find = [&](int64_t i) {
    while (root[i] != i)
      i = root[i] = root[root[i]];
    return i;
  };
  std::map<int64_t, int64_t> firstTarget; // of each source
  for (size_t t = 0; t < transform.rows.size(); ++t)
    for (auto [source, coefficient] : transform.rows[t]) {
      const int64_t a = find(firstTarget.emplace(source, t).first->second);
      const int64_t b = find(static_cast<int64_t>(t));
      root[std::max(a, b)] = std::min(a, b);
    }
  std::map<int64_t, std::vector<int64_t>> groups;
  for (size_t t = 0; t < transform.rows.size(); ++t)
    groups[find(static_cast<int64_t>(t))].push_back(static_cast<int64_t>(t));
  std::vector<std::vector<int64_t>> result;
  for (auto &[first, targets] : groups)
    result.push_back(std::move(targets));
  return result;
}

std::vector<RowComponentClass>
eqc::classifyComponents(const RowTransform &transform) {
  std::vector<RowComponentClass> classes;
  std::map<std::vector<std::vector<int>>, size_t> known;
  for (std::vector<int64_t> &targets : groupTargets(transform)) {
    RowComponent component;
    std::map<int64_t, int> number;
    for (int64_t target : targets)
      for (auto [source, coefficient] : transform.rows[target])
        number[source];
    for (auto &[source, local] : number) {
      local = static_cast<int>(component.sources.size());
      component.sources.push_back(source);
    }
    std::vector<std::vector<int>> pattern;
    for (int64_t target : targets) {
      pattern.emplace_back();
      for (auto [source, coefficient] : transform.rows[target]) {
        pattern.back().push_back(number.at(source));
        component.coefficients.push_back(coefficient);
      }
    }
    component.targets = std::move(targets);
    auto [place, isNew] = known.emplace(pattern, classes.size());
    if (isNew) {
      classes.emplace_back();
      classes.back().numSources =
          static_cast<int64_t>(component.sources.size());
      classes.back().pattern = std::move(pattern);
    }
    classes[place->second].components.push_back(std::move(component));
  }
  return classes;
}
