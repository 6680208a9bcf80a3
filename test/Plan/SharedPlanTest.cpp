//===- SharedPlanTest.cpp - The structure of shared plans -----------------===//

#include "Support.h"

#include "compiler/Plan/Shared/SharedPlan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

using namespace eqc;
using namespace eqc::test;

namespace {

std::vector<LayerSpec> layers() {
  std::vector<LayerSpec> result;
  auto add = [&](Group group, int64_t n, int k, int l) {
    if (whyNoDiagrams(group, n, l, k).empty())
      result.push_back(makeLayer(group, n, k, l, 1, 1,
                                 whyNoDiagrams(group, n, l, 0).empty()));
  };
  for (int k = 0; k <= 3; ++k)
    for (int l = 0; l <= 3; ++l) {
      add(Group::S, 6, k, l);
      add(Group::S, -1, k, l);
      add(Group::S, 2, k, l);
      add(Group::O, 3, k, l);
      add(Group::Sp, 4, k, l);
      for (int64_t n : {1, 2, 3, 4})
        add(Group::SO, n, k, l);
    }
  add(Group::S, 8, 4, 4);
  add(Group::O, 3, 4, 4);
  add(Group::Sp, 4, 4, 4);
  add(Group::SO, 3, 4, 4);
  return result;
}

template <typename Stage>
std::vector<const Stage *> stagesOf(const SharedPlan &plan) {
  std::vector<const Stage *> result;
  for (const SharedStage &stage : plan.stages)
    if (const auto *s = std::get_if<Stage>(&stage))
      result.push_back(s);
  return result;
}

} // namespace

TEST(SharedPlan, MixesEveryDiagramOnce) {
  for (const LayerSpec &spec : layers()) {
    const SharedPlan plan = buildSharedPlan(spec);
    std::vector<int> order;
    for (const MixStage *mix : stagesOf<MixStage>(plan))
      for (const MixTarget &target : mix->targets) {
        for (const MixTerm &term : target.fromInput) {
          EXPECT_EQ(term.view.array, PlanArray::Input);
          order.push_back(term.diagram);
        }
        for (const MixTerm &term : target.fromStored) {
          EXPECT_EQ(term.view.array, PlanArray::Stored);
          order.push_back(term.diagram);
        }
      }
    // The packed weights lie in the order of execution.
    EXPECT_EQ(order, plan.packedOrder) << nameOf(spec);
    std::set<int> distinct(order.begin(), order.end());
    EXPECT_EQ(distinct.size(), order.size()) << nameOf(spec);
    EXPECT_EQ(order.size(), spec.diagrams.size()) << nameOf(spec);
  }
}

TEST(SharedPlan, ReadsEveryStoredPatternOnceBeforeItIsUsed) {
  for (const LayerSpec &spec : layers()) {
    const SharedPlan plan = buildSharedPlan(spec);
    std::map<int, int> reads;
    bool mixed = false;
    // Rows of Stored written so far, as a set of row numbers at n.
    const int64_t n = spec.n < 0 ? 3 : spec.n;
    std::set<int64_t> written;
    for (const SharedStage &stage : plan.stages) {
      mixed |= std::holds_alternative<MixStage>(stage);
      const auto *read = std::get_if<ReadStage>(&stage);
      if (!read)
        continue;
      EXPECT_FALSE(mixed) << "reads come first, " << nameOf(spec);
      for (const ReadEntry &entry : read->entries) {
        ++reads[entry.stored];
        if (read->source == PlanArray::Stored)
          for (const WalkTerm &term : entry.walk.terms)
            EXPECT_TRUE(written.count(term.rowOffset.at(n))) << nameOf(spec);
      }
      for (const ReadEntry &entry : read->entries) {
        const RowPattern &pattern = plan.stored[entry.stored];
        EXPECT_EQ(pattern.numKept(), read->kept);
        int64_t rows = pattern.free < 0 ? 1 : numSubsets(n, pattern.numFree());
        for (int i = 0; i < pattern.numKept(); ++i)
          rows *= n;
        for (int64_t row = 0; row < rows; ++row)
          EXPECT_TRUE(written.insert(entry.target.at(n) + row).second)
              << "patterns overlap in " << nameOf(spec);
      }
    }
    EXPECT_EQ(reads.size(), plan.stored.size()) << nameOf(spec);
    for (auto [stored, times] : reads)
      EXPECT_EQ(times, 1) << toString(plan.stored[stored]);
    EXPECT_EQ(static_cast<int64_t>(written.size()), plan.storedRows.at(n))
        << nameOf(spec);
  }
}

