//===- Compose.cpp - Products of diagrams -----------------------*- C++ -*-===//
//
// Transpose, composition and Kronecker product.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <cassert>
#include <climits>
#include <numeric>

using namespace eqc;

int eqc::signOfLegs(const Diagram &diagram,
                    const std::function<int(int vertex)> &image) {
  if (diagram.orbit.exists())
    return 1; // entries are those of a set of tuples, whatever their order
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  std::vector<int> first; // vertices of the legs, where they go to
  for (int leg : diagram.legs()) {
    int least = INT_MAX;
    for (int vertex : blocks[leg])
      least = std::min(least, image(vertex));
    first.push_back(least);
  }
  int sign = 1;
  for (size_t i = 0; i < first.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (first[j] > first[i])
        sign = -sign;
  return sign;
}

SignedDiagram eqc::transpose(Group group, const Diagram &diagram) {
  if (diagram.map.exists())
    return {transposeGraphMap(diagram), 1};
  std::vector<int> labels(diagram.block.begin() + diagram.l,
                          diagram.block.end());
  labels.insert(labels.end(), diagram.block.begin(),
                diagram.block.begin() + diagram.l);
  std::vector<int> space = diagram.space;
  std::rotate(space.begin(), space.begin() + (space.empty() ? 0 : diagram.l),
              space.end());
  SignedDiagram result;
  result.diagram =
      makeDiagram(diagram.k, diagram.l, labels, diagram.free, std::move(space));
  std::vector<int> &part = result.diagram.part = diagram.part;
  std::rotate(part.begin(), part.begin() + (part.empty() ? 0 : diagram.l),
              part.end());
  result.diagram.dual = diagram.dual;
  std::rotate(result.diagram.dual.begin(),
              result.diagram.dual.begin() +
                  (diagram.dual.empty() ? 0 : diagram.l),
              result.diagram.dual.end());
  // Moving the free inputs before the free outputs costs one transposition for
  // each of their pairs, and lowering the former outputs instead of the former
  // inputs the sign of the whole form.
  size_t freeTop = 0, freeAll = 0;
  for (int v : diagram.freeVertices()) {
    ++freeAll;
    freeTop += v < diagram.l;
  }
  const auto minus = static_cast<size_t>(group.of(diagram.freeSpace()).minus());
  if (freeAll > 0 && (freeTop * (freeAll - freeTop) + minus) % 2 == 1)
    result.sign = -1;
  result.diagram.head = diagram.head;
  if (diagram.orbit.exists()) {
    int outputs = 0;
    for (int v = 0; v < diagram.l; ++v)
      outputs += diagram.isLegOf(v);
    std::vector<int> values = diagram.orbit.values;
    std::rotate(values.begin(), values.begin() + outputs, values.end());
    result.diagram.orbit.values = std::move(values);
    rulesOf(group).complete(result.diagram);
    result.diagram.orbit.divisor = diagram.orbit.divisor;
  }
  result.sign *= signOfLegs(diagram, [&](int vertex) {
    return vertex < diagram.l ? vertex + diagram.k : vertex - diagram.l;
  });
  return result;
}

Diagram eqc::kronecker(const Diagram &a, const Diagram &b) {
  assert(!a.hasSymbol() && !b.hasSymbol() && "a product has no single symbol");
  assert(a.dual.empty() && b.dual.empty() && "axes of no dual");
  std::vector<int> labels;
  labels.reserve(a.block.size() + b.block.size());
  int offset = a.numBlocks();
  auto append = [&](const Diagram &d, int begin, int end, int shift) {
    for (int v = begin; v < end; ++v)
      labels.push_back(d.block[v] + shift);
  };
  append(a, 0, a.l, 0);
  append(b, 0, b.l, offset);
  append(a, a.l, a.l + a.k, 0);
  append(b, b.l, b.l + b.k, offset);
  return makeDiagram(a.l + b.l, a.k + b.k, labels);
}

namespace {

/// Disjoint sets of small integers.
class UnionFind {
public:
  explicit UnionFind(int size) : parent(size) {
    std::iota(parent.begin(), parent.end(), 0);
  }
  int find(int v) {
    while (parent[v] != v) {
      parent[v] = parent[parent[v]];
      v = parent[v];
    }
    return v;
  }
  void join(int a, int b) { parent[find(a)] = find(b); }

private:
  std::vector<int> parent;
};

} // namespace

Composition eqc::compose(Group group, const Diagram &d1, const Diagram &d2) {
  assert(d1.k == d2.l && "rows do not fit");
  assert(!d1.hasSymbol() && !d2.hasSymbol() &&
         "a product of symbols is not one diagram");
  int blocks1 = d1.numBlocks(), blocks2 = d2.numBlocks();
  UnionFind sets(blocks1 + blocks2);
  for (int v = 0; v < d1.k; ++v)
    sets.join(d1.block[d1.l + v], blocks1 + d2.block[v]);

  std::vector<int> labels;
  std::vector<bool> reachesOutside(blocks1 + blocks2, false);
  auto append = [&](int block) {
    int root = sets.find(block);
    labels.push_back(root);
    reachesOutside[root] = true;
  };
  for (int v = 0; v < d1.l; ++v)
    append(d1.block[v]);
  for (int v = 0; v < d2.k; ++v)
    append(blocks1 + d2.block[d2.l + v]);

  std::vector<int> space;
  if (!d1.space.empty() || !d2.space.empty()) {
    space.assign(d1.space.begin(), d1.space.begin() + d1.l);
    space.insert(space.end(), d2.space.begin() + d2.l, d2.space.end());
  }
  Composition result;
  result.diagram = makeDiagram(d1.l, d2.k, labels, -1, std::move(space));
  // What is said of the outputs of the one and the inputs of the other.
  auto outer = [&](auto of) {
    std::vector<decltype(of(d1, 0))> values;
    for (int v = 0; v < d1.l; ++v)
      values.push_back(of(d1, v));
    for (int v = 0; v < d2.k; ++v)
      values.push_back(of(d2, d2.l + v));
    return values;
  };
  result.diagram.dual =
      someDual(outer([](const Diagram &d, int v) { return d.isDual(v); }));
  result.diagram.part =
      somePart(outer([](const Diagram &d, int v) { return d.partOf(v); }));
  // A loop is as long as what it runs through: any vertex of the middle row
  // tells in which space.
  std::vector<int> spaceOfSet(blocks1 + blocks2, 0);
  for (int v = 0; v < d1.k; ++v)
    spaceOfSet[sets.find(d1.block[d1.l + v])] = d1.spaceOf(d1.l + v);
  for (int b = 0; b < blocks1 + blocks2; ++b)
    if (sets.find(b) == b && !reachesOutside[b]) {
      ++result.loops;
      result.spacesOfLoops.push_back(spaceOfSet[b]);
    }
  result.sign = rulesOf(group).compositionSign(d1, d2);
  return result;
}
