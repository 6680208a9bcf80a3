//===- BilinearOracle.cpp - Layers of two inputs by definition ------------===//

#include "compiler/Check/BilinearOracle.h"

using namespace eqc;

LayerSpec eqc::productLayer(const LayerSpec &spec) {
  LayerSpec product = spec;
  product.k2 = -1;
  product.cIn2 = 0;
  product.depthwise = false;
  if (!spec.depthwise)
    product.cIn *= spec.cIn2;
  return product;
}

/// The positions of a tensor with such axes, -1 being the run-time n.
static int64_t positionsOf(std::vector<int64_t> lengths, int64_t n) {
  for (int64_t &length : lengths)
    length = length < 0 ? n : length;
  return numPositions(lengths);
}

/// x (x) z, with the channels of the product layer.
static Values multiply(const LayerSpec &spec, int64_t n, int64_t batch,
                       const double *x, const double *z) {
  const int64_t left = positionsOf(lengthsOfInput(spec), n);
  const int64_t right = positionsOf(lengthsOfSecondInput(spec), n);
  const int64_t channels = productLayer(spec).cIn;
  Values product(batch * left * right * channels);
  for (int64_t sample = 0; sample < batch; ++sample)
    for (int64_t i = 0; i < left; ++i)
      for (int64_t m = 0; m < right; ++m)
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t c1 = spec.depthwise ? c : c / spec.cIn2;
          const int64_t c2 = spec.depthwise ? c : c % spec.cIn2;
          product[elementIndex(spec.layout, sample, i * right + m, left * right,
                               c, channels)] =
              x[elementIndex(spec.layout, sample, i, left, c1, spec.cIn)] *
              z[elementIndex(spec.layout, sample, m, right, c2, spec.cIn2)];
        }
  return product;
}

Values eqc::oracleBilinear(const LayerSpec &spec, int64_t n, int64_t batch,
                           const double *x, const double *z,
                           const double *weight, const double *bias,
                           Entries entries) {
  Values diagonal;
  if (spec.depthwise) {
    const int64_t channels = spec.cOut;
    diagonal.assign(spec.diagrams.size() * channels * channels, 0);
    for (size_t row = 0; row < spec.diagrams.size() * channels; ++row)
      diagonal[row * channels + row % channels] = weight[row];
    weight = diagonal.data();
  }
  return oracleForward(productLayer(spec), n, batch,
                       multiply(spec, n, batch, x, z).data(), weight, bias,
                       entries);
}

double eqc::bilinearWork(const LayerSpec &spec, int64_t n, int64_t batch) {
  const LayerSpec product = productLayer(spec);
  const auto pairs = static_cast<double>(product.cIn);
  const double outputs =
      realOutputPositions(product, n) * static_cast<double>(spec.cOut);
  double work = realInputPositions(product, n) * pairs;
  for (const Diagram &diagram : spec.diagrams)
    work += (oracleVisits(diagram, spec.group, n) + outputs) * pairs;
  return work * static_cast<double>(batch);
}