// Not on the entries of the matrix of each, which are 256 for n = 4.
TEST(SharedPlan, MixesJellyfishOnTuplesAndSets) {
  for (auto [n, jellyfish, entries] :
       {std::tuple(3, 13, 63), std::tuple(4, 7, 64)}) {
    LayerSpec spec = makeLayer(Group::A, n, 2, 2);
    spec.diagrams.erase(spec.diagrams.begin(), spec.diagrams.end() - jellyfish);
    EXPECT_EQ(spec.diagrams.front().head, 0);
    const SharedPlan plan = buildSharedPlan(spec);
    int64_t mixed = 0;
    for (const MixStage *mix : stagesOf<MixStage>(plan))
      mixed += mix->multiplyAdds().at(n);
    EXPECT_EQ(mixed, entries);
  }
}

TEST(SharedPlan, StoresNoPatternTwiceAndNoMoreThanTheLatticeNeeds) {
  for (const LayerSpec &spec : layers()) {
    const SharedPlan plan = buildSharedPlan(spec);
    std::set<RowPattern> stored(plan.stored.begin(), plan.stored.end());
    EXPECT_EQ(stored.size(), plan.stored.size());
    if (spec.group == Group::SO)
      continue; // Levi-Civita patterns add parents of their own.
    // With all diagrams every parent is a pattern of some diagram already.
    std::set<RowPattern> needed;
    for (const Diagram &diagram : spec.diagrams) {
      const RowPattern bottom = splitDiagram(diagram).bottom;
      if (!bottom.droppedBlocks().empty())
        needed.insert(bottom);
    }
    if (spec.l >= spec.k && spec.n != 2)
      EXPECT_EQ(stored, needed) << nameOf(spec);
    for (const RowPattern &pattern : needed)
      EXPECT_TRUE(stored.count(pattern)) << toString(pattern);
  }
}

TEST(SharedPlan, WritesEveryNodeOnce) {
  for (const LayerSpec &spec : layers()) {
    const SharedPlan plan = buildSharedPlan(spec);
    const int64_t n = spec.n < 0 ? 3 : spec.n;
    std::map<int, int> asTarget;
    int outputs = 0;
    std::multiset<int64_t> sources; // row offsets of the nodes passed on
    for (const SharedStage &stage : plan.stages) {
      if (const auto *mix = std::get_if<MixStage>(&stage)) {
        for (const MixTarget &target : mix->targets) {
          if (target.node < 0)
            ++outputs;
          else
            ++asTarget[target.node];
          for (const RowView &init : target.inits)
            if (init.array == PlanArray::Nodes)
              sources.insert(init.offset.at(n));
        }
      } else if (const auto *write = std::get_if<WriteStage>(&stage)) {
        for (const WriteEntry &entry : write->entries)
          sources.insert(entry.source.offset.at(n));
      }
    }
    EXPECT_EQ(outputs, 1) << nameOf(spec);
    EXPECT_EQ(asTarget.size(), plan.nodes.size()) << nameOf(spec);
    for (auto [node, times] : asTarget)
      EXPECT_EQ(times, 1) << toString(plan.nodes[node]);
    // Every node goes to exactly one place.
    std::set<int64_t> distinct(sources.begin(), sources.end());
    EXPECT_EQ(distinct.size(), sources.size()) << nameOf(spec);
    EXPECT_EQ(sources.size(), plan.nodes.size()) << nameOf(spec);
  }
}

TEST(SharedPlan, HasFewStagesForManyDiagrams) {
  LayerSpec spec = makeLayer(Group::S, 8, 4, 4);
  ASSERT_EQ(spec.diagrams.size(), 4140u);
  EXPECT_LE(buildSharedPlan(spec).stages.size(), 32u);
  for (const LayerSpec &layer : layers())
    EXPECT_LE(buildSharedPlan(layer).stages.size(), 32u) << nameOf(layer);
}

TEST(SharedPlan, NeverHoldsAnOutputSizedArrayPerDiagram) {
  // Scratch is of lower order than the output, up to pure diagonals.
  LayerSpec spec = makeLayer(Group::S, 16, 2, 2);
  const SharedPlan plan = buildSharedPlan(spec);
  EXPECT_EQ(plan.storedRows, Poly::power(1, 2) + Poly(2));
  EXPECT_LE(plan.nodeRows.degree(), 1);
  LayerSpec cubic = makeLayer(Group::S, 16, 3, 3);
  EXPECT_LE(buildSharedPlan(cubic).storedRows.degree(), 2);
  EXPECT_LE(buildSharedPlan(cubic).nodeRows.degree(), 2);
}
