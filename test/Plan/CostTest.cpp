//===- CostTest.cpp - Counts of plans -------------------------------------===//
//
// Counts against closed forms, and against running the loops and counting.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Factored/EvaluateFactored.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Runs the loops of a shared plan over positions and counts what happens: the
/// first value that reaches a row starts it, every further one is added.
class Counter {
public:
  Counter(const SharedPlan &plan, int64_t n) : plan(plan), n(n) {
    for (const SharedStage &stage : plan.stages)
      std::visit([&](const auto &s) { count(s); }, stage);
  }

  int64_t readAdditions = 0, scalings = 0, multiplyAdds = 0;
  int64_t outputAdditions = 0, broadcasts = 0;
  std::map<int, int64_t> multiplyAddsByOrder;

private:
  template <typename Visit>
  void forLetters(const std::vector<Letter> &letters, size_t letter,
                  int64_t inner, const Visit &visit) const {
    if (letter == letters.size())
      return visit(inner);
    const Letter &l = letters[letter];
    for (int64_t i = 0; i < l.extent.at(n); ++i)
      forLetters(letters, letter + 1, inner + i * l.innerStride.at(n), visit);
  }
  template <typename Visit>
  void forWalk(const Walk &walk, const Visit &visit) const {
    std::vector<Letter> letters = walk.kept;
    letters.insert(letters.end(), walk.dropped.begin(), walk.dropped.end());
    for (const WalkTerm &term : walk.terms)
      forLetters(letters, 0, term.innerOffset.at(n), visit);
  }

  void count(const ReadStage &stage) {
    for (const ReadEntry &entry : stage.entries) {
      std::map<int64_t, int64_t> visits;
      forWalk(entry.walk, [&](int64_t inner) { ++visits[inner]; });
      for (auto [inner, times] : visits) {
        readAdditions += times - 1;
        scalings += plan.mean && entry.divisions > 0;
      }
    }
  }
  void count(const MixStage &stage) {
    int64_t rows = stage.subsets;
    for (int a = 0; a < stage.kept; ++a)
      rows *= n;
    for (int64_t row = 0; row < rows; ++row)
      for (const MixTarget &target : stage.targets) {
        for (size_t i = 0; i < target.inits.size(); ++i) {
          ++broadcasts;
          outputAdditions += i > 0;
        }
        for (const auto *terms : {&target.fromInput, &target.fromStored})
          for (size_t i = 0; i < terms->size(); ++i) {
            ++multiplyAdds;
            ++multiplyAddsByOrder[stage.kept];
          }
      }
  }
  void count(const WriteStage &stage) {
    for (const WriteEntry &entry : stage.entries)
      forWalk(entry.walk, [&](int64_t) { ++outputAdditions; });
  }

  const SharedPlan &plan;
  int64_t n;
};

/// A polynomial from its coefficients, highest degree first.
Poly poly(std::initializer_list<int64_t> coefficients) {
  Poly result;
  int degree = static_cast<int>(coefficients.size()) - 1;
  for (int64_t coefficient : coefficients)
    result += Poly::power(degree--, coefficient);
  return result;
}

PlanCost sharedCost(Group group, int64_t n, int k, int l) {
  return costOf(buildSharedPlan(makeLayer(group, n, k, l)));
}

} // namespace

TEST(Cost, SharedMixesMatchTheTableForPermutations) {
  // N_t n^t: one matrix per diagram, at the size of its propagating order.
  struct Row {
    int k, l;
    Poly multiplyAdds;
  };
  for (const Row &row :
       {Row{1, 1, poly({1, 1})}, Row{2, 1, poly({3, 2})},
        Row{1, 2, poly({3, 2})}, Row{2, 2, poly({2, 9, 4})},
        Row{3, 2, poly({12, 30, 10})}, Row{3, 3, poly({6, 72, 100, 25})},
        Row{4, 4, poly({24, 600, 1922, 1369, 225})}}) {
    EXPECT_EQ(sharedCost(Group::S, -1, row.k, row.l).multiplyAdds(),
              row.multiplyAdds)
        << row.k << "->" << row.l;
    EXPECT_EQ(sharedCost(Group::S, 16, row.k, row.l).multiplyAdds(),
              row.multiplyAdds)
        << row.k << "->" << row.l;
  }
}

TEST(Cost, SharedMixesMatchTheTableForMatchings) {
  for (Group group : {Group::O, Group::Sp}) {
    EXPECT_EQ(sharedCost(group, -1, 1, 1).multiplyAdds(), poly({1, 0}));
    EXPECT_EQ(sharedCost(group, -1, 2, 2).multiplyAdds(), poly({2, 0, 1}));
    EXPECT_EQ(sharedCost(group, -1, 3, 3).multiplyAdds(), poly({6, 0, 9, 0}));
    EXPECT_EQ(sharedCost(group, -1, 4, 4).multiplyAdds(),
              poly({24, 0, 72, 0, 9}));
    EXPECT_EQ(sharedCost(group, 16, 4, 4).multiplyAdds(),
              poly({24, 0, 72, 0, 9}));
  }
}

