//===- EvaluateIsotypicTest.cpp - The isotypic plan against the oracle ----===//

#include "Sample.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/Isotypic/EvaluateIsotypic.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

constexpr double tolerance = 1e-12;

/// Compares the plan with the definition for one sample.
void check(const LayerSpec &spec, Random &random) {
  const Sample sample(spec, spec.n, random);
  std::string refused;
  const auto plan = buildIsotypicPlan(spec, refused);
  ASSERT_TRUE(plan) << nameOf(spec) << ": " << refused;
  EXPECT_LE(
      relativeError(evaluateIsotypicPlan(*plan, spec.cIn, spec.cOut, sample.x,
                                         sample.weight, sample.bias),
                    sample.y),
      tolerance)
      << nameOf(spec) << (spec.bias ? " bias" : "")
      << (spec.normalize == Normalize::Mean ? " mean" : "");
}

void checkGrid(Group group, const std::vector<int64_t> &sizes, Orders orders,
               int least) {
  Random random(17);
  bool mean = false;
  EXPECT_GE(forLayers(group, sizes, orders,
                      [&](LayerSpec spec) {
                        spec.normalize =
                            mean ? Normalize::Mean : Normalize::None;
                        check(spec, random);
                        mean = !mean;
                      }),
            least);
}

} // namespace

TEST(EvaluateIsotypic, AgreesForPermutations) {
  checkGrid(Group::S, {1, 2, 3, 5}, {4, 6}, 80);
}
TEST(EvaluateIsotypic, AgreesForPermutationsOfHighOrder) {
  checkGrid(Group::S, {2, 3}, {4, 8}, 50);
}
TEST(EvaluateIsotypic, AgreesForOrthogonalMaps) {
  checkGrid(Group::O, {1, 2, 3, 4}, {4, 8}, 50);
}
TEST(EvaluateIsotypic, AgreesForSymplecticMaps) {
  checkGrid(Group::Sp, {2, 4}, {4, 8}, 25);
}
// With even n some irreducible tensors are pairs of conjugate ones.
TEST(EvaluateIsotypic, AgreesForRotations) {
  checkGrid(Group::SO, {1, 2, 3, 4}, {4, 8}, 70);
}
TEST(EvaluateIsotypic, AgreesForRotationsOfSixDimensions) {
  checkGrid(Group::SO, {6}, {3, 6}, 5);
}
TEST(EvaluateIsotypic, AgreesForSignedPermutations) {
  checkGrid(Group::H, {1, 2, 3, 5}, {4, 6}, 35);
}
TEST(EvaluateIsotypic, AgreesForBistochasticMaps) {
  checkGrid(Group::B, {1, 2, 3, 4}, {4, 6}, 70);
}
TEST(EvaluateIsotypic, AgreesForEvenPermutations) {
  checkGrid(Group::A, {2, 3, 4}, {3, 5}, 40);
}
TEST(EvaluateIsotypic, AgreesForGroupsUpToSign) {
  checkGrid(Group::SPrime, {1, 2, 3, 4}, {4, 6}, 35);
  checkGrid(Group::BPrime, {1, 2, 3, 4}, {4, 6}, 35);
}
TEST(EvaluateIsotypic, GroupsUpToSignHaveTheBasisOfTheirMaps) {
  for (int64_t n : {2, 3, 4})
    for (auto [upToSign, group] : {std::pair(Group::SPrime, Group::S),
                                   std::pair(Group::BPrime, Group::B)}) {
      std::string refused;
      const auto signs =
          buildIsotypicPlan(makeLayer(upToSign, n, 2, 2), refused);
      const auto plain = buildIsotypicPlan(makeLayer(group, n, 2, 2), refused);
      ASSERT_TRUE(signs && plain) << refused;
      EXPECT_EQ(signs->read.rows, plain->read.rows);
      EXPECT_EQ(signs->write.rows, plain->write.rows);
    }
}
TEST(EvaluateIsotypic, IsRefusedWhereNoLengthIsKept) {
  std::string refused;
  BuiltPlans built;
  EXPECT_FALSE(getIsotypicPlan(makeLayer(Group(Family::O, 1, 3), 4, 2, 2),
                               built, refused));
  EXPECT_EQ(refused, "its group keeps no length");
}
TEST(EvaluateIsotypic, AgreesForManyPositions) {
  Random random(18);
  check(makeLayer(Group::S, 12, 2, 2, 1, 2, true), random);
  check(makeLayer(Group::O, 16, 2, 2, 1, 2, true), random);
}

