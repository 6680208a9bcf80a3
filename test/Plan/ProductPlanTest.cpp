//===- ProductPlanTest.cpp - Plans of axes of several spaces --------------===//

#include "Support.h"

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Factored/EvaluateFactored.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Shared/EvaluateShared.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Of one space or more; axes of duals have kDualAxis added.
LayerSpec makeLayer(const std::vector<Space> &spaces, std::vector<int> outputs,
                    std::vector<int> inputs) {
  LayerSpec spec;
  spec.name = "layer";
  spec.typed = true;
  const bool isProduct = spaces.size() > 1;
  spec.group = isProduct ? Group::product(spaces) : spaces.front().group;
  spec.n = isProduct ? sizeOfProduct(spec.group) : spaces.front().n;
  for (auto [axes, duals] :
       {std::pair(&outputs, &spec.yDuals), std::pair(&inputs, &spec.xDuals)})
    for (int &axis : *axes) {
      duals->push_back(axis >= kDualAxis);
      axis %= kDualAxis;
    }
  spec.l = static_cast<int>(outputs.size());
  spec.k = static_cast<int>(inputs.size());
  if (isProduct) {
    spec.yAxes = outputs;
    spec.xAxes = inputs;
  }
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
    xyz{"xyz", Group::SO, 3}, plane{"plane", Group::SO, 2},
    phase{"phase", Group::Sp, 4}, spins{"spins", Group::H, 3},
    ones{"ones", Group::B, 3}, signs{"signs", Group(Family::SPrime), 2},
    event{"event", Group(Family::O, 1, 1), 2},
    boost{"boost", Group(Family::SO, 1, 2), 3}, turn{"turn", Group::O, 3},
    v{"V", Group::GL, 3}, w{"W", Group::GL, 2};

constexpr int dual = kDualAxis;

std::vector<LayerSpec> layers() {
  return {
      makeLayer({a, b}, {0, 1}, {0, 1}),
      makeLayer({a, b}, {1, 0}, {0, 1}),
      makeLayer({a, b}, {0, 1, 0}, {1, 0, 1}),
      makeLayer({a, b}, {}, {0, 1, 1}),
      makeLayer({a, b}, {0, 1, 1}, {}),
      makeLayer({a, b, one}, {0, 2, 1}, {1, 2, 0}),
      makeLayer({a, one}, {0, 1, 1}, {1, 0, 1}),
      makeLayer({b, xyz}, {0, 1}, {0, 0, 1}),
      makeLayer({a, xyz}, {0, 1}, {0, 1, 1}),
      makeLayer({a, xyz}, {1, 0, 0}, {0, 1, 0, 1}),
      makeLayer({a, plane}, {1, 0}, {0, 1, 0}),
      makeLayer({a, plane}, {0, 1, 1}, {0, 0}),
      makeLayer({a, phase}, {0, 1}, {1, 0}),
      makeLayer({a, phase}, {1, 1, 0}, {0, 1, 1}),
      makeLayer({spins, ones}, {0, 1}, {0, 1, 1}),
      makeLayer({signs, ones}, {0, 1}, {1, 0}),
      makeLayer({a, event}, {0, 1, 1}, {1, 0, 1}),
      makeLayer({a, boost}, {0, 1}, {0, 1, 1}),
      makeLayer({turn, phase}, {0, 1}, {0, 1, 1, 1}),
      makeLayer({turn, event, a}, {0, 1, 2}, {2, 1, 0}),
      makeLayer({v}, {0}, {0, dual, 0}),
      makeLayer({v}, {0, dual}, {dual, 0}),
      makeLayer({v}, {dual, dual, 0}, {dual}),
      makeLayer({v}, {}, {0, dual, dual, 0}),
      makeLayer({v}, {dual, 0}, {}),
      makeLayer({w}, {dual, 0, 0}, {0, dual, 0}),
      makeLayer({w}, {0, 0, 0}, {0, 0, 0}),
      makeLayer({a, v}, {0, 1}, {1, 0, 1, 1 + dual}),
      makeLayer({w, v, a}, {1, 0, dual, 2}, {1, 2, dual, 0}),
  };
}

std::string name(const LayerSpec &spec) {
  std::string text = groupText(spec.group, spec.n) + ":";
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

TEST(ProductPlan, OraclesAgree) {
  forLayers([](const LayerSpec &spec, const auto &x, const auto &weight,
               const auto &bias, const auto &y) {
    EXPECT_LE(relativeError(oracleForward(spec, spec.n, 1, x.data(),
                                          weight.data(), bias.data()),
                            y),
              1e-12)
        << name(spec);
  });
}

TEST(ProductPlan, SharedAgrees) {
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

TEST(ProductPlan, FactoredAgrees) {
  forLayers([](const LayerSpec &spec, const auto &x, const auto &weight,
               const auto &bias, const auto &y) {
    const FactoredPlan plan = buildFactoredPlan(spec);
    FactoredCounts counts;
    EXPECT_LE(
        relativeError(evaluateFactoredPlan(plan, spec.n, spec.cIn, spec.cOut, x,
                                           weight, bias, &counts),
                      y),
        1e-12)
        << name(spec);
    int64_t expected = 0;
    for (const FactoredSteps &steps : plan.diagrams)
      expected += exactAdditions(steps.factored, spec.group, spec.n);
    EXPECT_EQ(counts.additions, expected) << name(spec);
  });
}

TEST(ProductPlan, DenseAgrees) {
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
TEST(ProductPlan, GradientsOfXAgree) {
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
        if (!spec.group.isProduct())
          factor *= std::pow(spec.n, -flip.divisions);
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

// nm + n + m + 1 multiply-adds per pair of channels, and sums over both axes.
TEST(ProductPlan, ExchangeableMatricesCostWhatTheyMust) {
  const LayerSpec spec =
      makeLayer({{"n", Group::S, 100}, {"m", Group::S, 50}}, {0, 1}, {0, 1});
  const PlanCost cost = costOf(buildSharedPlan(spec));
  EXPECT_EQ(cost.multiplyAdds(), Poly(100 * 50 + 100 + 50 + 1));
  EXPECT_EQ(cost.readAdditions(), Poly(100 * 49 + 99 * 50 + 49));
}