TEST(Cost, SharedMixesMatchTheTableForRotations) {
  // Subsets of the free values times what the matchings keep.
  struct Row {
    int k, l;
    int64_t multiplyAdds;
  };
  for (const Row &row :
       {Row{1, 1, 3}, Row{2, 1, 3}, Row{1, 2, 3}, Row{2, 2, 19}, Row{3, 2, 64},
        Row{3, 3, 189}, Row{4, 4, 2601}}) {
    EXPECT_EQ(countAt(sharedCost(Group::SO, 3, row.k, row.l).multiplyAdds(), 3),
              row.multiplyAdds)
        << row.k << "->" << row.l;
  }
  // Too few vertices for a Levi-Civita symbol: as O(16).
  EXPECT_EQ(sharedCost(Group::SO, 16, 4, 4).multiplyAdds(),
            poly({24, 0, 72, 0, 9}));
}

TEST(Cost, SharedMixesMatchTheWorkloads) {
  auto at = [](Group group, int64_t n, int k, int l) {
    return countAt(sharedCost(group, n, k, l).multiplyAdds(), n);
  };
  EXPECT_EQ(at(Group::O, 3, 2, 2), 19);
  EXPECT_EQ(at(Group::O, 3, 3, 3), 189);
  EXPECT_EQ(at(Group::O, 3, 4, 4), 2601);
  EXPECT_EQ(at(Group::S, 10, 2, 2), 294);
  EXPECT_EQ(at(Group::S, 50, 2, 2), 5454);
  EXPECT_EQ(at(Group::S, 8, 3, 3), 8505);
  EXPECT_EQ(at(Group::S, 20, 3, 3), 78825);
}

TEST(Cost, SharedReadsCostOneSumPerDroppedPattern) {
  // (n-1) n^t for every bottom pattern with a dropped block.
  for (Group group : {Group::S, Group::O, Group::Sp})
    for (int k = 0; k <= 4; ++k) {
      if (group != Group::S && k % 2)
        continue;
      const LayerSpec spec = makeLayer(group, -1, k, k == 3 ? 3 : k);
      const SharedPlan plan = buildSharedPlan(spec);
      Poly expected;
      for (const RowPattern &pattern : plan.stored)
        expected += Poly::power(pattern.numKept() + 1) +
                    Poly::power(pattern.numKept(), -1);
      EXPECT_EQ(costOf(plan).readAdditions(), expected) << nameOf(spec);
    }
  // The column "adds" of the tables, without the 32 channels.
  auto adds = [](Group group, int k, int l) {
    return countAt(sharedCost(group, 16, k, l).readAdditions(), 16);
  };
  EXPECT_EQ(adds(Group::S, 1, 1), 15);
  EXPECT_EQ(adds(Group::S, 2, 1), 510);
  EXPECT_EQ(adds(Group::S, 2, 2), 510);
  EXPECT_EQ(adds(Group::S, 3, 3), 15 * (3 * 256 + 9 * 16 + 5));
  EXPECT_EQ(adds(Group::O, 2, 2), 15);
  EXPECT_EQ(adds(Group::O, 3, 3), 15 * 3 * 16);
  EXPECT_EQ(adds(Group::Sp, 4, 4), 15 * (6 * 256 + 3));
}

