//===- Layers.cpp - The compiled layers of the tests ----------------------===//

#include "test/Integration/Layers/Layers.h"

#include "compiler/Algebra/Random.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Frontend/Frontend.h"

#include "layers.h"
#include "others.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eqc;
using namespace eqc::test;

static LayerSpec parseSpec(const eqc_layer_info *info) {
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(info->spec), llvm::SMLoc());
  FrontendResult result = parseLayers(sources, id, "spec", {}, diags);
  EXPECT_EQ(result.layers.size(), 1u) << info->spec;
  return result.layers.empty() ? LayerSpec() : result.layers.front();
}

template <typename T> static const T *in(const void *data) {
  return static_cast<const T *>(data);
}

#define EQC_LAYER(NAME, T, ...)                                                \
  {#NAME, NAME##_info(),                                                       \
   [](int64_t n, int64_t batch, const void *x, const void *weight,             \
      const void *bias, void *y) {                                             \
     (void)n;                                                                  \
     return NAME##_forward(__VA_ARGS__ batch, in<T>(x), in<T>(weight),         \
                           in<T>(bias), static_cast<T *>(y));                  \
   },                                                                          \
   [](int64_t n, int64_t batch, const void *x, const void *weight,             \
      const void *gradY, void *gradX, void *gradWeight, void *gradBias) {      \
     (void)n;                                                                  \
     return NAME##_backward(__VA_ARGS__ batch, in<T>(x), in<T>(weight),        \
                            in<T>(gradY), static_cast<T *>(gradX),             \
                            static_cast<T *>(gradWeight),                      \
                            static_cast<T *>(gradBias));                       \
   },                                                                          \
   parseSpec(NAME##_info())}
#define EQC_WITH_N n,

const std::vector<Layer> &eqc::test::allLayers() {
  static const std::vector<Layer> layers = {
      EQC_LAYER(tiny, float, ),
      EQC_LAYER(odd_last, float, ),
      EQC_LAYER(odd_first, float, ),
      EQC_LAYER(wide, double, ),
      EQC_LAYER(chiral, double, ),
      EQC_LAYER(symplectic, float, ),
      EQC_LAYER(pooled, float, ),
      EQC_LAYER(lines, float, ),
      EQC_LAYER(dynamic, float, EQC_WITH_N),
      EQC_LAYER(dynamic_first, float, EQC_WITH_N),
      EQC_LAYER(serial, float, ),
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

static Bytes randomArray(const Layer &layer, int64_t size, Random &random) {
  Bytes bytes(size * layer.elementSize());
  for (int64_t i = 0; i < size; ++i) {
    double value = random.symmetric();
    if (layer.isF32())
      reinterpret_cast<float *>(bytes.data())[i] = static_cast<float>(value);
    else
      reinterpret_cast<double *>(bytes.data())[i] = value;
  }
  return bytes;
}

static std::vector<double> values(const Layer &layer, const Bytes &bytes) {
  std::vector<double> result(bytes.size() / layer.elementSize());
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = layer.isF32()
                    ? reinterpret_cast<const float *>(bytes.data())[i]
                    : reinterpret_cast<const double *>(bytes.data())[i];
  return result;
}

Call::Call(const Layer &layer, int64_t n, int64_t batch)
    : layer(layer), n(layer.size(n)), batch(batch) {
  const LayerSpec &spec = layer.spec;
  Random random(static_cast<uint64_t>(this->n * 1000 + batch));
  weight = randomArray(layer, layer.info->weight_size, random);
  bias = randomArray(layer, layer.info->bias_size, random);
  x = randomArray(layer, batch * integerPower(this->n, spec.k) * spec.cIn,
                  random);
  y.resize(batch * integerPower(this->n, spec.l) * spec.cOut *
           layer.elementSize());
}

int Call::run() {
  return layer.forward(n, batch, x.data(), weight.data(), bias.data(),
                       y.data());
}

const Bytes &Call::result() {
  // All bits set is a NaN: an element that is never written shows.
  std::fill(y.begin(), y.end(), 0xff);
  EXPECT_EQ(run(), EQC_OK) << layer.name << ": " << eqc_last_error();
  return y;
}

std::vector<double> Call::expected() const {
  return oracleForward(layer.spec, n, batch, values(layer, x).data(),
                       values(layer, weight).data(),
                       values(layer, bias).data());
}

static double relativeError(const std::vector<double> &got,
                            const std::vector<double> &expected) {
  EXPECT_EQ(got.size(), expected.size());
  double error = 0, scale = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (!std::isfinite(got[i]))
      return std::numeric_limits<double>::infinity();
    error = std::max(error, std::abs(got[i] - expected[i]));
    scale = std::max(scale, std::abs(expected[i]));
  }
  return scale > 0 ? error / scale : error;
}

double Call::error() const {
  return relativeError(values(layer, y), expected());
}

BackwardCall::BackwardCall(const Layer &layer, int64_t n, int64_t batch)
    : forward(layer, n, batch) {
  Random random(static_cast<uint64_t>(forward.n * 1000 + batch + 1));
  gradY = randomArray(layer, forward.y.size() / layer.elementSize(), random);
  gradX.resize(forward.x.size());
  gradWeight.resize(forward.weight.size());
  gradBias.resize(forward.bias.size());
}

int BackwardCall::run() {
  return forward.layer.backward(
      forward.n, forward.batch, forward.x.data(), forward.weight.data(),
      gradY.data(), gradX.data(), gradWeight.data(), gradBias.data());
}

Bytes BackwardCall::result() {
  for (Bytes *gradient : {&gradX, &gradWeight, &gradBias})
    std::fill(gradient->begin(), gradient->end(), 0xff);
  EXPECT_EQ(run(), EQC_OK) << forward.layer.name << ": " << eqc_last_error();
  Bytes all = gradX;
  all.insert(all.end(), gradWeight.begin(), gradWeight.end());
  all.insert(all.end(), gradBias.begin(), gradBias.end());
  return all;
}

double BackwardCall::error() const {
  const Layer &layer = forward.layer;
  const OracleGradients expected = oracleBackward(
      layer.spec, forward.n, forward.batch, values(layer, forward.x).data(),
      values(layer, forward.weight).data(), values(layer, gradY).data());
  return std::max({relativeError(values(layer, gradX), expected.x),
                   relativeError(values(layer, gradWeight), expected.weight),
                   relativeError(values(layer, gradBias), expected.bias)});
}
