//===- RandomArray.h - What kernels are timed on ----------------*- C++ -*-===//

#ifndef EQC_BENCH_RANDOMARRAY_H
#define EQC_BENCH_RANDOMARRAY_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Bench/LargePages.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace eqc {

/// An array of the layer's elements, filled with numbers in [-1, 1).
class RandomArray {
public:
  /// `data()` is null when there is no memory for `count` elements.
  RandomArray(DType dtype, double count, uint64_t seed,
              Storage storage = Storage::AsComputed,
              Pages pages = Pages::LikeNumPy)
      : state(seed) {
    size_t width = storage != Storage::AsComputed ? 2
                   : dtype == DType::F32          ? 4
                                                  : 8;
    double bytes = std::max(count, 1.0) * double(width) + 64;
    if (bytes > 0x1p46)
      return;
    memory = allocateLikeNumPy(size_t(bytes), pages);
    large = areLarge(size_t(bytes));
    if (!memory)
      return;
    size_t elements = size_t(bytes) / width;
    if (storage != Storage::AsComputed)
      fillHalves(static_cast<uint16_t *>(memory.get()), elements, storage);
    else if (dtype == DType::F32)
      fill(static_cast<float *>(memory.get()), elements);
    else
      fill(static_cast<double *>(memory.get()), elements);
  }

  void *data() const { return memory.get(); }
  bool isLarge() const { return large; }

private:
  /// xorshift64*: arrays may have gigabytes, and nothing depends on quality.
  template <typename T> void fill(T *values, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      state ^= state >> 12;
      state ^= state << 25;
      state ^= state >> 27;
      int64_t bits = int64_t(state * 0x2545F4914F6CDD1DULL) >> 40;
      values[i] = T(double(bits) * 0x1p-23);
    }
  }

  /// Numbers of size 1/2 to 1.
  void fillHalves(uint16_t *values, size_t count, Storage storage) {
    const bool isBF16 = storage == Storage::BF16;
    for (size_t i = 0; i < count; ++i) {
      state ^= state >> 12;
      state ^= state << 25;
      state ^= state >> 27;
      const auto bits = uint16_t(state >> 20);
      values[i] = uint16_t((bits & 0x8000) | (isBF16 ? 0x3f00 : 0x3800) |
                           (bits & (isBF16 ? 0x7f : 0x3ff)));
    }
  }

  LargeMemory memory;
  uint64_t state;
  bool large = false;
};

/// The arrays of a call.
struct LayerArrays {
  LayerArrays(const LayerSpec &spec, int64_t n, int64_t batch,
              Pages pages = Pages::LikeNumPy)
      : weight(spec.dtype, weights(spec), 1), bias(spec.dtype, biases(spec), 2),
        x(spec.dtype, inputs(spec, n, batch), 3, spec.storage, pages),
        y(spec.dtype, outputs(spec, n, batch), 4, spec.storage, pages) {}

  static double weights(const LayerSpec &spec) {
    return double(spec.diagrams.size()) * double(spec.cIn) * double(spec.cOut);
  }
  static double biases(const LayerSpec &spec) {
    return double(spec.biasDiagrams.size()) * double(spec.cOut);
  }
  static double inputs(const LayerSpec &spec, int64_t n, int64_t batch) {
    return elements(spec.group, n, spec.k, spec.xAxes, batch * spec.cIn);
  }
  static double outputs(const LayerSpec &spec, int64_t n, int64_t batch) {
    return elements(spec.group, n, spec.l, spec.yAxes, batch * spec.cOut);
  }
  static double elements(Group group, int64_t n, int order,
                         const std::vector<int> &axes, int64_t each) {
    double product = double(each);
    for (int axis = 0; axis < order; ++axis)
      product *= double(sizeAt(group, n, axes.empty() ? 0 : axes[axis]));
    return product;
  }
  /// Whether there was memory for all of them.
  bool complete() const {
    return weight.data() && bias.data() && x.data() && y.data();
  }

  RandomArray weight, bias, x, y;
};

} // namespace eqc

#endif // EQC_BENCH_RANDOMARRAY_H