TEST(Cost, CountsWhatTheLoopsDo) {
  int seen = 0;
  auto check = [&](LayerSpec spec, int64_t n) {
    const SharedPlan plan = buildSharedPlan(spec);
    const PlanCost cost = costOf(plan);
    const Counter counter(plan, n);
    EXPECT_EQ(countAt(cost.readAdditions(), n), counter.readAdditions)
        << nameOf(spec) << " at " << n;
    EXPECT_EQ(countAt(cost.scalings(), n), counter.scalings) << nameOf(spec);
    EXPECT_EQ(countAt(cost.multiplyAdds(), n), counter.multiplyAdds)
        << nameOf(spec);
    EXPECT_EQ(countAt(cost.outputAdditions(), n), counter.outputAdditions)
        << nameOf(spec);
    Poly broadcasts;
    std::map<int, int64_t> byOrder;
    for (const StageCost &stage : cost.stages) {
      broadcasts += stage.broadcasts;
      if (stage.kind == StageKind::Mix && stage.terms > 0)
        byOrder[stage.kept] += countAt(stage.multiplyAdds, n);
    }
    EXPECT_EQ(countAt(broadcasts, n), counter.broadcasts) << nameOf(spec);
    EXPECT_EQ(byOrder, counter.multiplyAddsByOrder) << nameOf(spec);
    EXPECT_EQ(cost.stages.size(), plan.stages.size());
    ++seen;
  };
  for (int k = 0; k <= 3; ++k)
    for (int l = 0; l <= 3; ++l)
      for (auto [group, n] : {std::pair(Group::S, 1), std::pair(Group::S, 3),
                              std::pair(Group::S, 6), std::pair(Group::O, 3),
                              std::pair(Group::Sp, 4), std::pair(Group::SO, 1),
                              std::pair(Group::SO, 2), std::pair(Group::SO, 3),
                              std::pair(Group::SO, 4)}) {
        if (!whyNoDiagrams(group, n, l, k).empty())
          continue;
        LayerSpec spec = makeLayer(group, n, k, l, 1, 1,
                                   whyNoDiagrams(group, n, l, 0).empty());
        check(spec, n);
        spec.normalize = Normalize::Mean;
        check(spec, n);
        if (group == Group::SO)
          continue;
        LayerSpec dynamic = makeLayer(group, -1, k, l);
        check(dynamic, 2);
        check(dynamic, 6);
      }
  EXPECT_GT(seen, 250);
}

TEST(Cost, FactoredAddsWhatTheAlgebraSays) {
  int seen = 0;
  for (auto [group, n] : {std::pair(Group::S, 2), std::pair(Group::S, 5),
                          std::pair(Group::O, 3), std::pair(Group::Sp, 4),
                          std::pair(Group::SO, 2), std::pair(Group::SO, 3)})
    for (int k = 0; k <= 3; ++k)
      for (int l = 0; l <= 3; ++l) {
        if (!whyNoDiagrams(group, n, l, k).empty())
          continue;
        const LayerSpec spec = makeLayer(group, n, k, l, 1, 1,
                                         whyNoDiagrams(group, n, l, 0).empty());
        const FactoredPlan plan = buildFactoredPlan(spec);
        const PlanCost cost = costOf(plan);
        int64_t additions = 0;
        for (const FactoredSteps &steps : plan.diagrams)
          additions += exactAdditions(steps.factored, group, n);
        EXPECT_EQ(countAt(cost.readAdditions(), n), additions) << nameOf(spec);
        // As the evaluation counts them.
        FactoredCounts counts;
        const std::vector<double> x(static_cast<size_t>(Poly::power(k).at(n)),
                                    1.0);
        const std::vector<double> weight(spec.diagrams.size(), 1.0);
        const std::vector<double> bias(spec.biasDiagrams.size(), 1.0);
        evaluateFactoredPlan(plan, n, 1, 1, x, weight, bias, &counts);
        EXPECT_EQ(countAt(cost.readAdditions(), n), counts.additions)
            << nameOf(spec);
        // One multiply-add per row of every diagram's middle; every non-zero
        // position of a diagram's output is added to.
        int64_t rows = 0;
        for (const FactoredSteps &steps : plan.diagrams)
          rows += steps.mixRows.at(n);
        EXPECT_EQ(countAt(cost.multiplyAdds(), n), rows) << nameOf(spec);
        ++seen;
      }
  EXPECT_GT(seen, 50);
  // S 2->2 in full: every diagram alone, none shares a sum.
  const PlanCost cost =
      costOf(buildFactoredPlan(makeLayer(Group::S, 16, 2, 2)));
  EXPECT_EQ(countAt(cost.multiplyAdds(), 16), 2 * 256 + 9 * 16 + 4);
  EXPECT_GT(countAt(cost.readAdditions(), 16), 510);
}

TEST(Cost, DenseMultipliesEveryPair) {
  for (auto [group, n, k, l] :
       {std::tuple(Group::O, 3, 2, 2), std::tuple(Group::O, 3, 3, 3),
        std::tuple(Group::S, 5, 2, 1), std::tuple(Group::SO, 3, 1, 2),
        std::tuple(Group::Sp, 4, 2, 2), std::tuple(Group::S, 4, 0, 2)}) {
    LayerSpec spec = makeLayer(group, n, k, l, 3, 5, true);
    for (Layout layout : {Layout::ChannelsLast, Layout::ChannelsFirst}) {
      spec.layout = layout;
      const PlanCost cost = costOf(buildDensePlan(spec));
      const int64_t entries = Poly::power(k + l).at(n);
      EXPECT_EQ(operationsOf(cost, spec, n).flops(), 2 * entries * 3 * 5);
      EXPECT_EQ(countAt(cost.packedMatrices, n), entries);
      // Packing adds every non-zero entry of every diagram.
      int64_t nonZero = 0;
      for (const Diagram &diagram : spec.diagrams)
        for (double entry : diagramMatrix(diagram, group, n))
          nonZero += entry != 0;
      EXPECT_EQ(countAt(cost.packMultiplyAdds, n), nonZero) << nameOf(spec);
      EXPECT_EQ(scratchBytesOf(cost, spec, n), 0);
    }
  }
}

