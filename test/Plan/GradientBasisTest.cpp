//===- GradientBasisTest.cpp - Gradients in an isotypic basis -------------===//

#include "Sample.h"

#include "compiler/Plan/Gradient/GradientPlan.h"

#include <gtest/gtest.h>

#include <map>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Rows of `channels` each, changed by a transform.
std::vector<double> apply(const RowTransform &transform,
                          const std::vector<double> &source, int64_t channels) {
  std::vector<double> target(transform.rows.size() * channels);
  for (size_t row = 0; row < transform.rows.size(); ++row)
    for (auto [from, factor] : transform.rows[row])
      for (int64_t c = 0; c < channels; ++c)
        target[row * channels + c] += factor * source[from * channels + c];
  return target;
}

/// Sums of multiples of matrices of `size` elements.
std::vector<double> unpack(const std::vector<PackedTerm> &terms,
                           const std::vector<double> &sums, int64_t size) {
  std::vector<double> result(terms.size() * size);
  for (size_t t = 0; t < terms.size(); ++t)
    for (const WeightedDiagram &term : terms[t])
      for (int64_t i = 0; i < size; ++i)
        result[t * size + i] += term.factor * sums[term.diagram * size + i];
  return result;
}

/// What the plan says that kernels do with one sample.
struct Evaluated {
  std::vector<double> weight, bias;
};
Evaluated evaluate(const LayerSpec &spec, const GradientPlan &plan,
                   const std::vector<double> &x,
                   const std::vector<double> &gradY) {
  const int64_t ins = spec.cIn, outs = spec.cOut;
  const std::vector<double> rows = apply(plan.basis->x, x, ins),
                            gradRows = apply(plan.basis->gradY, gradY, outs);
  std::vector<double> sums(plan.numTerms() * ins * outs),
      biasSums(plan.bias.size() * outs);
  for (const GradientStage &stage : plan.stages)
    for (const GradientTerm &term : stage.terms)
      for (int64_t r = 0; r < stage.subsets; ++r)
        for (int64_t ci = 0; ci < ins; ++ci)
          for (int64_t co = 0; co < outs; ++co)
            sums[(term.number * ins + ci) * outs + co] +=
                rows[(term.x.offset.at(spec.n) + r) * ins + ci] *
                gradRows[(term.gradY.offset.at(spec.n) + r) * outs + co];
  for (const BiasTerm &term : plan.bias)
    for (int64_t co = 0; co < outs; ++co)
      biasSums[term.row * outs + co] +=
          gradRows[term.gradY.offset.at(spec.n) * outs + co];
  return {unpack(plan.unpack->weight, sums, ins * outs),
          unpack(plan.unpack->bias, biasSums, outs)};
}

void checkGrid(Group group, const std::vector<int64_t> &sizes, Orders orders,
               int least) {
  Random random(23);
  bool mean = false;
  EXPECT_GE(
      forLayers(group, sizes, orders,
                [&](LayerSpec spec) {
                  SCOPED_TRACE(nameOf(spec));
                  spec.normalize = mean ? Normalize::Mean : Normalize::None;
                  mean = !mean;
                  std::string refused;
                  const auto isotypic = buildIsotypicPlan(spec, refused);
                  ASSERT_TRUE(isotypic) << refused;
                  const Sample sample(spec, spec.n, random);
                  const std::vector<double> gradY =
                      randomVector(random, sample.y.size());
                  const Evaluated got =
                      evaluate(spec, buildGradientPlan(spec, *isotypic),
                               sample.x, gradY);
                  const OracleGradients expected =
                      oracleBackward(spec, spec.n, 1, sample.x.data(),
                                     sample.weight.data(), gradY.data());
                  EXPECT_LE(relativeError(got.weight, expected.weight), 1e-12);
                  if (spec.bias)
                    EXPECT_LE(relativeError(got.bias, expected.bias), 1e-12);
                }),
      least);
}

} // namespace

TEST(GradientBasis, AgreesForPermutations) {
  checkGrid(Group::S, {1, 2, 3, 5}, {4, 5}, 60);
}
TEST(GradientBasis, AgreesForOrthogonalMaps) {
  checkGrid(Group::O, {1, 2, 3}, {4, 6}, 35);
}
TEST(GradientBasis, AgreesForRotations) {
  checkGrid(Group::SO, {2, 3}, {3, 6}, 20);
}
TEST(GradientBasis, AgreesForSymplecticMaps) {
  checkGrid(Group::Sp, {2, 4}, {4, 6}, 20);
}
TEST(GradientBasis, AgreesForGroupsOfFewerPartitions) {
  checkGrid(Group::H, {2, 3}, {3, 6}, 15);
  checkGrid(Group::B, {2, 3}, {3, 5}, 20);
}

TEST(GradientBasis, IsTakenWhereItSaves) {
  BuiltPlans built;
  const LayerSpec tensors = makeLayer(Group::O, 3, 4, 4, 32, 32);
  const GradientPlan inBasis =
      chooseGradientPlan(tensors, "isotypic", built, 256);
  ASSERT_TRUE(inBasis.basis);
  // 3^2 + 6^2 + 6^2 + 3^2 + 1 copies, of dimensions 1, 3, 5, 7 and 9.
  EXPECT_EQ(inBasis.numTerms(), 91);
  EXPECT_FALSE(chooseGradientPlan(tensors, "strands", built, 256).basis);
  EXPECT_FALSE(chooseGradientPlan(tensors, "", built, 256).basis);
  // Unpacking is once for a call: one sample does not pay for it.
  EXPECT_FALSE(chooseGradientPlan(tensors, "isotypic", built, 1).basis);
}

// The symmetries of its x and y are exchanged like its axes.
TEST(GradientLayer, HasTheOrbitsOfTransposedDiagrams) {
  using Member = std::pair<int, double>; // a weight and its factor
  for (const LayerSpec &spec :
       {withSymmetry(makeLayer(Group::S, 3, 3, 1), {"(1 2)"}, {}),
        withSymmetry(makeLayer(Group::S, 3, 1, 2), {}, {"-(1 2)"}),
        withSymmetry(makeLayer(Group::S, 3, 2, 2), {"-(1 2)"}, {"(1 2)"})}) {
    std::map<std::string, Member> expected, found;
    const MemberLayer layer = membersOf(spec),
                      flipped = membersOf(gradientLayer(spec));
    for (size_t d = 0; d < layer.weights.size(); ++d)
      for (const WeightedDiagram &weight : layer.weights[d])
        expected[toString(
            transpose(spec.group, layer.spec.diagrams[d]).diagram)] = {
            weight.diagram, weight.factor};
    for (size_t d = 0; d < flipped.weights.size(); ++d)
      for (const WeightedDiagram &weight : flipped.weights[d])
        found[toString(flipped.spec.diagrams[d])] = {weight.diagram,
                                                     weight.factor};
    EXPECT_EQ(found, expected);
    EXPECT_GT(found.size(), spec.diagrams.size());
  }
}
