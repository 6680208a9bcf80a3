//===- Layers.cpp - Layers for batches of different sizes -----------------===//

#include "test/Integration/Ragged/Layers.h"

#include "layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace eqc::test;

template <typename T> static const T *in(const void *data) {
  return static_cast<const T *>(data);
}

#define EQC_GRADIENTS(T)                                                       \
  in<T>(x), in<T>(weight), in<T>(gradY), static_cast<T *>(gradX),              \
      static_cast<T *>(gradWeight), static_cast<T *>(gradBias)
#define EQC_GRADIENT_TYPES                                                     \
  const void *x, const void *weight, const void *gradY, void *gradX,           \
      void *gradWeight, void *gradBias
#define EQC_ARRAYS(T) in<T>(x), in<T>(weight), in<T>(bias), static_cast<T *>(y)
#define EQC_ARRAY_TYPES                                                        \
  const void *x, const void *weight, const void *bias, void *y
#define EQC_LAYER(NAME, T)                                                     \
  {#NAME,                                                                      \
   NAME##_info(),                                                              \
   [](int64_t n, int64_t batch, EQC_ARRAY_TYPES) {                             \
     return NAME##_forward(n, batch, EQC_ARRAYS(T));                           \
   },                                                                          \
   [](int64_t n, int64_t batch, EQC_GRADIENT_TYPES) {                          \
     return NAME##_backward(n, batch, EQC_GRADIENTS(T));                       \
   },                                                                          \
   [](int64_t batch, const int64_t *n, EQC_ARRAY_TYPES) {                      \
     return NAME##_forward_ragged(batch, n, EQC_ARRAYS(T));                    \
   },                                                                          \
   [](int64_t batch, const int64_t *n, EQC_GRADIENT_TYPES) {                   \
     return NAME##_backward_ragged(batch, n, EQC_GRADIENTS(T));                \
   },                                                                          \
   [](int64_t n, int64_t batch, const int64_t *sizes, EQC_ARRAY_TYPES) {       \
     return NAME##_forward_padded(n, batch, sizes, EQC_ARRAYS(T));             \
   },                                                                          \
   [](int64_t n, int64_t batch, const int64_t *sizes, EQC_GRADIENT_TYPES) {    \
     return NAME##_backward_padded(n, batch, sizes, EQC_GRADIENTS(T));         \
   }}

const std::vector<Layer> &eqc::test::allLayers() {
  static const std::vector<Layer> layers = {
      EQC_LAYER(example, float), EQC_LAYER(example_mean, float),
      EQC_LAYER(sets, float),    EQC_LAYER(sets_first, double),
      EQC_LAYER(graphs, float),  EQC_LAYER(graphs_first, float),
      EQC_LAYER(pool, float),    EQC_LAYER(spread, float),
      EQC_LAYER(point, float),   EQC_LAYER(lift, double),
      EQC_LAYER(turns, double),  EQC_LAYER(forms, float),
  };
  return layers;
}

const Layer &eqc::test::findLayer(const std::string &name) {
  for (const Layer &layer : allLayers())
    if (layer.name == name)
      return layer;
  ADD_FAILURE() << "no layer " << name;
  return allLayers().front();
}

static int64_t power(int64_t n, int64_t order) {
  int64_t result = 1;
  while (order-- > 0)
    result *= n;
  return result;
}

static Array random(bool isF32, int64_t size, std::mt19937 &generator) {
  Array array(isF32, size);
  std::uniform_real_distribution<double> values(-1, 1);
  for (int64_t i = 0; i < size; ++i)
    array.set(i, values(generator));
  return array;
}

Batch::Batch(const Layer &layer, std::vector<int64_t> inUnits)
    : layer(layer), sizes(std::move(inUnits)) {
  std::mt19937 generator(1);
  const eqc_layer_info &info = *layer.info;
  int64_t xs = 0, ys = 0;
  for (int64_t &n : sizes) {
    n *= layer.unit();
    xs += power(n, info.k) * info.c_in;
    ys += power(n, info.l) * info.c_out;
  }
  x = random(layer.isF32(), xs, generator);
  gradY = random(layer.isF32(), ys, generator);
  weight = random(layer.isF32(), info.weight_size, generator);
  bias = random(layer.isF32(), info.bias_size, generator);
  runSamples();
}

/// Elements `first` to `first + count - 1`.
static Array slice(const Array &of, bool isF32, int64_t first, int64_t count) {
  Array result(isF32, count);
  for (int64_t i = 0; i < count; ++i)
    result.set(i, of.get(first + i));
  return result;
}

