//===- ErrorsTest.cpp - Calls for ragged batches that are refused ---------===//

#include "test/Integration/Ragged/Layers.h"

#include <gtest/gtest.h>

using namespace eqc::test;

namespace {

/// Arrays of a batch that a refused call must leave alone.
class Errors : public testing::TestWithParam<const char *> {
protected:
  Errors() : batch(findLayer(GetParam()), {2, 1, 3}), layer(batch.layer) {
    n = batch.largest() + 2;
    x = batch.padX(batch.x, n, 0);
    gradY = batch.padY(batch.gradY, n, 0);
    y = batch.padY(batch.makeY(7), n, 7);
    gradX = batch.padX(batch.makeX(7), n, 7);
    gradWeight = batch.makeWeight(7);
    gradBias = batch.makeBias(7);
    all = {y, gradX, gradWeight, gradBias};
  }
  ~Errors() override {
    const std::vector<Array> after = {y, gradX, gradWeight, gradBias};
    EXPECT_TRUE(after == all) << "outputs were touched";
  }

  /// Wants all four functions to answer `status`.
  void expect(int status, const std::vector<int64_t> &sizes) {
    const auto count = static_cast<int64_t>(sizes.size());
    EXPECT_EQ(ragged(count, sizes.data()), status);
    EXPECT_EQ(padded(n, count, sizes.data()), status);
  }
  int ragged(int64_t count, const int64_t *sizes) {
    const int status =
        layer.forwardRagged(count, sizes, x.data(), batch.weight.data(),
                            batch.bias.data(), y.data());
    EXPECT_EQ(layer.backwardRagged(count, sizes, x.data(), batch.weight.data(),
                                   gradY.data(), gradX.data(),
                                   gradWeight.data(), gradBias.data()),
              status);
    return status;
  }
  int padded(int64_t extent, int64_t count, const int64_t *sizes) {
    const int status =
        layer.forwardPadded(extent, count, sizes, x.data(), batch.weight.data(),
                            batch.bias.data(), y.data());
    EXPECT_EQ(layer.backwardPadded(extent, count, sizes, x.data(),
                                   batch.weight.data(), gradY.data(),
                                   gradX.data(), gradWeight.data(),
                                   gradBias.data()),
              status);
    return status;
  }

  Batch batch;
  const Layer &layer;
  int64_t n;
  Array x, gradY, y, gradX, gradWeight, gradBias;
  std::vector<Array> all;
};

INSTANTIATE_TEST_SUITE_P(Ragged, Errors,
                         testing::Values("sets", "graphs", "turns", "forms"));

} // namespace

TEST_P(Errors, SizesOutOfRange) {
  expect(EQC_ERR_ARG, {2, -2, 2});
  EXPECT_EQ(padded(n, 2, std::vector<int64_t>{2, n + 2}.data()), EQC_ERR_ARG);
  EXPECT_EQ(ragged(2, std::vector<int64_t>{2, (int64_t(1) << 31) + 2}.data()),
            EQC_ERR_ARG);
  EXPECT_NE(
      strstr(eqc_last_error(), "'n[1]' is 2147483650, must be 0 to 2147483648"),
      nullptr)
      << eqc_last_error();
  // What is wrong counts before what is too large, wherever it stands.
  EXPECT_EQ(
      ragged(
          3,
          std::vector<int64_t>{int64_t(1) << 31, int64_t(1) << 31, -2}.data()),
      EQC_ERR_ARG);
}

TEST_P(Errors, OddSizes) {
  if (layer.unit() != 2)
    return;
  expect(EQC_ERR_ARG, {2, 3, 2});
  EXPECT_EQ(padded(n + 1, 1, batch.sizes.data()), EQC_ERR_ARG);
}

TEST_P(Errors, BatchAndExtent) {
  EXPECT_EQ(ragged(-1, batch.sizes.data()), EQC_ERR_ARG);
  EXPECT_EQ(padded(n, -1, batch.sizes.data()), EQC_ERR_ARG);
  const int64_t none[] = {0, 0};
  EXPECT_EQ(padded(0, 2, none), EQC_ERR_ARG);
  EXPECT_EQ(padded(-2, 2, none), EQC_ERR_ARG);
}

