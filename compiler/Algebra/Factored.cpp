//===- Factored.cpp - The published single-diagram algorithm ----*- C++ -*-===//
//
// Factoring a diagram into permutations and a planar diagram, and its cost.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Factored.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Factor
//===----------------------------------------------------------------------===//

FactoredDiagram eqc::factorDiagram(const Diagram &diagram) {
  struct Block {
    std::vector<int> top, bottom;
    bool free = false;
    /// Where the block stands in the planar diagram, left to right.
    int place() const {
      return free ? 1 : bottom.empty() ? 0 : !top.empty() ? 2 : 3;
    }
  };
  std::vector<Block> blocks(diagram.numBlocks());
  for (size_t v = 0; v < diagram.block.size(); ++v) {
    Block &block = blocks[diagram.block[v]];
    int vertex = static_cast<int>(v);
    if (vertex < diagram.l)
      block.top.push_back(vertex);
    else
      block.bottom.push_back(vertex - diagram.l);
    block.free = diagram.block[v] == diagram.free;
  }
  // Blocks stand by smallest vertex otherwise, and the vertices of a block keep
  // their order, hence no symplectic sign.
  std::vector<int> order(blocks.size());
  std::iota(order.begin(), order.end(), 0);
  auto key = [&](int b) {
    const Block &block = blocks[b];
    size_t size = block.place() == 3 ? block.bottom.size() : 0;
    return std::make_tuple(block.place(), size, b);
  };
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return key(a) < key(b); });

  auto spaceOf = [&](int b) {
    for (size_t v = 0; v < diagram.space.size(); ++v)
      if (diagram.block[v] == b)
        return diagram.space[v];
    return 0;
  };
  FactoredDiagram result;
  result.l = diagram.l;
  result.k = diagram.k;
  for (int b : order) {
    const Block &block = blocks[b];
    result.out.insert(result.out.end(), block.top.begin(), block.top.end());
    result.in.insert(result.in.end(), block.bottom.begin(), block.bottom.end());
    result.factors.push_back({static_cast<int>(block.top.size()),
                              static_cast<int>(block.bottom.size()), block.free,
                              spaceOf(b)});
  }
  result.typed = !diagram.space.empty();
  for (int f = static_cast<int>(blocks.size()); f-- > 0;)
    if (blocks[order[f]].place() == 3)
      result.contractionOrder.push_back(f);
  return result;
}

