//===- PaddedTest.cpp - Padded batches of different sizes -----------------===//

#include "test/Integration/GuardedPages.h"
#include "test/Integration/Ragged/Layers.h"

#include <gtest/gtest.h>

using namespace eqc::test;

namespace {

struct Results {
  Array y, gradX, gradWeight, gradBias;
  bool operator==(const Results &other) const {
    return y == other.y && gradX == other.gradX &&
           gradWeight == other.gradWeight && gradBias == other.gradBias;
  }
};

/// Both functions on axes of extent `n`, with NaN wherever nothing counts.
Results run(const Batch &batch, int64_t n) {
  const Layer &layer = batch.layer;
  Array x = batch.padX(batch.x, n, kNaN),
        gradY = batch.padY(batch.gradY, n, kNaN);
  Array weight = batch.weight, bias = batch.bias;
  Results got{batch.padY(batch.makeY(), n, kNaN),
              batch.padX(batch.makeX(), n, kNaN), batch.makeWeight(),
              batch.makeBias()};
  EXPECT_EQ(layer.forwardPadded(n, batch.count(), batch.sizes.data(), x.data(),
                                weight.data(), bias.data(), got.y.data()),
            EQC_OK)
      << eqc_last_error();
  EXPECT_EQ(layer.backwardPadded(n, batch.count(), batch.sizes.data(), x.data(),
                                 weight.data(), gradY.data(), got.gradX.data(),
                                 got.gradWeight.data(), got.gradBias.data()),
            EQC_OK)
      << eqc_last_error();
  return got;
}

/// Every batch in axes as large as its largest sample, and larger.
template <typename Body> void forEachBatch(Body body) {
  for (const Layer &layer : allLayers())
    for (const std::vector<int64_t> &sizes : sizeLists()) {
      const Batch batch(layer, sizes);
      for (int64_t more : {0, 1, 4}) {
        const int64_t n = batch.largest() + more * layer.unit();
        if (n < 1)
          continue;
        SCOPED_TRACE(layer.name + ", n = " + std::to_string(n) + ", sizes " +
                     testing::PrintToString(sizes));
        body(batch, n);
      }
    }
}

} // namespace

TEST(Padded, WhatIsOutsideIsNotReadAndWrittenAsZero) {
  forEachBatch([](const Batch &batch, int64_t n) {
    const Results got = run(batch, n);
    const Array y = batch.padY(batch.y, n, 0);
    const Array gradX = batch.padX(batch.gradX, n, 0);
    EXPECT_LE(errorOf(got.y, y), batch.tolerance());
    EXPECT_LE(errorOf(got.gradX, gradX), batch.tolerance());
    EXPECT_LE(errorOf(got.gradWeight, batch.gradWeight), batch.tolerance());
    EXPECT_LE(errorOf(got.gradBias, batch.gradBias), batch.tolerance());
    // Zero, not something small.
    const Array outsideY = batch.padY(batch.makeY(1), n, 0);
    for (int64_t i = 0; i < outsideY.size(); ++i)
      if (outsideY.get(i) == 0)
        ASSERT_EQ(got.y.get(i), 0) << i;
    const Array outsideX = batch.padX(batch.makeX(1), n, 0);
    for (int64_t i = 0; i < outsideX.size(); ++i)
      if (outsideX.get(i) == 0)
        ASSERT_EQ(got.gradX.get(i), 0) << i;
  });
}

TEST(Padded, AnyNumberOfThreadsGivesTheSameBits) {
  forEachBatch([](const Batch &batch, int64_t n) {
    ASSERT_EQ(eqc_set_num_threads(1), EQC_OK);
    const Results expected = run(batch, n);
    for (int threads : {2, 3, 7}) {
      ASSERT_EQ(eqc_set_num_threads(threads), EQC_OK);
      EXPECT_EQ(run(batch, n), expected) << threads << " threads";
    }
    ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
  });
}

