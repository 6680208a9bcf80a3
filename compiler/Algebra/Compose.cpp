//===- Compose.cpp - Products of diagrams -----------------------*- C++ -*-===//
//
// Transpose, composition (with the symplectic sign) and Kronecker product.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Diagram.h"

#include <cassert>
#include <numeric>

using namespace eqc;

SignedDiagram eqc::transpose(const Diagram &diagram) {
  std::vector<int> labels(diagram.block.begin() + diagram.l,
                          diagram.block.end());
  labels.insert(labels.end(), diagram.block.begin(),
                diagram.block.begin() + diagram.l);
  SignedDiagram result;
  result.diagram = makeDiagram(diagram.k, diagram.l, labels, diagram.free);
  // Moving the free inputs before the free outputs costs one transposition for
  // each of their pairs.
  size_t freeTop = 0, freeAll = 0;
  for (int v : diagram.freeVertices()) {
    ++freeAll;
    freeTop += v < diagram.l;
  }
  if (freeTop * (freeAll - freeTop) % 2 == 1)
    result.sign = -1;
  return result;
}

Diagram eqc::kronecker(const Diagram &a, const Diagram &b) {
  assert(a.free < 0 && b.free < 0 && "a product has no single free block");
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

/// The other vertex of the pair of each vertex of a matching.
static std::vector<int> partners(const Diagram &d) {
  std::vector<int> result(d.block.size());
  for (const std::vector<int> &pair : d.blocks()) {
    assert(pair.size() == 2 && "not a matching");
    result[pair[0]] = pair[1];
    result[pair[1]] = pair[0];
  }
  return result;
}

namespace {

/// The sign of a product of two matchings with symplectic entries: walks every
/// path and loop of the glued diagram and counts the same-row pairs and how
/// many of them are met against their order.
class SymplecticSign {
public:
  SymplecticSign(const Diagram &d1, const Diagram &d2)
      : l(d1.l), m(d1.k), k(d2.k), upper(partners(d1)), lower(partners(d2)),
        seen(static_cast<size_t>(l) + m + k, false) {}

  int compute() {
    // Ends of paths in the order of the product's vertices, so that a path is
    // entered at its left or top end.
    for (int v = 0; v < l; ++v)
      walk(v, /*inUpper=*/true);
    for (int v = l + m; v < l + m + k; ++v)
      walk(v, /*inUpper=*/false);
    // What is left in the middle row are loops; any start will do.
    for (int v = l; v < l + m; ++v)
      walk(v, /*inUpper=*/true);
    return sign;
  }

private:
  // Glued vertices: top row 0..l-1, middle l..l+m-1, bottom l+m..l+m+k-1.
  int rowOf(int v) const { return v < l ? 0 : v < l + m ? 1 : 2; }

  void walk(int start, bool inUpper) {
    if (seen[start])
      return;
    long long sameRow = 0, backwards = 0;
    int v = start;
    do {
      seen[v] = true;
      int next = inUpper ? upper[v] : lower[v - l] + l;
      if (rowOf(v) == rowOf(next)) {
        ++sameRow;
        backwards += next < v;
      }
      seen[next] = true;
      v = next;
      inUpper = !inUpper;
    } while (rowOf(v) == 1 && v != start);
    if ((sameRow / 2 + backwards) % 2 != 0)
      sign = -sign;
  }

  int l, m, k;
  std::vector<int> upper, lower;
  std::vector<bool> seen;
  int sign = 1;
};

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
  assert(d1.free < 0 && d2.free < 0 &&
         "a product of Levi-Civita symbols is "
         "not one diagram");
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

  Composition result;
  result.diagram = makeDiagram(d1.l, d2.k, labels);
  for (int b = 0; b < blocks1 + blocks2; ++b)
    if (sets.find(b) == b && !reachesOutside[b])
      ++result.loops;
  if (group == Group::Sp)
    result.sign = SymplecticSign(d1, d2).compute();
  return result;
}
