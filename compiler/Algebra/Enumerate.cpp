//===- Enumerate.cpp - Counting and listing diagrams ----------------------===//

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// Two values of at most 2^63 - 1 each.
static Vertices rows(long long l, long long k) {
  assert(l >= 0 && k >= 0 && "rows have sizes");
  return {static_cast<uint64_t>(l), static_cast<uint64_t>(k), {}};
}

Count eqc::countDiagrams(Group group, long long n, long long l, long long k) {
  return rulesOf(group).count(n, rows(l, k));
}

std::string eqc::whyNoDiagrams(Group group, long long n, long long l,
                               long long k) {
  return rulesOf(group).whyNone(n, rows(l, k));
}

Count eqc::countBasis(Group group, long long n, int l, int k) {
  assert(n > 0 && "a basis needs a fixed n");
  return rulesOf(group).countBasis(n, rows(l, k));
}

bool eqc::inBasis(const Diagram &diagram, Group group, long long n) {
  assert((n > 0 || group.isProduct()) && "a basis needs a fixed n");
  return rulesOf(group).inBasis(diagram, n);
}

void eqc::forEachDiagram(Group group, long long n, int l, int k,
                         const std::function<bool(const Diagram &)> &visit) {
  rulesOf(group).enumerate(n, rows(l, k), visit);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Vertices LayerRows::verticesOf(int space) const {
  Vertices vertices;
  for (int v = 0; v < l + k; ++v)
    if (!isProduct() || axes[v] == space) {
      ++(v < l ? vertices.l : vertices.k);
      vertices.dual.push_back(!dual.empty() && dual[v]);
    }
  vertices.dual = someDual(std::move(vertices.dual));
  return vertices;
}

/// What is counted for each factor of a product, multiplied.
static Count productOf(const LayerRows &rows,
                       Count (GroupRules::*countOf)(int64_t, const Vertices &)
                           const) {
  Count total{1, false};
  for (size_t c = 0; c < rows.group.spaces().size(); ++c) {
    const Space &space = rows.group.spaces()[c];
    const Count count = (rulesOf(space.group).*countOf)(
        space.n, rows.verticesOf(static_cast<int>(c)));
    if (!count.saturated && count.value == 0)
      return count;
    total = multiply(total, count);
  }
  return total;
}

Count eqc::countDiagrams(const LayerRows &rows) {
  if (!rows.isProduct())
    return rulesOf(rows.group).count(rows.n, rows.verticesOf(0));
  return productOf(rows, &GroupRules::count);
}

Count eqc::countBasis(const LayerRows &rows) {
  if (!rows.isProduct())
    return rulesOf(rows.group).countBasis(rows.n, rows.verticesOf(0));
  return productOf(rows, &GroupRules::countBasis);
}

std::string eqc::whyNoDiagrams(const LayerRows &rows) {
  if (!rows.isProduct())
    return rulesOf(rows.group).whyNone(rows.n, rows.verticesOf(0));
  for (size_t c = 0; c < rows.group.spaces().size(); ++c) {
    const Space &space = rows.group.spaces()[c];
    const Vertices vertices = rows.verticesOf(static_cast<int>(c));
    const std::string why = rulesOf(space.group).whyNone(space.n, vertices);
    if (!why.empty())
      return why + " on the " + std::to_string(vertices.number()) +
             (vertices.number() == 1 ? " axis of '" : " axes of '") +
             space.name + "'";
  }
  return "";
}

void eqc::forEachDiagram(const LayerRows &rows,
                         const std::function<bool(const Diagram &)> &visit) {
  if (!rows.isProduct())
    return rulesOf(rows.group).enumerate(rows.n, rows.verticesOf(0), visit);
  // The diagrams of each factor; there are fewer than of the product.
  std::vector<std::vector<Diagram>> factors;
  for (size_t c = 0; c < rows.group.spaces().size(); ++c) {
    const Space &space = rows.group.spaces()[c];
    rulesOf(space.group)
        .enumerate(space.n, rows.verticesOf(static_cast<int>(c)),
                   [&, &factor = factors.emplace_back()](const Diagram &part) {
                     factor.push_back(part);
                     return true;
                   });
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