TEST(Padded, GivesTheBitsOfPackedArrays) {
  forEachBatch([](const Batch &batch, int64_t n) {
    Array x = batch.x, weight = batch.weight, bias = batch.bias,
          gradY = batch.gradY, y = batch.makeY(), gradX = batch.makeX(),
          gradWeight = batch.makeWeight(), gradBias = batch.makeBias();
    ASSERT_EQ(batch.layer.forwardRagged(batch.count(), batch.sizes.data(),
                                        x.data(), weight.data(), bias.data(),
                                        y.data()),
              EQC_OK);
    ASSERT_EQ(batch.layer.backwardRagged(batch.count(), batch.sizes.data(),
                                         x.data(), weight.data(), gradY.data(),
                                         gradX.data(), nullptr, nullptr),
              EQC_OK);
    const Results got = run(batch, n);
    EXPECT_EQ(got.y, batch.padY(y, n, 0));
    EXPECT_EQ(got.gradX, batch.padX(gradX, n, 0));
  });
}

// x lies in pages that cannot be read where only other gradients need it.
TEST(Padded, SomeGradientsHaveTheBitsOfAll) {
  forEachBatch([](const Batch &batch, int64_t n) {
    const Layer &layer = batch.layer;
    const Results all = run(batch, n);
    Array gradY = batch.padY(batch.gradY, n, kNaN), weight = batch.weight;
    GuardedPages nothing({}, /*flushWithEnd=*/false);
    Array gradX = batch.padX(batch.makeX(), n, kNaN), bias = batch.makeBias();
    ASSERT_EQ(layer.backwardPadded(n, batch.count(), batch.sizes.data(),
                                   nothing.data(), weight.data(), gradY.data(),
                                   gradX.data(), nullptr, bias.data()),
              EQC_OK);
    EXPECT_EQ(gradX, all.gradX);
    EXPECT_EQ(bias, all.gradBias);
    Array x = batch.padX(batch.x, n, kNaN), gradWeight = batch.makeWeight();
    ASSERT_EQ(layer.backwardPadded(n, batch.count(), batch.sizes.data(),
                                   x.data(), nothing.data(), gradY.data(),
                                   nullptr, gradWeight.data(), nullptr),
              EQC_OK);
    EXPECT_EQ(gradWeight, all.gradWeight);
  });
}

// A stray access is a segmentation fault.
TEST(Padded, NothingBesideTheArraysIsTouched) {
  forEachBatch([](const Batch &batch, int64_t n) {
    for (bool flush : {false, true}) {
      const Layer &layer = batch.layer;
      GuardedPages x(batch.padX(batch.x, n, kNaN).raw(), flush),
          weight(batch.weight.raw(), flush), bias(batch.bias.raw(), flush),
          gradY(batch.padY(batch.gradY, n, kNaN).raw(), flush);
      for (GuardedPages *input : {&x, &weight, &bias, &gradY})
        input->makeReadOnly();
      GuardedPages y(batch.padY(batch.makeY(), n, kNaN).raw(), flush),
          gradX(batch.padX(batch.makeX(), n, kNaN).raw(), flush),
          gradWeight(batch.makeWeight().raw(), flush),
          gradBias(batch.makeBias().raw(), flush);
      ASSERT_EQ(layer.forwardPadded(n, batch.count(), batch.sizes.data(),
                                    x.data(), weight.data(), bias.data(),
                                    y.data()),
                EQC_OK);
      ASSERT_EQ(layer.backwardPadded(n, batch.count(), batch.sizes.data(),
                                     x.data(), weight.data(), gradY.data(),
                                     gradX.data(), gradWeight.data(),
                                     gradBias.data()),
                EQC_OK);
      const Results expected = run(batch, n);
      EXPECT_TRUE(y.holds(expected.y.raw()));
      EXPECT_TRUE(gradX.holds(expected.gradX.raw()));
    }
  });
}
