//===- StrandPlanTest.cpp -------------------------------------------------===//
//
// A mix in Fourier space, done by hand on single channels, against the sum over
// its terms.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/Strands/StrandPlan.h"
#include "Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

int64_t rowAt(const RowView &view, const std::vector<int64_t> &index,
              int64_t n) {
  int64_t row = view.offset.at(n);
  for (size_t a = 0; a < view.strides.size(); ++a)
    row += index[a] * view.strides[a].at(n);
  return row;
}

class Mixer {
public:
  Mixer(const SharedPlan &plan, size_t diagrams) : n(plan.n) {
    Random random(7);
    arrays[0] = randomVector(random, plan.rowsOf(PlanArray::Input).at(n));
    arrays[1] = randomVector(random, plan.rowsOf(PlanArray::Stored).at(n));
    weights = randomVector(random, diagrams);
  }

  double entry(const RowView &view, const std::vector<int64_t> &index) const {
    return arrays[view.array == PlanArray::Stored][rowAt(view, index, n)];
  }

  double direct(const MixTarget &target,
                const std::vector<int64_t> &index) const {
    double sum = 0;
    for (const auto *terms : {&target.fromInput, &target.fromStored})
      for (const MixTerm &term : *terms)
        sum += entry(term.view, index) * weights[term.diagram];
    return sum;
  }

  /// Target number `target` at all orders of `letters`, by permutation.
  std::vector<double>
  inFourierSpace(const StrandStage &stage, size_t target,
                 const std::vector<int64_t> &letters) const {
    const StrandTransform transform(stage.order);
    auto permuted = [&](const std::vector<int> &permutation) {
      std::vector<int64_t> index;
      for (int letter : permutation)
        index.push_back(letters[letter]);
      return index;
    };
    std::vector<std::vector<double>> spread;
    for (const RowView &source : stage.sources) {
      spread.emplace_back(transform.slots, 0);
      for (int s = 0; s < transform.slots; ++s)
        for (size_t p = 0; p < transform.permutations.size(); ++p)
          spread.back()[s] +=
              transform.matrix[s][p] *
              entry(source, permuted(transform.permutations[p]));
    }
    std::vector<double> mixed(transform.slots, 0);
    size_t term = target * (stage.packed.size() / stage.targets.size());
    for (const StrandIrrep &irrep : transform.irreps)
      for (int column = 0; column < irrep.dimension; ++column)
        for (size_t source = 0; source < stage.sources.size(); ++source)
          for (int c = 0; c < irrep.dimension; ++c, ++term) {
            double weight = 0;
            for (const WeightedDiagram &part : stage.packed[term])
              weight += part.factor * weights[part.diagram];
            for (int row = 0; row < irrep.dimension; ++row)
              mixed[irrep.first + row * irrep.dimension + column] +=
                  weight *
                  spread[source][irrep.first + row * irrep.dimension + c];
          }
    std::vector<double> values(transform.permutations.size(), 0);
    for (size_t p = 0; p < values.size(); ++p)
      for (int s = 0; s < transform.slots; ++s)
        values[p] += transform.matrix[s][p] * mixed[s];
    return values;
  }

private:
  int64_t n;
  std::vector<double> arrays[2], weights;
};

/// Every mix of the layer that has strands; returns how many there are.
int compareMixes(const LayerSpec &spec) {
  const SharedPlan plan = buildSharedPlan(spec);
  const Mixer mixer(plan, spec.diagrams.size());
  int found = 0;
  for (const SharedStage &shared : plan.stages) {
    const auto *mix = std::get_if<MixStage>(&shared);
    if (!mix)
      continue;
    std::optional<StrandStage> stage =
        makeStrandStage(*mix, plan.group, plan.n);
    if (!stage)
      continue;
    ++found;
    const StrandTransform transform(stage->order);
    std::vector<int64_t> letters(stage->order, 0);
    do {
      for (size_t t = 0; t < mix->targets.size(); ++t) {
        const std::vector<double> values =
            mixer.inFourierSpace(*stage, t, letters);
        for (size_t p = 0; p < values.size(); ++p) {
          std::vector<int64_t> index;
          for (int letter : transform.permutations[p])
            index.push_back(letters[letter]);
          EXPECT_NEAR(values[p], mixer.direct(mix->targets[t], index), 1e-12);
        }
      }
      // The next letters in any order: equal and unsorted ones must do too.
      size_t a = 0;
      while (a < letters.size() && ++letters[a] == plan.n)
        letters[a++] = 0;
      if (a == letters.size())
        break;
    } while (true);
  }
  return found;
}

} // namespace