TEST(EvaluateIsotypic, AgreesForListsAndBases) {
  Random random(19);
  struct Case {
    Group group;
    int64_t n;
    int k, l;
  };
  for (const Case &c :
       {Case{Group::S, 3, 2, 2}, Case{Group::S, 4, 3, 2},
        Case{Group::O, 3, 3, 3}, Case{Group::O, 2, 4, 4},
        Case{Group::Sp, 4, 3, 3}, Case{Group::SO, 3, 2, 3},
        Case{Group::SO, 4, 2, 4}, Case{Group::H, 4, 3, 3},
        Case{Group::H, 3, 2, 4}, Case{Group::B, 3, 2, 3},
        Case{Group::SPrime, 3, 2, 2}, Case{Group::BPrime, 3, 1, 3}}) {
    LayerSpec spec = makeLayer(c.group, c.n, c.k, c.l, 2, 2);
    const std::vector<Diagram> all = spec.diagrams;
    spec.choice = DiagramChoice::Basis;
    spec.diagrams.clear();
    for (const Diagram &diagram : all)
      if (inBasis(diagram, c.group, c.n))
        spec.diagrams.push_back(diagram);
    check(spec, random);
    spec.choice = DiagramChoice::List;
    for (size_t step : {2, 5}) {
      spec.diagrams.clear();
      for (size_t d = step / 2; d < all.size(); d += step)
        spec.diagrams.insert(spec.diagrams.begin(), all[d]);
      if (!spec.diagrams.empty())
        check(spec, random);
    }
  }
}

// A bias may be of a kind that no diagram of the layer reaches.
TEST(EvaluateIsotypic, AddsABiasThatNothingIsMixedTo) {
  Random random(20);
  check(makeLayer(Group::SO, 3, 1, 2, 2, 2, true), random);
  LayerSpec spec = makeLayer(Group::O, 3, 2, 4, 2, 2, true);
  for (size_t d = 0; d < spec.diagrams.size(); ++d)
    if (spec.diagrams[d].numBottomOnlyBlocks() == 0) {
      spec.diagrams = {spec.diagrams[d]};
      break;
    }
  check(spec, random);
}

namespace {

/// What the plan's blocks add up to.
struct Totals {
  int64_t rank = 0, multiplyAdds = 0, read = 0, write = 0;
};

Totals totalsOf(const LayerSpec &spec) {
  std::string refused;
  Totals totals;
  const auto basis = buildIsotypicBasis(spec, refused);
  const auto plan = buildIsotypicPlan(spec, refused);
  EXPECT_TRUE(basis && plan) << nameOf(spec) << ": " << refused;
  if (!basis || !plan)
    return totals;
  totals.rank = basis->rank();
  totals.multiplyAdds = plan->multiplyAdds();
  totals.read = plan->read.nonZeros();
  totals.write = plan->write.nonZeros();
  return totals;
}

} // namespace

TEST(IsotypicPlan, RanksAreDimensionsOfSpacesOfMaps) {
  int seen = 0;
  for (Group group : allGroups)
    for (int64_t n = rulesOf(group).leastN(); n <= 8; ++n)
      for (int k = 0; k <= 3; ++k)
        for (int l = 0; l <= 3; ++l) {
          if (!whyNoDiagrams(group, n, l, k).empty())
            continue;
          const LayerSpec spec = makeLayer(group, n, k, l);
          if (!whyNoIsotypicBasis(spec).empty())
            continue;
          EXPECT_EQ(totalsOf(spec).rank,
                    static_cast<int64_t>(countBasis(group, n, l, k).value))
              << nameOf(spec);
          ++seen;
        }
  EXPECT_GE(seen, 200);
}

// Multiply-adds by hand from the dimensions and multiplicities of O(3): 2 -> 2
// has 1 + 3 + 5, 3 -> 3 has 3 * 9 + 5 * 4 + 7 + 1, 4 -> 4 has 9 + 5 * 36 + 3 *
// 36
// + 7 * 9 + 9. The entries of dense blocks of parity classes are the bounds.
TEST(IsotypicPlan, CostsOfOrthogonalLayers) {
  const Totals two = totalsOf(makeLayer(Group::O, 3, 2, 2));
  EXPECT_EQ(two.multiplyAdds, 9);
  EXPECT_LE(two.read, 3 * 3 + 3 * 2 * 2);
  const Totals three = totalsOf(makeLayer(Group::O, 3, 3, 3));
  EXPECT_EQ(three.multiplyAdds, 55);
  EXPECT_LE(three.read, 183);
  EXPECT_LE(three.write, 183);
  const Totals four = totalsOf(makeLayer(Group::O, 3, 4, 4));
  EXPECT_EQ(four.multiplyAdds, 369);
  EXPECT_EQ(four.rank, 91);
  EXPECT_LE(four.read, 1641);
  EXPECT_LE(four.write, 1641);
}

TEST(IsotypicPlan, RefusesWhatIsTooLarge) {
  EXPECT_EQ(whyNoIsotypicBasis(makeLayer(Group::S, -1, 2, 2)),
            "n is given at run time");
  EXPECT_EQ(whyNoIsotypicBasis(makeLayer(Group::S, 33, 1, 2)),
            "its tensors have more than 1024 positions");
  EXPECT_EQ(whyNoIsotypicBasis(makeLayer(Group::S, 17, 2, 2)),
            "its inputs and outputs have more than 256 positions");
  LayerSpec spec;
  spec.group = Group::O;
  spec.n = 2;
  spec.k = spec.l = 6;
  EXPECT_EQ(whyNoIsotypicBasis(spec),
            "more than 5000 diagrams split its tensors");
  std::string refused;
  EXPECT_FALSE(buildIsotypicPlan(makeLayer(Group::S, 33, 1, 2), refused));
  EXPECT_FALSE(refused.empty());
}

