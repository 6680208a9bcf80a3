//===- GradientTest.cpp - The backward oracle -----------------------------===//

#include "test/Check/TestLayers.h"

using namespace eqc;
using namespace eqc::test;

TEST(Gradient, AdjointIdentities) {
  // Without bias the layer is bilinear: <gy, L(x)> = <gx, x> = <gw, w>; the
  // bias alone gives <gy, L(0)> = <gb, b>.
  Random random(6);
  const int64_t batch = 3;
  forEachSmallLayer([&](const LayerSpec &spec) {
    SCOPED_TRACE(describe(spec));
    auto x = randomValues(xSize(spec, spec.n, batch), random);
    auto w = randomValues(weightSize(spec), random);
    auto b = randomValues(biasSize(spec), random);
    auto gy = randomValues(ySize(spec, spec.n, batch), random);
    const std::vector<double> noBias(b.size(), 0.0), noInput(x.size(), 0.0);

    auto gradients =
        oracleBackward(spec, spec.n, batch, x.data(), w.data(), gy.data());
    auto y =
        oracleForward(spec, spec.n, batch, x.data(), w.data(), noBias.data());
    double expected = dot(gy, y);
    double tolerance = 1e-12 * (1 + std::sqrt(dot(gy, gy) * dot(y, y)));
    EXPECT_NEAR(dot(gradients.x, x), expected, tolerance);
    EXPECT_NEAR(dot(gradients.weight, w), expected, tolerance);

    auto constant =
        oracleForward(spec, spec.n, batch, noInput.data(), w.data(), b.data());
    EXPECT_NEAR(dot(gradients.bias, b), dot(gy, constant),
                1e-12 * (1 + std::abs(dot(gy, constant))));
  });
}

TEST(Gradient, FiniteDifferences) {
  // The loss is multilinear in each argument, so central differences with step
  // 1 are exact up to rounding, element by element.
  Random random(7);
  const int64_t batch = 2;
  for (const auto &[group, size, k, l] :
       {std::tuple(Group::S, 3, 2, 1), std::tuple(Group::O, 2, 1, 3),
        std::tuple(Group::SO, 3, 2, 1), std::tuple(Group::SO, 2, 1, 3),
        std::tuple(Group::Sp, 2, 3, 1)}) {
    const int64_t n = size;
    LayerSpec spec = makeLayer(group, n, k, l, 2, 2);
    SCOPED_TRACE(describe(spec));
    spec.normalize = Normalize::Mean;
    spec.layout = k == 2 ? Layout::ChannelsFirst : Layout::ChannelsLast;
    auto x = randomValues(xSize(spec, n, batch), random);
    auto w = randomValues(weightSize(spec), random);
    auto b = randomValues(biasSize(spec), random);
    auto gy = randomValues(ySize(spec, n, batch), random);
    auto loss = [&] {
      return dot(
          gy, definitionForward(spec, n, batch, x.data(), w.data(), b.data()));
    };
    auto gradients =
        oracleBackward(spec, n, batch, x.data(), w.data(), gy.data());
    auto compare = [&](std::vector<double> &argument,
                       const std::vector<double> &gradient) {
      ASSERT_EQ(argument.size(), gradient.size());
      for (size_t i = 0; i < argument.size(); ++i) {
        double value = argument[i];
        argument[i] = value + 1;
        double above = loss();
        argument[i] = value - 1;
        double below = loss();
        argument[i] = value;
        EXPECT_NEAR(gradient[i], (above - below) / 2, 1e-11);
      }
    };
    compare(x, gradients.x);
    compare(w, gradients.weight);
    compare(b, gradients.bias);
  }
}