TEST(StrandPlan, MixesAgreeWithTheirTerms) {
  EXPECT_EQ(compareMixes(makeLayer(Group::S, 3, 2, 2)), 1);
  EXPECT_EQ(compareMixes(makeLayer(Group::S, 4, 3, 3)), 2);
  EXPECT_EQ(compareMixes(makeLayer(Group::S, 3, 4, 2)), 1);
  EXPECT_EQ(compareMixes(makeLayer(Group::O, 3, 3, 3)), 1);
  EXPECT_EQ(compareMixes(makeLayer(Group::Sp, 4, 4, 4)), 1);
}

TEST(StrandPlan, DiagramsLeftOutAreZeros) {
  LayerSpec spec = makeLayer(Group::S, 4, 3, 3);
  for (size_t i = 0; i < spec.diagrams.size(); i += 3)
    spec.diagrams.erase(spec.diagrams.begin() + static_cast<long>(i));
  EXPECT_EQ(compareMixes(spec), 2);
}

TEST(StrandPlan, PacksEveryWeightOfTheMixesLeftAsTheyAre) {
  const LayerSpec spec = makeLayer(Group::S, 4, 2, 2);
  const StrandPlan plan = withoutStrands(buildSharedPlan(spec));
  EXPECT_FALSE(plan.hasStrands());
  ASSERT_EQ(plan.packed.size(), plan.shared.packedOrder.size());
  for (size_t i = 0; i < plan.packed.size(); ++i) {
    ASSERT_EQ(plan.packed[i].size(), 1u);
    EXPECT_EQ(plan.packed[i][0].diagram, plan.shared.packedOrder[i]);
    EXPECT_EQ(plan.packed[i][0].factor, 1);
  }
}

// Irreps whose weights all cancel are left out of every target.
TEST(StrandPlan, KeepsTheOtherIrrepsOfEveryTarget) {
  const SharedPlan plan = buildSharedPlan(makeLayer(Group::S, 4, 3, 3));
  bool found = false;
  for (const SharedStage &shared : plan.stages) {
    const auto *mix = std::get_if<MixStage>(&shared);
    std::optional<StrandStage> stage;
    if (mix)
      stage = makeStrandStage(*mix, plan.group, plan.n);
    if (!stage || stage->targets.size() < 2)
      continue;
    found = true;
    const size_t ofTarget = stage->packed.size() / stage->targets.size();
    // The first irrep has dimension 1.
    std::vector<std::vector<std::pair<int, double>>> expected, left;
    auto add = [](auto &list, const PackedTerm &term) {
      list.emplace_back();
      for (const WeightedDiagram &part : term)
        list.back().emplace_back(part.diagram, part.factor);
    };
    for (size_t p = 0; p < stage->packed.size(); ++p)
      if (p % ofTarget < stage->sources.size())
        stage->packed[p].clear();
      else
        add(expected, stage->packed[p]);
    const std::vector<int> irreps(stage->irreps.begin() + 1,
                                  stage->irreps.end());
    const StrandStage kept = withoutCancelled(*stage);
    EXPECT_EQ(kept.irreps, irreps);
    for (const PackedTerm &term : kept.packed)
      add(left, term);
    EXPECT_EQ(left, expected);
  }
  EXPECT_TRUE(found);
}

// Its condition is 1: each irrep's slots are orthogonal and of one length.
TEST(StrandTransform, IsOrthogonal) {
  for (int order : {2, 3}) {
    const StrandTransform transform(order);
    for (const StrandIrrep &irrep : transform.irreps)
      for (int a = 0; a < irrep.dimension * irrep.dimension; ++a)
        for (int b = 0; b < transform.slots; ++b) {
          double product = 0;
          for (size_t p = 0; p < transform.permutations.size(); ++p)
            product +=
                transform.matrix[irrep.first + a][p] * transform.matrix[b][p];
          // Schur's orthogonality: order! / dimension.
          const double length =
              double(transform.permutations.size()) / irrep.dimension;
          EXPECT_NEAR(product, b == irrep.first + a ? length : 0, 1e-12);
        }
  }
}
