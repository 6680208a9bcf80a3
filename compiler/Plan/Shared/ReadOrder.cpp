//===- ReadOrder.cpp - Through which patterns a row is read ---------------===//

#include "compiler/Plan/Shared/ReadOrder.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/Saturating.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

using namespace eqc;

std::vector<RowPattern> eqc::finerPatterns(const RowPattern &pattern,
                                           Group group) {
  if (!pattern.steps.empty())
    return {withoutLastStep(pattern)};
  if (pattern.free >= 0)
    return {splitIntoKept(withoutHead(pattern), pattern.free)};
  if (pattern.head >= 0)
    return {withoutHead(pattern)};
  std::vector<RowPattern> finer;
  for (int b : pattern.droppedBlocks())
    finer.push_back(rulesOf(group).keepDropped(pattern, b));
  return finer;
}

namespace {

/// Stands for `n = ?`: which patterns are cheapest hardly depends on n, since
/// one more kept block outweighs many patterns with fewer.
constexpr int64_t kSomeN = 8;

/// Patterns on the way to what is needed, beyond which, and steps of a search
/// in one part of them, after which the best choice so far is taken.
constexpr size_t kMostPatterns = 20000;
constexpr int kMostSteps = 2000;

/// The additions that sum a pattern from a finer one: n terms for each entry,
/// whatever the finer one. Of a product the fewest of any.
int64_t additionsOf(const RowPattern &pattern, Group group, int64_t n) {
  std::vector<int> summed = pattern.droppedBlocks();
  if (pattern.free >= 0)
    summed = {pattern.free};
  int64_t terms = std::numeric_limits<int64_t>::max();
  for (int block : summed)
    terms = std::min(terms, sizeAt(group, n, pattern.spaceOf(block)));
  int64_t additions = summed.empty() ? n - 1 : terms - 1;
  for (int space : pattern.spacesOfKept())
    additions = saturatingMultiply(additions, sizeAt(group, n, space));
  return additions;
}

/// Finds the cheapest patterns on the way. Patterns that no chain of finer ones
/// joins do not compete, so each connected part is searched for itself.
class CheapestReads {
public:
  CheapestReads(Group group, int64_t n) : group(group), n(n) {}

  /// Improves `first`, one choice of what is read for `needed`.
  std::set<RowPattern> improve(const std::set<RowPattern> &needed,
                               const std::set<RowPattern> &first) {
    for (const RowPattern &pattern : needed)
      number(pattern);
    // Finer patterns get numbers while they are found.
    for (size_t i = 0; i < patterns.size(); ++i) {
      if (patterns.size() > kMostPatterns)
        return first;
      const RowPattern &pattern = *patterns[i];
      std::vector<RowPattern> finer;
      if (!isView(pattern))
        finer = finerPatterns(pattern, group);
      parents.emplace_back();
      served.push_back(isView(pattern) ||
                       std::any_of(finer.begin(), finer.end(), isView));
      if (!served.back())
        for (const RowPattern &parent : finer)
          parents.back().push_back(number(parent));
    }
    chosen.assign(patterns.size(), false);
    for (const RowPattern &pattern : needed)
      chosen[numbers.at(pattern)] = true;
    for (const std::vector<size_t> &part : connectedParts())
      searchPart(part, first);
    std::set<RowPattern> read;
    for (size_t i = 0; i < patterns.size(); ++i)
      if (chosen[i])
        read.insert(*patterns[i]);
    return read;
  }

private:
  size_t number(const RowPattern &pattern) {
    auto [entry, isNew] = numbers.try_emplace(pattern, patterns.size());
    if (isNew)
      patterns.push_back(&entry->first);
    return entry->second;
  }

  std::vector<std::vector<size_t>> connectedParts() const {
    std::vector<size_t> root(patterns.size());
    std::iota(root.begin(), root.end(), 0);
    auto find = [&](size_t i) {
      while (root[i] != i)
        i = root[i] = root[root[i]];
      return i;
    };
    for (size_t i = 0; i < patterns.size(); ++i)
      for (size_t parent : parents[i])
        root[find(i)] = find(parent);
    std::map<size_t, std::vector<size_t>> parts;
    for (size_t i = 0; i < patterns.size(); ++i)
      parts[find(i)].push_back(i);
    std::vector<std::vector<size_t>> result;
    for (auto &part : parts)
      result.push_back(std::move(part.second));
    return result;
  }