TEST_P(Errors, NoSizes) {
  EXPECT_EQ(ragged(3, nullptr), EQC_ERR_NULL);
  EXPECT_EQ(padded(n, 3, nullptr), EQC_ERR_NULL);
}

TEST_P(Errors, TooManyBytes) {
  if (layer.info->k < 2)
    return;
  const std::vector<int64_t> huge(2, int64_t(1) << 31);
  EXPECT_EQ(ragged(2, huge.data()), EQC_ERR_SIZE);
  EXPECT_EQ(padded(int64_t(1) << 31, 2, huge.data()), EQC_ERR_SIZE);
}

TEST_P(Errors, ManySamplesAreTooManyBytesTogether) {
  if (layer.info->k != 1)
    return;
  // 2^31 nodes of 12 bytes: three samples fit, and then the arrays are looked
  // at; 2^30 of them do not.
  const std::vector<int64_t> few(3, int64_t(1) << 31);
  EXPECT_EQ(layer.forwardRagged(3, few.data(), nullptr, batch.weight.data(),
                                batch.bias.data(), y.data()),
            EQC_ERR_NULL);
  EXPECT_EQ(layer.forwardPadded(int64_t(1) << 31, int64_t(1) << 30, few.data(),
                                x.data(), batch.weight.data(),
                                batch.bias.data(), y.data()),
            EQC_ERR_SIZE);
}

TEST_P(Errors, MissingArrays) {
  const int64_t *sizes = batch.sizes.data();
  void *w = batch.weight.data(), *b = batch.bias.data();
  EXPECT_EQ(layer.forwardRagged(3, sizes, nullptr, w, b, y.data()),
            EQC_ERR_NULL);
  EXPECT_EQ(layer.forwardRagged(3, sizes, x.data(), nullptr, b, y.data()),
            EQC_ERR_NULL);
  EXPECT_EQ(layer.forwardRagged(3, sizes, x.data(), w, b, nullptr),
            EQC_ERR_NULL);
  if (layer.info->bias_size > 0)
    EXPECT_EQ(layer.forwardPadded(n, 3, sizes, x.data(), w, nullptr, y.data()),
              EQC_ERR_NULL);
  EXPECT_EQ(layer.backwardPadded(n, 3, sizes, nullptr, w, gradY.data(), nullptr,
                                 gradWeight.data(), nullptr),
            EQC_ERR_NULL);
  EXPECT_EQ(layer.backwardRagged(3, sizes, x.data(), nullptr, gradY.data(),
                                 gradX.data(), nullptr, nullptr),
            EQC_ERR_NULL);
  EXPECT_EQ(layer.backwardRagged(3, sizes, x.data(), w, nullptr, gradX.data(),
                                 gradWeight.data(), nullptr),
            EQC_ERR_NULL);
}

TEST_P(Errors, OverlappingArrays) {
  int64_t *sizes = batch.sizes.data();
  void *w = batch.weight.data(), *b = batch.bias.data();
  EXPECT_EQ(layer.forwardRagged(3, sizes, x.data(), w, b, x.data()),
            EQC_ERR_ALIAS);
  EXPECT_EQ(layer.forwardRagged(3, sizes, x.data(), w, b, sizes),
            EQC_ERR_ALIAS);
  EXPECT_EQ(layer.forwardPadded(n, 3, sizes, x.data(), w, b, w), EQC_ERR_ALIAS);
  EXPECT_EQ(layer.backwardPadded(n, 3, sizes, x.data(), w, gradY.data(),
                                 gradX.data(), gradX.data(), nullptr),
            EQC_ERR_ALIAS);
  EXPECT_EQ(layer.backwardRagged(3, sizes, x.data(), w, gradY.data(), sizes,
                                 nullptr, nullptr),
            EQC_ERR_ALIAS);
}

// Samples without entries leave nothing to read.
TEST_P(Errors, ArraysWithoutElementsMayBeMissing) {
  const int64_t none[] = {0, 0};
  EXPECT_EQ(layer.forwardRagged(2, none, nullptr, nullptr, nullptr, nullptr),
            EQC_OK);
  Array zeros = batch.makeWeight();
  EXPECT_EQ(layer.backwardRagged(2, none, nullptr, nullptr, nullptr, nullptr,
                                 zeros.data(), nullptr),
            EQC_OK);
  EXPECT_EQ(zeros, batch.makeWeight(0));
}
