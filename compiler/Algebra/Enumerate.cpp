//===- Enumerate.cpp - Counting and listing diagrams ----------------------===//

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// Two values of at most 2^63 - 1 each.
static uint64_t sum(long long l, long long k) {
  assert(l >= 0 && k >= 0 && "rows have sizes");
  return static_cast<uint64_t>(l) + static_cast<uint64_t>(k);
}

Count eqc::countDiagrams(Group group, long long n, long long l, long long k) {
  return rulesOf(group).count(n, sum(l, k));
}

std::string eqc::whyNoDiagrams(Group group, long long n, long long l,
                               long long k) {
  return rulesOf(group).whyNone(n, sum(l, k));
}

Count eqc::countBasis(Group group, long long n, int l, int k) {
  assert(n > 0 && "a basis needs a fixed n");
  return rulesOf(group).countBasis(n, sum(l, k));
}

bool eqc::inBasis(const Diagram &diagram, Group group, long long n) {
  assert(n > 0 && "a basis needs a fixed n");
  return rulesOf(group).inBasis(diagram, n);
}

void eqc::forEachDiagram(Group group, long long n, int l, int k,
                         const std::function<bool(const Diagram &)> &visit) {
  rulesOf(group).enumerate(n, l, k, visit);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

uint64_t LayerRows::numVertices(int space) const {
  return static_cast<uint64_t>(std::count(axes.begin(), axes.end(), space));
}

/// What is counted for each factor of a product, multiplied.
static Count productOf(const LayerRows &rows,
                       Count (GroupRules::*countOf)(int64_t, uint64_t) const) {
  Count total{1, false};
  for (size_t c = 0; c < rows.group.spaces().size(); ++c) {
    const Space &space = rows.group.spaces()[c];
    const Count count = (rulesOf(space.group).*countOf)(
        space.n, rows.numVertices(static_cast<int>(c)));
    if (!count.saturated && count.value == 0)
      return count;
    total = multiply(total, count);
  }
  return total;
}

Count eqc::countDiagrams(const LayerRows &rows) {
  if (!rows.isProduct())
    return countDiagrams(rows.group, rows.n, rows.l, rows.k);
  return productOf(rows, &GroupRules::count);
}

Count eqc::countBasis(const LayerRows &rows) {
  if (!rows.isProduct())
    return countBasis(rows.group, rows.n, rows.l, rows.k);
  return productOf(rows, &GroupRules::countBasis);
}

std::string eqc::whyNoDiagrams(const LayerRows &rows) {
  if (!rows.isProduct())
    return whyNoDiagrams(rows.group, rows.n, rows.l, rows.k);
  for (size_t c = 0; c < rows.group.spaces().size(); ++c) {
    const Space &space = rows.group.spaces()[c];
    const uint64_t vertices = rows.numVertices(static_cast<int>(c));
    const std::string why = rulesOf(space.group).whyNone(space.n, vertices);
    if (!why.empty())
      return why + " on the " + std::to_string(vertices) +
             (vertices == 1 ? " axis of '" : " axes of '") + space.name + "'";
  }
  return "";
}

void eqc::forEachDiagram(const LayerRows &rows,
                         const std::function<bool(const Diagram &)> &visit) {
  if (!rows.isProduct())
    return forEachDiagram(rows.group, rows.n, rows.l, rows.k, visit);
  // The diagrams of each factor; there are fewer than of the product.
  std::vector<std::vector<Diagram>> factors;
  for (size_t c = 0; c < rows.group.spaces().size(); ++c) {
    const Space &space = rows.group.spaces()[c];
    const auto outputs = std::count(
        rows.axes.begin(), rows.axes.begin() + rows.l, static_cast<int>(c));
    const auto inputs = std::count(rows.axes.begin() + rows.l, rows.axes.end(),
                                   static_cast<int>(c));
    factors.push_back(enumerateDiagrams(space.group, space.n,
                                        static_cast<int>(outputs),
                                        static_cast<int>(inputs)));
    if (factors.back().empty())
      return;
  }
  std::vector<size_t> number(factors.size(), 0);
  while (true) {
    std::vector<Diagram> parts;
    for (size_t c = 0; c < factors.size(); ++c)
      parts.push_back(factors[c][number[c]]);
    if (!visit(joinParts(parts, rows.l, rows.k, rows.axes)))
      return;
    size_t c = factors.size();
    while (c > 0 && ++number[c - 1] == factors[c - 1].size())
      number[--c] = 0;
    if (c == 0)
      return;
  }
}

std::vector<Diagram> eqc::enumerateDiagrams(Group group, long long n, int l,
                                            int k) {
  std::vector<Diagram> result;
  forEachDiagram(group, n, l, k, [&](const Diagram &diagram) {
    result.push_back(diagram);
    return true;
  });
  return result;
}
