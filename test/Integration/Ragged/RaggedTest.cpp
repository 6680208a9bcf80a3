//===- RaggedTest.cpp - Packed batches of different sizes -----------------===//

#include "test/Integration/Ragged/Layers.h"

#include "test/Integration/GuardedPages.h"

#include <gtest/gtest.h>

using namespace eqc::test;

namespace {

struct Gradients {
  Array x, weight, bias;
};

Array forward(const Batch &batch) {
  Array y = batch.makeY();
  Array x = batch.x, weight = batch.weight, bias = batch.bias;
  EXPECT_EQ(batch.layer.forwardRagged(batch.count(), batch.sizes.data(),
                                      x.data(), weight.data(), bias.data(),
                                      y.data()),
            EQC_OK)
      << batch.layer.name << ": " << eqc_last_error();
  return y;
}

Gradients backward(const Batch &batch) {
  Gradients got{batch.makeX(), batch.makeWeight(), batch.makeBias()};
  Array x = batch.x, weight = batch.weight, gradY = batch.gradY;
  EXPECT_EQ(batch.layer.backwardRagged(
                batch.count(), batch.sizes.data(), x.data(), weight.data(),
                gradY.data(), got.x.data(), got.weight.data(), got.bias.data()),
            EQC_OK)
      << batch.layer.name << ": " << eqc_last_error();
  return got;
}

template <typename Body> void forEachBatch(Body body) {
  for (const Layer &layer : allLayers())
    for (const std::vector<int64_t> &sizes : sizeLists()) {
      SCOPED_TRACE(layer.name + ", sizes " + testing::PrintToString(sizes));
      body(Batch(layer, sizes));
    }
}

} // namespace

TEST(Ragged, GivesTheValuesOfTheDefinition) {
  for (const char *name : {"example", "example_mean"}) {
    const bool mean = std::string(name) == "example_mean";
    const int64_t sizes[] = {2, 1};
    const float x[] = {1, 2, 5}, weight[] = {1, 10}, bias[] = {0.5f};
    float y[3] = {};
    ASSERT_EQ(findLayer(name).forwardRagged(2, sizes, x, weight, bias, y),
              EQC_OK);
    EXPECT_FLOAT_EQ(y[0], mean ? 16.5f : 31.5f);
    EXPECT_FLOAT_EQ(y[1], mean ? 17.5f : 32.5f);
    EXPECT_FLOAT_EQ(y[2], 55.5f);
  }
}

TEST(Ragged, SamplesAreComputedAsAlone) {
  forEachBatch([](const Batch &batch) {
    EXPECT_LE(errorOf(forward(batch), batch.y), batch.tolerance());
  });
}

TEST(Ragged, GradientsAreThoseOfTheSamples) {
  forEachBatch([](const Batch &batch) {
    const Gradients got = backward(batch);
    EXPECT_LE(errorOf(got.x, batch.gradX), batch.tolerance());
    EXPECT_LE(errorOf(got.weight, batch.gradWeight), batch.tolerance());
    EXPECT_LE(errorOf(got.bias, batch.gradBias), batch.tolerance());
  });
}

TEST(Ragged, OneSampleGivesTheBitsOfThePlainCall) {
  for (const Layer &layer : allLayers()) {
    const Batch batch(layer, {5});
    EXPECT_EQ(forward(batch), batch.y) << layer.name;
    EXPECT_EQ(backward(batch).x, batch.gradX) << layer.name;
  }
}

TEST(Ragged, AnyNumberOfThreadsGivesTheSameBits) {
  forEachBatch([](const Batch &batch) {
    ASSERT_EQ(eqc_set_num_threads(1), EQC_OK);
    const Array y = forward(batch);
    const Gradients gradients = backward(batch);
    for (int threads : {2, 3, 7}) {
      ASSERT_EQ(eqc_set_num_threads(threads), EQC_OK);
      EXPECT_EQ(forward(batch), y) << threads << " threads";
      const Gradients got = backward(batch);
      EXPECT_EQ(got.x, gradients.x) << threads << " threads";
      EXPECT_EQ(got.weight, gradients.weight) << threads << " threads";
      EXPECT_EQ(got.bias, gradients.bias) << threads << " threads";
    }
    ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
  });
}

// A runner of the program's own is asked whatever there is to do.
TEST(Ragged, TheCallersOwnLoopGivesTheSameBits) {
  auto lastToFirst = [](int64_t tasks, void (*task)(int64_t, void *), void *arg,
                        void *) {
    while (tasks-- > 0)
      task(tasks, arg);
    return 0;
  };
  forEachBatch([&](const Batch &batch) {
    const Array y = forward(batch);
    const Gradients gradients = backward(batch);
    ASSERT_EQ(eqc_set_num_threads(5), EQC_OK);
    ASSERT_EQ(eqc_set_parallel_for(lastToFirst, nullptr), EQC_OK);
    EXPECT_EQ(forward(batch), y);
    const Gradients got = backward(batch);
    EXPECT_EQ(got.x, gradients.x);
    EXPECT_EQ(got.weight, gradients.weight);
    EXPECT_EQ(got.bias, gradients.bias);
    ASSERT_EQ(eqc_set_parallel_for(nullptr, nullptr), EQC_OK);
    ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
  });
}

