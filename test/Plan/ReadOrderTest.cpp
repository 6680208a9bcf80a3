//===- ReadOrderTest.cpp - The cheapest way to read patterns --------------===//

#include "Support.h"

#include "compiler/Algebra/Random.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Shared/ReadPlan.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Every vertex of a row of `size` a block of its own; those of `kept` are
/// kept.
RowPattern singles(int size, unsigned kept) {
  RowPattern pattern = identityPattern(size);
  for (int v = 0; v < size; ++v)
    pattern.kept[v] = kept >> v & 1;
  return pattern;
}

int64_t additionsOf(const std::vector<RowPattern> &needed, Group group,
                    int64_t n, ReadOrder order) {
  LayerSpec row;
  row.group = group;
  row.n = n;
  row.k = needed.front().size();
  SharedGeometry geometry(row);
  ReadOptions options;
  options.order = order;
  addReads(geometry, needed, options);
  int64_t additions = 0;
  for (const StageCost &stage : costOf(geometry.plan).stages)
    additions += stage.additions.at(n);
  return additions;
}

/// The least additions over all sets of patterns with single blocks that hold
/// `needed` and a finer one for each. Such a pattern is the set of what it
/// keeps, and what keeps all but one block is a sum of the row itself.
int64_t leastOf(int size, const std::vector<unsigned> &needed, int64_t n) {
  const unsigned all = (1u << size) - 1;
  auto additions = [&](unsigned kept) {
    int64_t result = n - 1;
    for (int v = 0; v < size; ++v)
      result *= kept >> v & 1 ? n : 1;
    return result;
  };
  int64_t least = -1;
  for (unsigned long chosen = 0; chosen < 1ul << all; ++chosen) {
    auto holds = [&](unsigned kept) {
      return kept == all || (chosen >> kept & 1);
    };
    if (!std::all_of(needed.begin(), needed.end(), holds))
      continue;
    bool closed = true;
    int64_t cost = 0;
    for (unsigned kept = 0; kept < all && closed; ++kept) {
      if (!(chosen >> kept & 1))
        continue;
      closed = false;
      for (int v = 0; v < size; ++v)
        closed |= !(kept >> v & 1) && holds(kept | 1u << v);
      cost += additions(kept);
    }
    if (closed && (least < 0 || cost < least))
      least = cost;
  }
  return least;
}

} // namespace

TEST(ReadOrder, IsTheCheapestOfAll) {
  Random random(7);
  int saved = 0;
  for (int size : {3, 4})
    for (int64_t n : {2, 3, 10})
      for (int round = 0; round < 20; ++round) {
        std::vector<unsigned> kept;
        for (unsigned set = 0; set < (1u << size) - 1; ++set)
          if (random.below(3) == 0)
            kept.push_back(set);
        if (kept.empty())
          continue;
        std::vector<RowPattern> needed;
        for (unsigned set : kept)
          needed.push_back(singles(size, set));
        const int64_t cheapest =
            additionsOf(needed, Group::S, n, ReadOrder::Cheapest);
        EXPECT_EQ(cheapest, leastOf(size, kept, n));
        saved += cheapest < additionsOf(needed, Group::S, n, ReadOrder::First);
      }
  EXPECT_GT(saved, 0);
}

TEST(ReadOrder, NeverCostsMoreThanTheFirst) {
  for (Group group : {Group::S, Group::O, Group::SO, Group::Sp})
    for (int k = 0; k <= 6; ++k)
      for (int l = 0; l <= 2; ++l) {
        const int64_t n = 4;
        if (!whyNoDiagrams(group, n, l, k).empty())
          continue;
        std::vector<RowPattern> bottoms;
        for (const Diagram &diagram : makeLayer(group, n, k, l).diagrams)
          bottoms.push_back(splitDiagram(diagram).bottom);
        EXPECT_LE(additionsOf(bottoms, group, n, ReadOrder::Cheapest),
                  additionsOf(bottoms, group, n, ReadOrder::First))
            << k << " -> " << l;
      }
}

// Each of four axes alone, the others summed: two sums over one axis serve
// pairs of them, where the first of each reads more.
TEST(ReadOrder, SharesWhatIsReadOnTheWay) {
  std::vector<RowPattern> needed;
  for (int v = 0; v < 4; ++v)
    needed.push_back(singles(4, 1u << v));
  const int64_t n = 8;
  // 2 of n^3 rows, 2 of n^2, 4 of n.
  EXPECT_EQ(additionsOf(needed, Group::S, n, ReadOrder::Cheapest),
            (n - 1) * (2 * n * n * n + 2 * n * n + 4 * n));
}
