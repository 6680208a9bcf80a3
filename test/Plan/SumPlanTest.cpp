//===- SumPlanTest.cpp - Plans of axes of sums of spaces ------------------===//

#include "Support.h"

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Shared/EvaluateShared.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Axes of spaces or, by the numbers after theirs, of sums; those of duals have
/// kDualAxis added.
LayerSpec makeLayer(const std::vector<Space> &spaces,
                    const std::vector<SpaceSum> &sums, std::vector<int> outputs,
                    std::vector<int> inputs) {
  LayerSpec spec;
  spec.name = "layer";
  spec.typed = true;
  spec.group = Group::product(spaces, sums);
  spec.n = sizeOfProduct(spec.group);
  for (auto [axes, duals] :
       {std::pair(&outputs, &spec.yDuals), std::pair(&inputs, &spec.xDuals)})
    for (int &axis : *axes) {
      duals->push_back(axis >= kDualAxis);
      axis %= kDualAxis;
    }
  spec.l = static_cast<int>(outputs.size());
  spec.k = static_cast<int>(inputs.size());
  spec.yAxes = outputs;
  spec.xAxes = inputs;
  spec.cIn = 2;
  spec.cOut = 3;
  auto keep = [&](std::vector<Diagram> &into, bool ofBias) {
    forEachDiagram({spec.group, spec.n, spec.l, ofBias ? 0 : spec.k,
                    spec.axes(ofBias), spec.duals(ofBias)},
                   [&](const Diagram &diagram) {
                     into.push_back(diagram);
                     return true;
                   });
  };
  keep(spec.diagrams, false);
  keep(spec.biasDiagrams, true);
  spec.bias = !spec.biasDiagrams.empty();
  return spec;
}

const Space a{"a", Group::S, 2}, b{"b", Group::S, 3}, one{"one", Group::S, 1},
    xyz{"xyz", Group::SO, 3}, turn{"turn", Group::O, 3},
    phase{"phase", Group::Sp, 4}, three{"three", Group::A, 3},
    event{"event", Group(Family::O, 1, 2), 3}, v{"V", Group::GL, 3},
    w{"W", Group::GL, 2};

constexpr int dual = kDualAxis;

std::vector<LayerSpec> layers() {
  return {
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2}, {2}),
      makeLayer({a, b}, {{"ba", {1, 0}}}, {2, 2}, {2}),
      makeLayer({a, b}, {{"ba", {1, 0}}}, {2}, {2, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2, 2}, {2, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {}, {2, 2, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2, 2, 2}, {}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {0}, {1, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2, 1}, {0}),
      makeLayer({b}, {{"bb", {0, 0}}}, {1}, {1, 0}),
      makeLayer({b}, {{"bb", {0, 0}}}, {1, 1}, {1}),
      makeLayer({one, a}, {{"oao", {0, 1, 0}}}, {2}, {2, 2}),
      makeLayer({a, b, one}, {{"abo", {0, 1, 2}}}, {3, 3}, {3}),
      makeLayer({a, turn}, {{"at", {0, 1}}}, {2}, {2}),
      makeLayer({turn, a}, {{"ta", {0, 1}}}, {2, 2}, {2, 2}),
      makeLayer({one, xyz}, {{"sv", {0, 1}}}, {2}, {2, 2}),
      makeLayer({one, xyz}, {{"sv", {0, 1}}}, {2, 2}, {2, 2}),
      makeLayer({a, xyz}, {{"av", {1, 0}}}, {0, 2}, {2, 1}),
      makeLayer({phase, a}, {{"pa", {0, 1}}}, {2, 2}, {2}),
      makeLayer({event, a}, {{"ea", {0, 1}}}, {2}, {2, 2}),
      makeLayer({three, b}, {{"tb", {0, 1}}}, {2}, {2}),
      makeLayer({three, b}, {{"tb", {1, 0}}}, {2}, {2, 2}),
      makeLayer({a, b, turn}, {{"ab", {0, 1}}, {"tb", {2, 1}}}, {3, 0}, {4, 3}),
      makeLayer({v, w}, {{"VW", {0, 1}}}, {2}, {2 + dual, 2, 2}),
      makeLayer({v, w}, {{"VW", {0, 1}}}, {2 + dual, 0}, {0, 2 + dual}),
  };
}

std::string name(const LayerSpec &spec) {
  std::string text = groupName(spec.group) + ":";
  for (int axis : spec.yAxes)
    text += " " + std::to_string(axis);
  text += " <-";
  for (int axis : spec.xAxes)
    text += " " + std::to_string(axis);
  return text;
}

template <typename Check> void forLayers(const Check &check) {
  Random random(7);
  for (LayerSpec spec : layers())
    for (Normalize normalize : {Normalize::None, Normalize::Mean}) {
      spec.normalize = normalize;
      const auto x =
          randomVector(random, inputPositions(spec, spec.n) * spec.cIn);
      const auto weight =
          randomVector(random, spec.diagrams.size() * spec.cIn * spec.cOut);
      const auto bias =
          randomVector(random, spec.biasDiagrams.size() * spec.cOut);
      const auto y = definitionForward(spec, spec.n, 1, x.data(), weight.data(),
                                       bias.data());
      check(spec, x, weight, bias, y);
    }
}

} // namespace

TEST(SumPlan, OraclesAgree) {
  forLayers([](const LayerSpec &spec, const auto &x, const auto &weight,
               const auto &bias, const auto &y) {
    EXPECT_LE(relativeError(oracleForward(spec, spec.n, 1, x.data(),
                                          weight.data(), bias.data()),
                            y),
              1e-12)
        << name(spec);
  });
}

