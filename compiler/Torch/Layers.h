//===- Layers.h - Compiled layers by the text that tells them ---*- C++ -*-===//

#ifndef EQC_TORCH_LAYERS_H
#define EQC_TORCH_LAYERS_H

#include "compiler/Torch/Tensor.h"

#include <string_view>
#include <vector>

namespace eqc::torch {

/// A layer that stays loaded as long as the process.
struct Layer {
  std::string key;
  eqc_layer_info info;
  Element stored;   ///< x, y and their gradients
  Element computed; ///< the weight, the bias and theirs
  /// Of a GPU's layer, those that take a workspace and a stream. The second may
  /// be null.
  void *forward, *backward;
  void *workspaceBytes; ///< of a GPU's layer
  /// A bias that adds nothing, for a layer that has one and a call that has
  /// not.
  std::vector<double> zeroBias;
  const Layer *next = nullptr;

  /// How many sizes its functions take before the batch.
  int64_t numSizes() const;
  /// Tensors of a call with n = `n`.
  std::vector<int64_t> xShape(int64_t batch, int64_t n) const {
    return shape(batch, n, info.k, info.x_axes, info.c_in);
  }
  std::vector<int64_t> yShape(int64_t batch, int64_t n) const {
    return shape(batch, n, info.l, info.y_axes, info.c_out);
  }
  std::vector<int64_t> weightShape() const {
    return {info.diagrams, info.c_in, info.c_out};
  }
  std::vector<int64_t> biasShape() const {
    return {info.bias_diagrams, info.c_out};
  }

private:
  std::vector<int64_t> shape(int64_t batch, int64_t n, int64_t order,
                             const int32_t *axes, int64_t channels) const;
};

/// The layer that `key`, the text of eqc_compile_json, tells; compiled when
/// first asked for, for this machine or for a chip of NVIDIA's. Throws
/// std::runtime_error when there is none.
const Layer &findLayer(const Functions &call, std::string_view key,
                       std::string_view chip = "");

} // namespace eqc::torch

#endif // EQC_TORCH_LAYERS_H