TEST(Ragged, SomeGradientsHaveTheBitsOfAll) {
  for (const Layer &layer : allLayers()) {
    Batch batch(layer, sizeLists()[4]);
    const Gradients all = backward(batch);
    for (int which = 0; which < 8; ++which) {
      SCOPED_TRACE(layer.name + ", gradients " + std::to_string(which));
      Gradients got{batch.makeX(), batch.makeWeight(), batch.makeBias()};
      ASSERT_EQ(layer.backwardRagged(batch.count(), batch.sizes.data(),
                                     which & 2 ? batch.x.data() : nullptr,
                                     which & 1 ? batch.weight.data() : nullptr,
                                     which ? batch.gradY.data() : nullptr,
                                     which & 1 ? got.x.data() : nullptr,
                                     which & 2 ? got.weight.data() : nullptr,
                                     which & 4 ? got.bias.data() : nullptr),
                EQC_OK);
      EXPECT_EQ(got.x, which & 1 ? all.x : batch.makeX());
      EXPECT_EQ(got.weight, which & 2 ? all.weight : batch.makeWeight());
      EXPECT_EQ(got.bias, which & 4 ? all.bias : batch.makeBias());
    }
  }
}

TEST(Ragged, NaNStaysInItsSample) {
  for (const Layer &layer : allLayers()) {
    Batch batch(layer, {2, 3, 3, 3, 2});
    const Array y = forward(batch), gradX = backward(batch).x;
    // All of the third sample.
    const auto spoil = [](Array &array, int64_t first, int64_t count) {
      for (int64_t i = first; i < first + count; ++i)
        array.set(i, kNaN);
    };
    const auto elements = [&](int64_t order, int64_t channels, int64_t n) {
      for (; order > 0; --order)
        channels *= n * layer.unit();
      return channels;
    };
    const eqc_layer_info &info = *layer.info;
    const int64_t x2 = elements(info.k, info.c_in, 2),
                  x3 = elements(info.k, info.c_in, 3),
                  y2 = elements(info.l, info.c_out, 2),
                  y3 = elements(info.l, info.c_out, 3);
    spoil(batch.x, x2 + x3, x3);
    spoil(batch.gradY, y2 + y3, y3);
    const Array spoiltY = forward(batch), spoiltX = backward(batch).x;
    for (int64_t i = 0; i < y.size(); ++i)
      if (i < y2 + y3 || i >= y2 + 2 * y3)
        ASSERT_EQ(spoiltY.get(i), y.get(i)) << layer.name << " y " << i;
    for (int64_t i = 0; i < gradX.size(); ++i)
      if (i < x2 + x3 || i >= x2 + 2 * x3)
        ASSERT_EQ(spoiltX.get(i), gradX.get(i)) << layer.name << " x " << i;
  }
}

// A stray access is a segmentation fault.
TEST(Ragged, NothingBesideTheArraysIsTouched) {
  for (const Layer &layer : allLayers())
    for (const std::vector<int64_t> &sizes : sizeLists())
      for (bool flush : {false, true}) {
        Batch batch(layer, sizes);
        GuardedPages x(batch.x.raw(), flush), weight(batch.weight.raw(), flush),
            bias(batch.bias.raw(), flush), gradY(batch.gradY.raw(), flush);
        for (GuardedPages *input : {&x, &weight, &bias, &gradY})
          input->makeReadOnly();
        GuardedPages y(batch.makeY().raw(), flush),
            gradX(batch.makeX().raw(), flush),
            gradWeight(batch.makeWeight().raw(), flush),
            gradBias(batch.makeBias().raw(), flush);
        ASSERT_EQ(layer.forwardRagged(batch.count(), batch.sizes.data(),
                                      x.data(), weight.data(), bias.data(),
                                      y.data()),
                  EQC_OK);
        ASSERT_EQ(layer.backwardRagged(batch.count(), batch.sizes.data(),
                                       x.data(), weight.data(), gradY.data(),
                                       gradX.data(), gradWeight.data(),
                                       gradBias.data()),
                  EQC_OK);
        EXPECT_TRUE(y.holds(forward(batch).raw())) << layer.name;
      }
}

TEST(Ragged, AnEmptyBatchGivesZero) {
  for (const Layer &layer : allLayers()) {
    const Batch batch(layer, {});
    Array weight = batch.makeWeight(), bias = batch.makeBias();
    EXPECT_EQ(
        layer.forwardRagged(0, nullptr, nullptr, nullptr, nullptr, nullptr),
        EQC_OK);
    EXPECT_EQ(layer.backwardRagged(0, nullptr, nullptr, nullptr, nullptr,
                                   nullptr, weight.data(), bias.data()),
              EQC_OK);
    EXPECT_EQ(weight, batch.makeWeight(0)) << layer.name;
    EXPECT_EQ(bias, batch.makeBias(0)) << layer.name;
  }
}
