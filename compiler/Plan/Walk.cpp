//===- Walk.cpp - How a row pattern visits a tensor -----------------------===//

#include "compiler/Plan/Walk.h"

#include <algorithm>
#include <cassert>
#include <numeric>

using namespace eqc;

Poly eqc::lengthOf(Group group, int space) {
  if (!group.isProduct())
    return Poly::power(1);
  const int64_t size = sizeOf(group, -1, space);
  return size < 0 ? Poly::size(space) : Poly(size);
}

std::vector<Poly> eqc::lengthsOfAxes(Group group, int order,
                                     const std::vector<int> &axes) {
  std::vector<Poly> lengths;
  for (int axis = 0; axis < order; ++axis)
    lengths.push_back(lengthOf(group, group.isProduct() ? axes[axis] : 0));
  return lengths;
}

std::vector<Poly> eqc::lengthsOfKept(Group group, const RowPattern &pattern) {
  std::vector<Poly> lengths;
  for (int block : pattern.keptBlocks())
    lengths.push_back(lengthOf(group, pattern.spaceOf(block)));
  return lengths;
}

Poly eqc::productOf(const std::vector<Poly> &lengths, int64_t scale) {
  Poly product(scale);
  for (const Poly &length : lengths)
    product = product * length;
  return product;
}

std::vector<Poly> eqc::rowMajorStrides(const std::vector<Poly> &lengths,
                                       int64_t inner) {
  std::vector<Poly> strides(lengths.size());
  Poly behind(inner);
  for (size_t axis = lengths.size(); axis-- > 0;) {
    strides[axis] = behind;
    behind = behind * lengths[axis];
  }
  return strides;
}

std::vector<Poly> eqc::rowMajorStrides(int order, int64_t inner) {
  return rowMajorStrides(std::vector<Poly>(order, Poly::power(1)), inner);
}

int64_t eqc::numSubsets(int64_t n, int free) {
  int64_t count = 1;
  for (int i = 1; i <= free; ++i)
    count = count * (n - free + i) / i;
  return count;
}

std::vector<std::vector<int>> eqc::subsetsOf(int64_t n, int free) {
  std::vector<std::vector<int>> subsets;
  std::vector<int> subset(free);
  std::iota(subset.begin(), subset.end(), 0);
  if (free > n)
    return subsets;
  while (true) {
    subsets.push_back(subset);
    int position = free - 1;
    while (position >= 0 && subset[position] == n - free + position)
      --position;
    if (position < 0)
      return subsets;
    ++subset[position];
    for (int i = position + 1; i < free; ++i)
      subset[i] = subset[i - 1] + 1;
  }
}

int eqc::permutationSign(const std::vector<int> &values) {
  int sign = 1;
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = i + 1; j < values.size(); ++j)
      if (values[i] > values[j])
        sign = -sign;
  return sign;
}

Poly eqc::lettersOfForm(const GroupRules &rules, const Poly &length) {
  const int64_t period = rules.formPeriod();
  return period == rules.sizeUnit() ? length.over(static_cast<int>(period))
                                    : Poly(1);
}

void eqc::addDropped(Walk &walk, Group group, int space,
                     const std::vector<Poly> &strides) {
  const GroupRules &rules = rulesOf(group.of(space));
  const Poly length = lengthOf(group, space);
  const int64_t period = rules.formPeriod();
  Poly stride;
  for (const Poly &vertex : strides)
    stride += vertex;
  walk.dropped.push_back(
      {lettersOfForm(rules, length), stride * Poly(period), Poly(), length});

  std::vector<WalkTerm> result;
  const int size = static_cast<int>(strides.size());
  for (const WalkTerm &term : walk.terms)
    for (const BlockTerm &block : termsOfRowBlock(rules, size)) {
      WalkTerm product = term;
      product.sign *= block.sign;
      for (int v = 0; v < size; ++v)
        product.rowOffset += strides[v] * Poly(block.values[v]);
      result.push_back(std::move(product));
    }
  walk.terms = std::move(result);
}

Walk eqc::makeWalk(const RowPattern &pattern, Group group, int64_t n,
                   const std::vector<Poly> &strides) {
  const std::vector<std::vector<int>> blocks = pattern.blocks();
  const int numFree = pattern.numFree();
  const int64_t values =
      numFree ? sizeOf(group, n, pattern.spaceOf(pattern.free)) : 0;
  const int64_t subsets = numFree ? numSubsets(values, numFree) : 1;
  Walk walk;
  walk.terms.push_back({});

  auto sumOfStrides = [&](const std::vector<int> &vertices) {
    Poly sum;
    for (int vertex : vertices)
      sum += strides[vertex];
    return sum;
  };
  const std::vector<int> kept = pattern.keptBlocks();
  const std::vector<Poly> lengths = lengthsOfKept(group, pattern);
  const std::vector<Poly> inner = rowMajorStrides(lengths, subsets);
  for (size_t a = 0; a < kept.size(); ++a)
    walk.kept.push_back(
        {lengths[a], sumOfStrides(blocks[kept[a]]), inner[a], lengths[a]});

  for (int b : pattern.droppedBlocks()) {
    std::vector<Poly> ofBlock;
    for (int vertex : blocks[b])
      ofBlock.push_back(strides[vertex]);
    addDropped(walk, group, pattern.spaceOf(b), ofBlock);
  }
  walk.termsPerGroup = static_cast<int>(walk.terms.size());

  if (numFree > 0) {
    const std::vector<int> &vertices = blocks[pattern.free];
    const std::vector<WalkTerm> pairs = std::move(walk.terms);
    walk.terms.clear();
    for (int i = 2; i <= numFree; ++i)
      walk.termsPerGroup *= i;
    const std::vector<std::vector<int>> all = subsetsOf(values, numFree);
    for (size_t s = 0; s < all.size(); ++s) {
      std::vector<int> values = all[s];
      do {
        Poly offset;
        for (int i = 0; i < numFree; ++i)
          offset += strides[vertices[i]] * Poly(values[i]);
        for (const WalkTerm &pair : pairs)
          walk.terms.push_back({offset + pair.rowOffset,
                                Poly(static_cast<int64_t>(s)),
                                permutationSign(values) * pair.sign});
      } while (std::next_permutation(values.begin(), values.end()));
    }
  }
  return walk;
}

RowPattern eqc::relativePattern(const RowPattern &parent,
                                const RowPattern &child) {
  const std::vector<std::vector<int>> parentBlocks = parent.blocks();
  RowPattern relative;
  std::vector<int> renumbered(child.numBlocks(), -1);
  for (int b : parent.keptBlocks()) {
    if (!parent.space.empty())
      relative.space.push_back(parent.spaceOf(b));
    const int childBlock = child.block[parentBlocks[b].front()];
    if (renumbered[childBlock] < 0) {
      renumbered[childBlock] = static_cast<int>(relative.kept.size());
      if (childBlock == child.free)
        relative.free = renumbered[childBlock];
      relative.kept.push_back(child.kept[childBlock]);
    }
    relative.block.push_back(renumbered[childBlock]);
  }
  return relative;
}