TEST(RowTransform, ComponentsCoverEveryEntryOnce) {
  std::string refused;
  const auto plan = buildIsotypicPlan(makeLayer(Group::O, 3, 3, 3), refused);
  ASSERT_TRUE(plan);
  for (const RowTransform *transform : {&plan->read, &plan->write}) {
    std::vector<SparseVector> rows(transform->rows.size());
    std::set<int64_t> targets, sources;
    for (const RowComponentClass &shape : classifyComponents(*transform))
      for (const RowComponent &component : shape.components) {
        EXPECT_EQ(static_cast<int64_t>(component.sources.size()),
                  shape.numSources);
        ASSERT_EQ(component.targets.size(), shape.pattern.size());
        for (int64_t source : component.sources)
          EXPECT_TRUE(sources.insert(source).second);
        size_t next = 0;
        for (size_t t = 0; t < shape.pattern.size(); ++t) {
          EXPECT_TRUE(targets.insert(component.targets[t]).second);
          for (int source : shape.pattern[t])
            rows[component.targets[t]].push_back(
                {component.sources[source], component.coefficients[next++]});
        }
        EXPECT_EQ(next, component.coefficients.size());
      }
    EXPECT_EQ(rows, transform->rows);
    EXPECT_EQ(targets.size(), transform->rows.size());
  }
}

// The copies of a kind are images of one vector u, so their scalar products are
// known. Closed forms, see the comments.
TEST(SchurCondition, IsThatOfTheCopies) {
  auto conditionOf = [](Group group, int64_t n, int k, int l) {
    std::string refused;
    const auto plan =
        buildIsotypicPlan(makeLayer(group, n, k, l, 1, 1), refused);
    EXPECT_TRUE(plan) << refused;
    return plan ? plan->condition : 0;
  };
  // One copy of each kind, or orthogonal ones.
  EXPECT_NEAR(conditionOf(Group::O, 3, 2, 2), 1, 1e-12);
  EXPECT_NEAR(conditionOf(Group::S, 7, 1, 1), 1, 1e-12);
  EXPECT_NEAR(conditionOf(Group::SO, 2, 1, 1), 1, 1e-12);
  EXPECT_NEAR(conditionOf(Group::SO, 4, 2, 2), 1, 1e-12);
  // Vectors in tensors of order 3, delta_ab u_c: squares n, products 1, so
  // eigenvalues n + 2 and n - 1; the condition is the root of their quotient.
  EXPECT_NEAR(conditionOf(Group::O, 3, 1, 3), std::sqrt(5.0 / 2), 1e-12);
  EXPECT_NEAR(conditionOf(Group::O, 5, 3, 1), std::sqrt(7.0 / 4), 1e-12);
  // With forms for deltas n takes its sign: n - 2 and n + 1.
  EXPECT_NEAR(conditionOf(Group::Sp, 4, 1, 3), std::sqrt(5.0 / 2), 1e-12);
  // 3 -> 3 has two more copies of mixed symmetry, 60 degrees apart: 3/2 and
  // 1/2, on either side.
  EXPECT_NEAR(conditionOf(Group::O, 3, 3, 3), 3, 1e-12);
  EXPECT_NEAR(conditionOf(Group::Sp, 4, 3, 3), 3, 1e-12);
  // Symmetric matrices without trace in tensors of order 4, delta_ab u_cd:
  // squares n, products 1 for pairs that share an axis, whose graph is the
  // octahedron with eigenvalues 4, 0, -2.
  EXPECT_NEAR(conditionOf(Group::O, 3, 4, 4), 7.0 / 1, 1e-11);
  // u_i and u_j where i != j, with sum u = 0: squares n - 1, product -1; and
  // the diagonal apart.
  EXPECT_NEAR(conditionOf(Group::S, 4, 2, 2), 4.0 / 2, 1e-12);
  EXPECT_NEAR(conditionOf(Group::S, 9, 2, 2), 9.0 / 7, 1e-12);
  EXPECT_NEAR(conditionOf(Group::S, 9, 1, 2), std::sqrt(9.0 / 7), 1e-12);
}

// Of a list only the copies that it uses count.
TEST(SchurCondition, LeavesOutCopiesThatAreNotUsed) {
  LayerSpec spec = makeLayer(Group::S, 4, 1, 2, 1, 1);
  spec.choice = DiagramChoice::List;
  spec.diagrams = {std::get<Diagram>(parseDiagram("o1 o2 i1", 2, 1))};
  std::string refused;
  const auto plan = buildIsotypicPlan(spec, refused);
  ASSERT_TRUE(plan) << refused;
  EXPECT_NEAR(plan->condition, 1, 1e-12);
}