  bool lacksParent(size_t pattern) const {
    return chosen[pattern] && !served[pattern] &&
           std::none_of(parents[pattern].begin(), parents[pattern].end(),
                        [&](size_t parent) { return chosen[parent]; });
  }

  /// What a pattern without a finer one costs at least: a chain of new ones, up
  /// to where one that is read already might serve.
  int64_t chainCost(size_t pattern, const std::set<int> &levels) const {
    int64_t cost = 0;
    do {
      pattern = parents[pattern].front();
      cost = saturatingAdd(cost, additionsOf(*patterns[pattern], group, n));
    } while (!served[pattern] &&
             !levels.count(patterns[parents[pattern].front()]->numKept()));
    return cost;
  }

  /// Chooses the patterns of `part` with the fewest additions; of equals those
  /// of `first`.
  void searchPart(const std::vector<size_t> &part,
                  const std::set<RowPattern> &first) {
    best = {};
    steps = 0;
    for (size_t pattern : part)
      if (!chosen[pattern] && first.count(*patterns[pattern])) {
        best.added.push_back(pattern);
        best.cost =
            saturatingAdd(best.cost, additionsOf(*patterns[pattern], group, n));
      }
    search(part, 0);
    for (size_t pattern : best.added)
      chosen[pattern] = true;
  }

  /// Adds finer patterns, the first of each first, while that may beat the best
  /// choice; `cost` is that of those `added` so far.
  void search(const std::vector<size_t> &part, int64_t cost) {
    size_t open = patterns.size();
    int64_t most = 0;
    std::set<int> levels; // by the blocks kept; all finer patterns of one agree
    for (size_t pattern : part)
      if (chosen[pattern])
        levels.insert(patterns[pattern]->numKept());
    for (size_t pattern : part) {
      if (!lacksParent(pattern))
        continue;
      const int64_t chain = chainCost(pattern, levels);
      if (open == patterns.size() || chain > most) {
        open = pattern;
        most = chain;
      }
    }
    if (saturatingAdd(cost, most) >= best.cost || steps > kMostSteps)
      return;
    if (open == patterns.size()) {
      best = {cost, added};
      return;
    }
    ++steps;
    for (size_t parent : parents[open]) {
      chosen[parent] = true;
      added.push_back(parent);
      search(part,
             saturatingAdd(cost, additionsOf(*patterns[parent], group, n)));
      added.pop_back();
      chosen[parent] = false;
    }
  }

  struct Choice {
    int64_t cost = 0;
    std::vector<size_t> added;
  };

  const Group group;
  const int64_t n;
  std::map<RowPattern, size_t> numbers;
  std::vector<const RowPattern *> patterns;
  std::vector<std::vector<size_t>> parents; ///< unless a view serves
  std::vector<bool> served;                 ///< one sum of a view
  std::vector<bool> chosen;
  std::vector<size_t> added;
  Choice best;
  int steps = 0;
};

/// What a plain walk finds: a pattern without a finer one gets its first.
std::set<RowPattern> readFirst(const std::vector<RowPattern> &needed,
                               Group group, bool storeViews) {
  std::set<RowPattern> read;
  std::vector<RowPattern> work = needed;
  while (!work.empty()) {
    const RowPattern pattern = work.back();
    work.pop_back();
    if ((storeViews ? isIdentity(pattern) : isView(pattern)) ||
        !read.insert(pattern).second || isView(pattern))
      continue;
    std::vector<RowPattern> finer = finerPatterns(pattern, group);
    if (std::none_of(finer.begin(), finer.end(), [&](const RowPattern &p) {
          return isView(p) || read.count(p) != 0;
        }))
      work.push_back(std::move(finer.front()));
  }
  return read;
}

} // namespace

std::set<RowPattern> eqc::patternsToRead(const std::vector<RowPattern> &needed,
                                         Group group, int64_t n,
                                         ReadOrder order, bool storeViews) {
  const std::set<RowPattern> first = readFirst(needed, group, storeViews);
  if (order == ReadOrder::First)
    return first;
  std::set<RowPattern> stored;
  for (const RowPattern &pattern : needed)
    if (first.count(pattern))
      stored.insert(pattern);
  return CheapestReads(group, n > 0 ? n : kSomeN).improve(stored, first);
}
