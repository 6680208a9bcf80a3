//===- TypedLayers.cpp - Layers of axes of spaces, held against plans -----===//

#include "TypedLayers.h"

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Shared/EvaluateShared.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace eqc;
using namespace eqc::test;

LayerSpec test::makeLayer(const std::vector<Space> &spaces,
                          const std::vector<SpaceSum> &sums,
                          std::vector<int> outputs, std::vector<int> inputs) {
  LayerSpec spec;
  spec.name = "layer";
  spec.typed = true;
  const bool isProduct = spaces.size() > 1 || !sums.empty();
  spec.group = isProduct ? Group::product(spaces, sums) : spaces.front().group;
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

std::string test::name(const LayerSpec &spec) {
  std::string text = groupText(spec.group, spec.n) + ":";
  for (int axis : spec.yAxes)
    text += " " + std::to_string(axis);
  text += " <-";
  for (int axis : spec.xAxes)
    text += " " + std::to_string(axis);
  return text;
}

void test::forLayers(
    const std::vector<LayerSpec> &layers,
    llvm::function_ref<void(const LayerSpec &, const Values &, const Values &,
                            const Values &, const Values &)>
        check) {
  Random random(7);
  for (LayerSpec spec : layers)
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

/// Weights as plans that share their reads take them: means over orbits of
/// tuples are factors.
static Values dividedByOrbits(const LayerSpec &spec, Values weight) {
  const size_t ofDiagram = static_cast<size_t>(spec.cIn * spec.cOut);
  for (size_t i = 0; i < weight.size(); ++i)
    if (spec.normalize == Normalize::Mean)
      weight[i] /=
          static_cast<double>(spec.diagrams[i / ofDiagram].orbit.divisor);
  return weight;
}

void test::expectOraclesAgree(const std::vector<LayerSpec> &layers) {
  forLayers(layers, [](const LayerSpec &spec, const auto &x, const auto &weight,
                       const auto &bias, const auto &y) {
    EXPECT_LE(relativeError(oracleForward(spec, spec.n, 1, x.data(),
                                          weight.data(), bias.data()),
                            y),
              1e-12)
        << name(spec);
  });
}

void test::expectSharedAgrees(const std::vector<LayerSpec> &layers) {
  forLayers(layers, [](const LayerSpec &spec, const auto &x, const auto &weight,
                       const auto &bias, const auto &y) {
    for (ReadOrder order : {ReadOrder::First, ReadOrder::Cheapest})
      EXPECT_LE(
          relativeError(evaluateSharedPlan(buildSharedPlan(spec, order), spec.n,
                                           spec.cIn, spec.cOut, x,
                                           dividedByOrbits(spec, weight), bias),
                        y),
          1e-12)
          << name(spec);
  });
}

void test::expectDenseAgrees(const std::vector<LayerSpec> &layers) {
  forLayers(layers, [](const LayerSpec &spec, const auto &x, const auto &weight,
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

void test::expectGradientsOfXAgree(const std::vector<LayerSpec> &layers) {
  Random random(9);
  for (LayerSpec spec : layers)
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
      const Values divided = dividedByOrbits(spec, weight);
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
                factor * divided[(d * spec.cIn + ci) * spec.cOut + co];
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