TEST(SumPlan, SharedAgrees) {
  forLayers([](const LayerSpec &spec, const auto &x, const auto &weight,
               const auto &bias, const auto &y) {
    for (ReadOrder order : {ReadOrder::First, ReadOrder::Cheapest})
      EXPECT_LE(relativeError(evaluateSharedPlan(buildSharedPlan(spec, order),
                                                 spec.n, spec.cIn, spec.cOut, x,
                                                 weight, bias),
                              y),
                1e-12)
          << name(spec);
  });
}

TEST(SumPlan, DenseAgrees) {
  forLayers([](const LayerSpec &spec, const auto &x, const auto &weight,
               const auto &bias, const auto &y) {
    const DensePlan plan = buildDensePlan(spec);
    const auto matrix = assembleDense(plan, spec, weight);
    auto got = assembleDenseBias(plan, spec, bias);
    for (int64_t row = 0; row < plan.rows; ++row)
      for (int64_t column = 0; column < plan.columns; ++column)
        got[column] += x[row] * matrix[row * plan.columns + column];
    EXPECT_LE(relativeError(got, y), 1e-12) << name(spec);
  });
}

// The transposed layer, with weights that the flips lead to.
TEST(SumPlan, GradientsOfXAgree) {
  Random random(9);
  for (LayerSpec spec : layers())
    for (Normalize normalize : {Normalize::None, Normalize::Mean}) {
      spec.normalize = normalize;
      spec.bias = false;
      spec.biasDiagrams.clear();
      const auto x =
          randomVector(random, inputPositions(spec, spec.n) * spec.cIn);
      const auto gradY =
          randomVector(random, outputPositions(spec, spec.n) * spec.cOut);
      const auto weight =
          randomVector(random, spec.diagrams.size() * spec.cIn * spec.cOut);
      const auto expected = oracleBackward(spec, spec.n, 1, x.data(),
                                           weight.data(), gradY.data());
      std::vector<double> flipped(weight.size());
      for (size_t d = 0; d < spec.diagrams.size(); ++d) {
        const FlipFactor flip = flipFactor(spec, spec.diagrams[d]);
        double factor = flip.sign;
        for (size_t c = 0; c < flip.of.size(); ++c)
          factor *= std::pow(spec.group.spaces()[c].n, -flip.of[c]);
        for (int64_t ci = 0; ci < spec.cIn; ++ci)
          for (int64_t co = 0; co < spec.cOut; ++co)
            flipped[(d * spec.cOut + co) * spec.cIn + ci] =
                factor * weight[(d * spec.cIn + ci) * spec.cOut + co];
      }
      const LayerSpec layer = gradientLayer(spec);
      EXPECT_LE(relativeError(evaluateSharedPlan(buildSharedPlan(layer), spec.n,
                                                 layer.cIn, layer.cOut, gradY,
                                                 flipped, {}),
                              expected.x),
                1e-12)
          << name(spec);
    }
}

// No slice of x or y is copied, each of y is written once, and sums of x are
// shared by all diagrams that have them.
TEST(SumPlan, SlicesLieWhereTheyAre) {
  const LayerSpec spec = makeLayer({{"a", Group::S, 10}, {"b", Group::S, 20}},
                                   {{"ab", {0, 1}}}, {2}, {2});
  const SharedPlan plan = buildSharedPlan(spec);
  EXPECT_EQ(plan.stored.size(), 2u); // the sums over a and over b
  EXPECT_EQ(plan.storedRows, Poly(2));
  EXPECT_EQ(plan.nodeRows, Poly(2)); // what is spread over a and over b
  const PlanCost cost = costOf(plan);
  EXPECT_EQ(cost.readAdditions(), Poly(9 + 19));
  // Every entry with its own slice's weight, and the sums with four.
  EXPECT_EQ(cost.multiplyAdds(), Poly(10 + 20 + 4));
  Poly written;
  for (const SharedStage &stage : plan.stages)
    if (const auto *mix = std::get_if<MixStage>(&stage);
        mix && mix->target == PlanArray::Output) {
      ASSERT_EQ(mix->targets.size(), 1u);
      EXPECT_EQ(mix->targets[0].fromInput.size(), 1u);
      EXPECT_EQ(mix->targets[0].target.offset,
                mix->targets[0].fromInput[0].view.offset);
      written += productOf(mix->lengths);
    }
  EXPECT_EQ(written, Poly(30));
}

TEST(SumPlan, GradientsOfWeightsCopyNoSlices) {
  const LayerSpec spec = makeLayer({{"a", Group::S, 10}, {"b", Group::S, 20}},
                                   {{"ab", {0, 1}}}, {2, 2}, {2});
  const GradientPlan plan = buildGradientPlan(spec);
  for (const SharedPlan *side : {&plan.x, &plan.gradY})
    for (const RowPattern &pattern : side->stored)
      EXPECT_FALSE(isIdentity(pattern)) << toString(pattern);
}

TEST(SumPlan, WhatOtherPlansSay) {
  const LayerSpec spec = makeLayer({a, b}, {{"ab", {0, 1}}}, {2}, {2});
  EXPECT_EQ(FactoredRules.whyNot(spec).why,
            "axes of sums are not built yet in this plan");
  EXPECT_NE(SchurRules.whyNot(spec).why, "");
}