TEST(Cost, CountsEveryChannelAndFlop) {
  LayerSpec spec = makeLayer(Group::S, 16, 2, 2, 32, 8, true);
  const PlanCost cost = costOf(buildSharedPlan(spec));
  const Operations operations = operationsOf(cost, spec, 16);
  EXPECT_EQ(operations.multiplyAdds, (2 * 256 + 9 * 16 + 4) * 32 * 8);
  EXPECT_EQ(operations.additions,
            510 * 32 + countAt(cost.outputAdditions(), 16) * 8);
  EXPECT_EQ(operations.multiplications, 0);
  EXPECT_EQ(operations.flops(),
            2 * (operations.multiplyAdds + operations.additions));
  spec.normalize = Normalize::Mean;
  // One multiplication for every entry of a pooled pattern: 2 n + 2 rows.
  EXPECT_EQ(
      operationsOf(costOf(buildSharedPlan(spec)), spec, 16).multiplications,
      34 * 32);
}

TEST(Cost, CountsTheLeastBytesAndScratch) {
  LayerSpec spec = makeLayer(Group::S, 16, 2, 2, 32, 32, true);
  // 4 (C_i n^k + C_o n^l + D C_i C_o), and the two rows of the bias.
  const LeastBytes least = leastBytesOf(spec, 16);
  EXPECT_EQ(least.perSample, 4 * (32 * 256 + 32 * 256));
  EXPECT_EQ(least.perCall, 4 * (15 * 32 * 32 + 2 * 32));
  spec.dtype = DType::F64;
  EXPECT_EQ(leastBytesOf(spec, 16).perSample, 2 * least.perSample);
  EXPECT_EQ(leastBytesOf(spec, 32).perSample, 8 * least.perSample);

  const SharedPlan plan = buildSharedPlan(spec);
  EXPECT_EQ(scratchBytesOf(costOf(plan), spec, 16),
            8 * 32 * (plan.storedRows.at(16) + plan.nodeRows.at(16)));
}

TEST(Cost, Saturates) {
  const int64_t huge = int64_t(1) << 31;
  EXPECT_EQ(countAt(Poly::power(2), huge), int64_t(1) << 62);
  EXPECT_EQ(countAt(Poly::power(2) + Poly::power(1, -1), huge),
            (int64_t(1) << 62) - huge);
  EXPECT_EQ(countAt(Poly::power(2, 2), huge), INT64_MAX);
  EXPECT_EQ(countAt(Poly::power(3), huge), INT64_MAX);
  EXPECT_EQ(countAt(Poly::power(40), huge), INT64_MAX);
  EXPECT_EQ(countAt(Poly::power(40), 1), 1);
  EXPECT_EQ(countAt(Poly::power(63) + Poly(-1), 2), INT64_MAX);
  EXPECT_EQ(countAt(Poly::halfN(), huge), huge / 2);
  EXPECT_EQ(countAt(Poly(), huge), 0);
  // n^t (n-1) where n^(t+1) alone no longer fits 63 bits.
  EXPECT_EQ(countAt(Poly::power(1, INT64_MAX) + Poly(-5), 1), INT64_MAX - 5);

  LayerSpec spec = makeLayer(Group::S, huge, 2, 2, 1024, 1024);
  const Operations operations =
      operationsOf(costOf(buildSharedPlan(spec)), spec, huge);
  EXPECT_EQ(operations.multiplyAdds, INT64_MAX);
  EXPECT_EQ(operations.flops(), INT64_MAX);
  EXPECT_EQ(leastBytesOf(spec, huge).perSample, INT64_MAX);
  EXPECT_EQ(leastBytesOf(spec, huge).perCall, 4 * 15 * 1024 * 1024);
}

TEST(Cost, WritesPolynomials) {
  EXPECT_EQ(toString(Poly()), "0");
  EXPECT_EQ(toString(Poly(7)), "7");
  EXPECT_EQ(toString(poly({2, 9, 4})), "2 n^2 + 9 n + 4");
  EXPECT_EQ(toString(poly({1, 0, -1, 0})), "n^3 - n");
  EXPECT_EQ(toString(poly({-1, 2})), "-n + 2");
  EXPECT_EQ(toString(Poly::halfN() + Poly::power(2)), "n^2 + n/2");
}
