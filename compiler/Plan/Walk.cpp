//===- Walk.cpp - How a row pattern visits a tensor -----------------------===//

#include "compiler/Plan/Walk.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/GraphMatrix.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

using namespace eqc;

Poly eqc::lengthOf(Group group, int axis) {
  if (!group.isProduct())
    return Poly::power(1);
  if (const SpaceSum *sum = sumOf(group, axis)) {
    Poly length;
    for (int space : sum->summands)
      length += lengthOf(group, space);
    return length;
  }
  const int64_t size = sizeOf(group, -1, axis);
  if (size >= 0)
    return Poly(size);
  const std::vector<int> given = spacesWithSizes(group);
  return Poly::size(static_cast<int>(
      std::find(given.begin(), given.end(), axis) - given.begin()));
}

Poly eqc::offsetOf(Group group, int part) {
  Poly offset;
  if (part < 0)
    return offset;
  const SummandPlace place = placeOfPart(group, part);
  const SpaceSum &sum = *sumOf(group, place.axis);
  for (int i = 0; i < place.position; ++i)
    offset += lengthOf(group, sum.summands[i]);
  return offset;
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

namespace {

/// Calls visit(values) for all tuples of distinct values that are not taken, in
/// lexicographic order, until the tuple is `size` long.
template <typename Visit>
void forDistinct(std::vector<int> &values, std::vector<bool> &taken,
                 size_t size, const Visit &visit) {
  if (values.size() == size)
    return visit();
  for (size_t value = 0; value < taken.size(); ++value) {
    if (taken[value])
      continue;
    taken[value] = true;
    values.push_back(static_cast<int>(value));
    forDistinct(values, taken, size, visit);
    values.pop_back();
    taken[value] = false;
  }
}

} // namespace

/// Multiplies the terms of `walk` by those of the legs of `pattern`: a group
/// for each tuple of values of those that run through and each set of values of
/// those that the inputs have alone.
static void addLegs(Walk &walk, const RowPattern &pattern, int64_t n,
                    const std::vector<Poly> &strides) {
  const std::vector<int> own = pattern.ownLegs();
  const bool isTop = pattern.otherLegs >= 0;
  const size_t alone = isTop ? pattern.otherLegs : own.size();
  std::vector<int> legs = pattern.through; // of this row, ascending
  legs.insert(legs.end(), own.begin(), own.end());
  std::sort(legs.begin(), legs.end());

  const std::vector<WalkTerm> pairs = std::move(walk.terms);
  walk.terms.clear();
  walk.termsPerGroup *= static_cast<int>(pattern.termsPerEntry(n));
  std::vector<int> valueOf(strides.size());
  int64_t entry = 0;
  auto addTerms = [&](int sign) {
    Poly offset;
    for (int leg : legs)
      offset += strides[leg] * Poly(valueOf[leg]);
    for (const WalkTerm &pair : pairs)
      walk.terms.push_back(
          {offset + pair.rowOffset, Poly(entry), sign * pair.sign});
  };
  std::vector<int> joined, set, values;
  std::vector<bool> taken(static_cast<size_t>(n), false);
  auto addEntry = [&] {
    for (size_t i = 0; i < joined.size(); ++i)
      valueOf[pattern.through[i]] = joined[i];
    auto addOrder = [&] {
      for (size_t i = 0; i < own.size(); ++i)
        valueOf[own[i]] = values[i];
      if (!isTop)
        return addTerms(permutationSign(values));
      std::vector<int> all;
      for (int leg : legs)
        all.push_back(valueOf[leg]);
      all.insert(all.end(), set.begin(), set.end());
      for (int value = 0; value < n; ++value) // the one that is missing
        if (std::find(all.begin(), all.end(), value) == all.end())
          all.push_back(value);
      addTerms(permutationSign(all));
    };
    if (isTop) {
      forDistinct(values, taken, own.size(), addOrder);
    } else {
      values = set;
      do
        addOrder();
      while (std::next_permutation(values.begin(), values.end()));
      values.clear();
    }
    ++entry;
  };
  forDistinct(joined, taken, pattern.through.size(), [&] {
    std::vector<int> others;
    for (int value = 0; value < n; ++value)
      if (!taken[value])
        others.push_back(value);
    for (const std::vector<int> &chosen : subsetsOf(
             static_cast<int64_t>(others.size()), static_cast<int>(alone))) {
      set.clear();
      for (int position : chosen)
        set.push_back(others[position]);
      for (int value : set)
        taken[value] = true;
      addEntry();
      for (int value : set)
        taken[value] = false;
    }
  });
}

/// Multiplies the terms of `walk` by those of a row of an orbit: a group for
/// each entry, ascending. `strides` are those of the vertices with values.
static void addOrbit(Walk &walk, const RowOrbit &orbit, const Action &action,
                     const std::vector<Poly> &strides) {
  std::vector<int> tuple = orbit.others;
  tuple.insert(tuple.end(), orbit.values.begin(), orbit.values.end());
  const auto order = static_cast<int>(tuple.size());
  const TupleOrbits &all = action.orbits(order);
  const int32_t number = all.orbitOf[action.numberOf(tuple)];
  const std::vector<WalkTerm> pairs = std::move(walk.terms);
  walk.terms.clear();
  walk.termsPerGroup *= static_cast<int>(orbit.terms);
  // There are many tuples, and seldom sizes that are given at run time.
  std::vector<int64_t> steps;
  for (const Poly &stride : strides)
    if (stride.variableTerms().empty())
      steps.push_back(stride.constantTerm());
  const bool isFixed = steps.size() == strides.size();
  for (int32_t at = all.start[number]; at < all.start[number + 1]; ++at) {
    const std::vector<int> values = action.tupleOf(all.tuples[at], order);
    const int *own = values.data() + orbit.others.size();
    Poly offset;
    for (size_t v = 0; !isFixed && v < strides.size(); ++v)
      offset += strides[v] * Poly(own[v]);
    if (isFixed)
      offset =
          Poly(std::inner_product(steps.begin(), steps.end(), own, int64_t(0)));
    const int64_t entry = (at - all.start[number]) / orbit.terms;
    for (const WalkTerm &pair : pairs)
      walk.terms.push_back({offset + pair.rowOffset, Poly(entry), pair.sign});
  }
}

/// A step of a graph map: letters without an edge in it run along, the others
/// are what terms have values of.
static Walk walkOfStep(const RowPattern &pattern, const Action &graph,
                       const std::vector<Poly> &strides) {
  const StepMatrix &matrix = stepMatrix(pattern, graph);
  const int64_t n = graph.n();
  Walk walk;
  walk.isUneven = true;
  const std::vector<int> kept = pattern.keptBlocks();
  const std::vector<Poly> inner =
      rowMajorStrides(static_cast<int>(kept.size()));
  // Per letter of the step what a value moves in either tensor.
  std::vector<int64_t> rowSteps, innerSteps;
  for (int letter : matrix.letters) {
    const auto at = std::find(kept.begin(), kept.end(), letter);
    rowSteps.push_back(letter < pattern.size() ? strides[letter].at(n) : 0);
    innerSteps.push_back(at == kept.end() ? 0 : inner[at - kept.begin()].at(n));
  }
  for (size_t a = 0; a < kept.size(); ++a) {
    const bool isOfStep = std::binary_search(matrix.letters.begin(),
                                             matrix.letters.end(), kept[a]);
    const Letter letter{Poly(n), isOfStep ? Poly() : strides[kept[a]], inner[a],
                        Poly(n)};
    (isOfStep ? walk.grouped : walk.kept).push_back(letter);
  }
  const size_t width = matrix.letters.size();
  for (size_t e = 0; e < matrix.factors.size(); ++e) {
    int64_t row = 0, at = 0;
    for (size_t i = 0; i < width; ++i) {
      const int value = matrix.values[e * width + i];
      row += rowSteps[i] * value;
      at += innerSteps[i] * value;
    }
    walk.terms.push_back(
        {Poly(row), Poly(at), static_cast<int>(matrix.factors[e])});
  }
  return walk;
}

Walk eqc::makeWalk(const RowPattern &pattern, Group group, int64_t n,
                   const std::vector<Poly> &strides) {
  if (!pattern.steps.empty())
    return walkOfStep(pattern, *group.action(), strides);
  const std::vector<std::vector<int>> blocks = pattern.blocks();
  const int numFree = pattern.numFree();
  const int64_t values =
      pattern.hasSymbol() ? sizeOf(group, n, pattern.spaceOfSymbol()) : 0;
  const int64_t subsets = pattern.numEntries(values);
  Walk walk;
  WalkTerm begin;
  for (int vertex = 0; vertex < pattern.size(); ++vertex)
    begin.rowOffset +=
        strides[vertex] * offsetOf(group, pattern.partOfVertex(vertex));
  walk.terms.push_back(begin);

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

  if (pattern.orbit.exists()) {
    const Action &action = *group.of(pattern.head).action();
    std::vector<Poly> ofLegs;
    for (int vertex = 0; vertex < pattern.size(); ++vertex)
      if (pattern.isLeg(pattern.block[vertex]))
        ofLegs.push_back(group.isProduct()
                             ? strides[vertex]
                             : Poly(strides[vertex].at(action.n())));
    addOrbit(walk, pattern.orbit, action, ofLegs);
  } else if (pattern.head >= 0) {
    std::vector<Poly> ofBlocks;
    for (const std::vector<int> &block : blocks)
      ofBlocks.push_back(sumOfStrides(block));
    addLegs(walk, pattern, values, ofBlocks);
  }
  if (numFree > 0) {
    const std::vector<int> &vertices = blocks[pattern.free];
    const std::vector<WalkTerm> pairs = std::move(walk.terms);
    walk.terms.clear();
    const auto size = static_cast<size_t>(walk.termsPerGroup);
    for (int i = 2; i <= numFree; ++i)
      walk.termsPerGroup *= i;
    const std::vector<std::vector<int>> all = subsetsOf(values, numFree);
    const auto sets = static_cast<int64_t>(all.size());
    // The sets of values of each entry of an orbit, or of the only one.
    for (size_t begin = 0; begin < pairs.size(); begin += size)
      for (int64_t s = 0; s < sets; ++s) {
        std::vector<int> values = all[s];
        do {
          Poly offset;
          for (int i = 0; i < numFree; ++i)
            offset += strides[vertices[i]] * Poly(values[i]);
          for (size_t at = begin; at < begin + size; ++at)
            walk.terms.push_back({offset + pairs[at].rowOffset,
                                  pairs[at].innerOffset * Poly(sets) + Poly(s),
                                  permutationSign(values) * pairs[at].sign});
        } while (std::next_permutation(values.begin(), values.end()));
      }
  }
  return walk;
}

std::vector<Walk> eqc::reachingRowsOnce(const Walk &walk) {
  std::vector<Walk> parts;
  std::map<std::vector<int64_t>, size_t> seen;
  for (const WalkTerm &term : walk.terms) {
    std::vector<int64_t> row{term.rowOffset.constantTerm()};
    for (const Poly::Term &part : term.rowOffset.variableTerms()) {
      row.insert(row.end(), part.monomial.degrees.begin(),
                 part.monomial.degrees.end());
      row.insert(row.end(), {part.monomial.half, part.coefficient});
    }
    const size_t number = seen[row]++;
    if (number == parts.size()) {
      parts.push_back(walk);
      parts.back().terms.clear();
    }
    parts[number].terms.push_back(term);
  }
  return parts;
}

RowPattern eqc::relativePattern(const RowPattern &parent,
                                const RowPattern &child) {
  if (!child.steps.empty())
    return lastStepOf(child);
  const std::vector<std::vector<int>> parentBlocks = parent.blocks();
  RowPattern relative;
  relative.head = child.head;
  relative.otherLegs = child.otherLegs;
  relative.orbit = child.orbit;
  std::vector<int> renumbered(child.numBlocks(), -1);
  for (int b : parent.keptBlocks()) {
    const int vertex = parentBlocks[b].front();
    if (!child.space.empty())
      relative.space.push_back(child.space[vertex]);
    if (!child.part.empty()) {
      const int part = child.part[vertex];
      relative.part.push_back(part == parent.partOfVertex(vertex) ? -1 : part);
    }
    const int childBlock = child.block[vertex];
    if (renumbered[childBlock] < 0) {
      renumbered[childBlock] = static_cast<int>(relative.kept.size());
      if (childBlock == child.free)
        relative.free = renumbered[childBlock];
      relative.kept.push_back(child.kept[childBlock]);
    }
    relative.block.push_back(renumbered[childBlock]);
  }
  for (int leg : child.through)
    relative.through.push_back(renumbered[leg]);
  relative.part = somePart(std::move(relative.part));
  return relative;
}