Diagram eqc::unfactor(const FactoredDiagram &factored) {
  std::vector<int> labels(static_cast<size_t>(factored.l) + factored.k, -1);
  std::vector<int> space(factored.typed ? labels.size() : 0);
  auto place = [&](int vertex, size_t f) {
    labels[vertex] = static_cast<int>(f);
    if (factored.typed)
      space[vertex] = factored.factors[f].space;
  };
  int freeLabel = -1;
  size_t nextOut = 0, nextIn = 0;
  for (size_t f = 0; f < factored.factors.size(); ++f) {
    const KroneckerFactor &factor = factored.factors[f];
    for (int i = 0; i < factor.top; ++i)
      place(factored.out[nextOut++], f);
    for (int i = 0; i < factor.bottom; ++i)
      place(factored.l + factored.in[nextIn++], f);
    if (factor.free)
      freeLabel = static_cast<int>(f);
  }
  return makeDiagram(factored.l, factored.k, labels, freeLabel,
                     std::move(space));
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

static constexpr long long kMost = std::numeric_limits<long long>::max();

static long long saturatingAdd(long long a, long long b) {
  long long sum;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}

static long long saturatingMultiply(long long a, long long b) {
  long long product;
  return __builtin_mul_overflow(a, b, &product) ? kMost : product;
}

static long long saturatingPower(long long n, long long exponent) {
  if (n <= 1)
    return 1;
  long long result = 1;
  for (; exponent > 0 && result < kMost; --exponent)
    result = saturatingMultiply(result, n);
  return result;
}

namespace {

/// The axes of a tensor that is contracted, by the lengths that they have.
class AxesLeft {
public:
  AxesLeft(Group group, long long n) : group(group), n(n) {}

  void add(int space, long long axes) { count[space] += axes; }
  void remove(int space, long long axes) { count[space] -= axes; }

  /// The additions that sum over axes of a space, which are not left.
  long long contractionCost(int space) const {
    return saturatingMultiply(lengthOf(space) - 1, entries());
  }
  /// The additions of a Levi-Civita factor of `free` vertices: every entry of
  /// what is kept meets all of its free! non-zero entries.
  long long leviCivitaCost(long long free) const {
    long long cost = entries();
    for (long long i = 2; i <= free && cost < kMost; ++i)
      cost = saturatingMultiply(cost, i);
    return cost;
  }

private:
  long long lengthOf(int space) const { return sizeAt(group, n, space); }
  long long entries() const {
    long long product = 1;
    for (const auto &[space, axes] : count)
      product =
          saturatingMultiply(product, saturatingPower(lengthOf(space), axes));
    return product;
  }

  const Group group;
  const long long n;
  std::map<int, long long> count; ///< by space
};

} // namespace

long long eqc::exactAdditions(const FactoredDiagram &factored, Group group,
                              long long n) {
  AxesLeft left(group, n);
  for (const KroneckerFactor &factor : factored.factors)
    left.add(factor.space, factor.bottom);
  long long total = 0;
  for (int f : factored.contractionOrder) {
    const KroneckerFactor &factor = factored.factors[f];
    left.remove(factor.space, factor.bottom);
    total = saturatingAdd(total, left.contractionCost(factor.space));
  }
  for (const KroneckerFactor &factor : factored.factors)
    if (factor.free) {
      left.remove(factor.space, factor.bottom);
      total =
          saturatingAdd(total, left.leviCivitaCost(factor.top + factor.bottom));
    }
  return total;
}

long long eqc::leastAdditions(const Diagram &diagram, Group group,
                              long long n) {
  // Blocks numbered past those of the outputs hold inputs only.
  int outputBlocks = 0;
  for (int v = 0; v < diagram.l; ++v)
    outputBlocks = std::max(outputBlocks, diagram.block[v] + 1);
  struct Bottom {
    int size = 0, space = 0, block = 0;
  };
  std::vector<Bottom> bottoms(diagram.numBlocks());
  AxesLeft left(group, n);
  long long free = 0;
  for (int v = 0; v < diagram.l + diagram.k; ++v) {
    const int b = diagram.block[v];
    if (v >= diagram.l && b != diagram.free)
      left.add(diagram.spaceOf(v), 1);
    if (b == diagram.free)
      ++free;
    else if (b >= outputBlocks)
      bottoms[b] = {bottoms[b].size + 1, diagram.spaceOf(v), b};
  }
  std::sort(bottoms.begin(), bottoms.end(),
            [](const Bottom &a, const Bottom &b) {
              return std::make_pair(-a.size, a.block) <
                     std::make_pair(-b.size, b.block);
            });
  // Free inputs stay until all of these are summed.
  for (int v : diagram.freeVertices())
    left.add(diagram.spaceOf(v), v >= diagram.l ? 1 : 0);
  long long total = 0;
  for (const Bottom &bottom : bottoms) {
    if (bottom.size == 0)
      break;
    left.remove(bottom.space, bottom.size);
    total = saturatingAdd(total, left.contractionCost(bottom.space));
  }
  for (int v : diagram.freeVertices())
    left.remove(diagram.spaceOf(v), v >= diagram.l ? 1 : 0);
  if (free > 0)
    total = saturatingAdd(total, left.leviCivitaCost(free));
  return total;
}

std::vector<int> eqc::cheapestContractionOrder(const FactoredDiagram &factored,
                                               Group group, long long n) {
  const std::vector<int> &published = factored.contractionOrder;
  size_t count = published.size();
  auto sizeOf = [&](int f) { return factored.factors[f].bottom; };
  if (count > 8) {
    // Those that leave the least first; among equals the published order.
    std::vector<std::pair<long long, size_t>> keys;
    for (size_t i = 0; i < count; ++i)
      keys.push_back(
          {-saturatingPower(
               sizeAt(group, n, factored.factors[published[i]].space),
               sizeOf(published[i])),
           i});
    std::sort(keys.begin(), keys.end());
    std::vector<int> order;
    for (const auto &key : keys)
      order.push_back(published[key.second]);
    return order;
  }

  // A contraction costs by what is left after it, so the best way to finish
  // depends on the set contracted so far alone.
  AxesLeft inputs(group, n);
  for (const KroneckerFactor &factor : factored.factors)
    inputs.add(factor.space, factor.bottom);
  size_t all = (size_t(1) << count) - 1;
  std::vector<long long> finish(all + 1, 0);
  auto costOf = [&](size_t done, size_t i) {
    size_t after = done | size_t(1) << i;
    AxesLeft left = inputs;
    for (size_t j = 0; j < count; ++j)
      if (after >> j & 1)
        left.remove(factored.factors[published[j]].space, sizeOf(published[j]));
    return saturatingAdd(
        left.contractionCost(factored.factors[published[i]].space),
        finish[after]);
  };
  std::vector<int> first(all + 1, -1);
  for (size_t done = all; done-- > 0;)
    for (size_t i = 0; i < count; ++i) {
      if (done >> i & 1)
        continue;
      long long cost = costOf(done, i);
      // Strictly less: among equals the published order comes first.
      if (first[done] < 0 || cost < finish[done]) {
        finish[done] = cost;
        first[done] = static_cast<int>(i);
      }
    }
  std::vector<int> order;
  for (size_t done = 0; done != all;) {
    order.push_back(published[first[done]]);
    done |= size_t(1) << first[done];
  }
  return order;
}
