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
  if (rows.hasSums())
    return countOnSums(rows, /*ofBasis=*/false);
  return productOf(rows, &GroupRules::count);
}

Count eqc::countBasis(const LayerRows &rows) {
  if (!rows.isProduct())
    return rulesOf(rows.group).countBasis(rows.n, rows.verticesOf(0));
  if (rows.hasSums())
    return countOnSums(rows, /*ofBasis=*/true);
  return productOf(rows, &GroupRules::countBasis);
}

std::string eqc::whyNoDiagrams(const LayerRows &rows) {
  if (!rows.isProduct())
    return rulesOf(rows.group).whyNone(rows.n, rows.verticesOf(0));
  if (rows.hasSums())
    return whyNoneOnSums(rows);
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

/// The spaces in the order of their first axes, then those without any.
static std::vector<size_t> spacesInOrder(const LayerRows &rows) {
  std::vector<size_t> spaces;
  auto add = [&](size_t space) {
    if (std::find(spaces.begin(), spaces.end(), space) == spaces.end())
      spaces.push_back(space);
  };
  for (int space : rows.axes)
    add(static_cast<size_t>(space));
  for (size_t space = 0; space < rows.group.numSpaces(); ++space)
    add(space);
  return spaces;
}

/// Of a product whose axes are of spaces; whether all were visited.
static bool
forEachOfProduct(const LayerRows &rows,
                 const std::function<bool(const Diagram &)> &visit) {
  // The diagrams of each factor; there are fewer than of the product.
  const std::vector<size_t> order = spacesInOrder(rows);
  std::vector<std::vector<Diagram>> factors(order.size());
  for (size_t c : order) {
    const Space &space = rows.group.spaces()[c];
    rulesOf(space.group)
        .enumerate(space.n, rows.verticesOf(static_cast<int>(c)),
                   [&factor = factors[c]](const Diagram &part) {
                     factor.push_back(part);
                     return true;
                   });
    if (factors[c].empty())
      return true;
  }
  std::vector<size_t> number(factors.size(), 0);
  while (true) {
    std::vector<Diagram> parts;
    for (size_t c = 0; c < factors.size(); ++c)
      parts.push_back(factors[c][number[c]]);
    Diagram diagram = joinParts(parts, rows.l, rows.k, rows.axes);
    diagram.part = somePart(rows.part);
    if (!visit(diagram))
      return false;
    size_t place = order.size();
    while (place > 0 &&
           ++number[order[place - 1]] == factors[order[place - 1]].size())
      number[order[--place]] = 0;
    if (place == 0)
      return true;
  }
}

void eqc::forEachDiagram(const LayerRows &rows,
                         const std::function<bool(const Diagram &)> &visit) {
  if (!rows.isProduct())
    return rulesOf(rows.group).enumerate(rows.n, rows.verticesOf(0), visit);
  if (!rows.hasSums()) {
    forEachOfProduct(rows, visit);
    return;
  }
  forEachAssignment(rows, [&](const LayerRows &assigned) {
    return forEachOfProduct(assigned, visit);
  });
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
