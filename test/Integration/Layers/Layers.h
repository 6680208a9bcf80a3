//===- Layers.h - The compiled layers of the tests --------------*- C++ -*-===//
//
// The layers of both objects behind one type, with data to run them on and the
// oracle's opinion.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_INTEGRATION_LAYERS_LAYERS_H
#define EQC_TEST_INTEGRATION_LAYERS_LAYERS_H

#include "compiler/Algebra/LayerSpec.h"

#include <eqc/runtime.h>

#include <cstring>
#include <string>
#include <vector>

namespace eqc::test {

struct Layer {
  std::string name;
  const eqc_layer_info *info;
  int (*forward)(int64_t n, int64_t batch, const void *x, const void *weight,
                 const void *bias, void *y);
  int (*backward)(int64_t n, int64_t batch, const void *x, const void *weight,
                  const void *gradY, void *gradX, void *gradWeight,
                  void *gradBias);
  LayerSpec spec; ///< what `info->spec` says

  bool isF32() const { return strcmp(info->dtype, "f32") == 0; }
  size_t elementSize() const { return isF32() ? 4 : 8; }
  /// The layer's n; `wanted` where it is given at run time.
  int64_t size(int64_t wanted) const { return info->n < 0 ? wanted : info->n; }
};

/// All layers of both objects.
const std::vector<Layer> &allLayers();
const Layer &findLayer(const std::string &name);

/// The bytes of an array of the layer's element type.
using Bytes = std::vector<unsigned char>;

/// One call: random arguments and, after `run`, the result.
struct Call {
  Call(const Layer &layer, int64_t n, int64_t batch);

  int run();
  /// run(), with y's elements set to NaN before, wanting EQC_OK.
  const Bytes &result();

  /// What the oracle says y is.
  std::vector<double> expected() const;
  /// Largest absolute error of y over the largest absolute value.
  double error() const;
  double tolerance() const { return layer.isF32() ? 3e-5 : 1e-11; }

  const Layer &layer;
  int64_t n, batch;
  Bytes x, weight, bias, y;
};

/// One call for gradients: random arguments and, after `run`, the results.
struct BackwardCall {
  BackwardCall(const Layer &layer, int64_t n, int64_t batch);

  int run();
  /// run(), with the gradients' elements set to NaN before, wanting EQC_OK: all
  /// gradients one after the other.
  Bytes result();
  /// Largest absolute error of any gradient over its largest absolute value.
  double error() const;

  Call forward;
  Bytes gradY, gradX, gradWeight, gradBias;
};

} // namespace eqc::test

#endif // EQC_TEST_INTEGRATION_LAYERS_LAYERS_H
