//===- LayerWidths.h - How a layer's kernels access rows --------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_LAYERWIDTHS_H
#define EQC_LOWERING_GPU_LAYERWIDTHS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Gpu/WeightColumns.h"

#include "llvm/ADT/StringRef.h"

#include <vector>

namespace eqc::device {

constexpr int64_t kVectorBytes = 16;

/// The bytes that a layer has kernels for, which access so many at once.
inline std::vector<int64_t> vectorWidths(const LayerSpec &spec) {
  const int64_t width = kVectorBytes / spec.elementSize();
  if (spec.cIn % width == 0 || spec.cOut % width == 0)
    return {kVectorBytes, spec.elementSize()};
  return {spec.elementSize()};
}

/// Whether a layer is the one from grad_y to grad_x, whose weights are made of
/// those of the other.
inline bool isGradientOfX(llvm::StringRef layer) {
  return layer.ends_with(".grad_x");
}

/// The length of rows of weights as mixes read them.
inline int64_t lengthOfWeights(const LayerSpec &spec, int64_t vectorBytes,
                               bool isGradient) {
  return isGradient
             ? lengthOfWeights(spec.cOut, vectorBytes / spec.elementSize())
             : spec.cOut;
}

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_LAYERWIDTHS_H