/// What the definition says of a sample without entries: its sums are zero.
void Batch::runSamples() {
  const eqc_layer_info &info = *layer.info;
  const bool isF32 = layer.isF32();
  gradWeight.assign(info.weight_size, 0);
  gradBias.assign(info.bias_size, 0);
  y = Array(isF32, 0);
  gradX = Array(isF32, 0);
  int64_t xAt = 0, yAt = 0;
  for (int64_t n : sizes) {
    const int64_t xs = power(n, info.k) * info.c_in;
    const int64_t ys = power(n, info.l) * info.c_out;
    Array sampleX = slice(x, isF32, xAt, xs);
    Array sampleGradY = slice(gradY, isF32, yAt, ys);
    Array sampleY(isF32, ys), sampleGradX(isF32, xs);
    Array w(isF32, info.weight_size), b(isF32, info.bias_size);
    if (n > 0 || (info.k == 0 && info.l == 0)) {
      const int64_t size = n > 0 ? n : layer.unit();
      EXPECT_EQ(layer.forward(size, 1, sampleX.data(), weight.data(),
                              bias.data(), sampleY.data()),
                EQC_OK);
      EXPECT_EQ(layer.backward(size, 1, sampleX.data(), weight.data(),
                               sampleGradY.data(), sampleGradX.data(), w.data(),
                               b.data()),
                EQC_OK);
    } else if (info.l == 0) {
      for (int64_t i = 0; i < info.bias_size; ++i) {
        sampleY.set(i, bias.get(i));
        b.set(i, sampleGradY.get(i));
      }
    }
    y.append(sampleY);
    gradX.append(sampleGradX);
    for (int64_t i = 0; i < info.weight_size; ++i)
      gradWeight[i] += w.get(i);
    for (int64_t i = 0; i < info.bias_size; ++i)
      gradBias[i] += b.get(i);
    xAt += xs;
    yAt += ys;
  }
}

int64_t Batch::largest() const {
  return sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
}

Array Batch::make(int64_t size, double value) const {
  Array array(layer.isF32(), size);
  array.fill(value);
  return array;
}

Array Batch::pad(const Array &packed, int64_t order, int64_t channels,
                 int64_t n, double outside) const {
  Array padded = make(count() * power(n, order) * channels, outside);
  int64_t from = 0;
  for (int64_t s = 0; s < count(); ++s) {
    const int64_t size = sizes[s];
    for (int64_t i = 0; i < power(size, order) * channels; ++i) {
      int64_t position =
          layer.channelsLast() ? i / channels : i % power(size, order);
      const int64_t channel =
          layer.channelsLast() ? i % channels : i / power(size, order);
      int64_t place = 0, stride = 1;
      for (int64_t axis = 0; axis < order; ++axis) {
        place += position % size * stride;
        position /= size;
        stride *= n;
      }
      const int64_t to = layer.channelsLast()
                             ? (s * stride + place) * channels + channel
                             : (s * channels + channel) * stride + place;
      padded.set(to, packed.get(from + i));
    }
    from += power(size, order) * channels;
  }
  return padded;
}

template <typename Expected>
static double relativeError(const Array &got, int64_t size, Expected expected) {
  if (got.size() != size)
    return std::numeric_limits<double>::infinity();
  double error = 0, scale = 0;
  for (int64_t i = 0; i < size; ++i) {
    const double difference = std::abs(got.get(i) - expected(i));
    if (!(difference <= std::numeric_limits<double>::max()))
      return std::numeric_limits<double>::infinity();
    error = std::max(error, difference);
    scale = std::max(scale, std::abs(expected(i)));
  }
  return error / (scale > 0 ? scale : 1);
}

double eqc::test::errorOf(const Array &got, const Array &expected) {
  return relativeError(got, expected.size(),
                       [&](int64_t i) { return expected.get(i); });
}

double eqc::test::errorOf(const Array &got,
                          const std::vector<double> &expected) {
  return relativeError(got, static_cast<int64_t>(expected.size()),
                       [&](int64_t i) { return expected[i]; });
}

const std::vector<std::vector<int64_t>> &eqc::test::sizeLists() {
  static const std::vector<std::vector<int64_t>> lists = [] {
    std::vector<std::vector<int64_t>> all = {
        {3},
        {0},
        {0, 0, 0},
        {2, 1},
        {0, 3, 3, 1, 0, 4, 2, 2, 2, 0},
        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5},
        {13, 1, 2},
        {30, 1, 9, 9, 1},
        {4, 12, 12, 3, 3, 3, 3, 1},
    };
    std::vector<int64_t> many;
    for (int64_t i = 0; i < 90; ++i)
      many.push_back(i * i % 7);
    all.push_back(many);
    return all;
  }();
  return lists;
}
