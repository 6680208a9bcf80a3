//===- Layers.h - Layers for batches of different sizes ---------*- C++ -*-===//
//
// The layers of layers.eq behind one type, and batches to run them on. What a
// batch must give is what the plain functions give for each of its samples
// alone.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_INTEGRATION_RAGGED_LAYERS_H
#define EQC_TEST_INTEGRATION_RAGGED_LAYERS_H

#include <eqc/runtime.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
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
  int (*forwardRagged)(int64_t batch, const int64_t *n, const void *x,
                       const void *weight, const void *bias, void *y);
  int (*backwardRagged)(int64_t batch, const int64_t *n, const void *x,
                        const void *weight, const void *gradY, void *gradX,
                        void *gradWeight, void *gradBias);
  int (*forwardPadded)(int64_t n, int64_t batch, const int64_t *sizes,
                       const void *x, const void *weight, const void *bias,
                       void *y);
  int (*backwardPadded)(int64_t n, int64_t batch, const int64_t *sizes,
                        const void *x, const void *weight, const void *gradY,
                        void *gradX, void *gradWeight, void *gradBias);

  bool isF32() const { return strcmp(info->dtype, "f32") == 0; }
  bool channelsLast() const {
    return strcmp(info->layout, "channels_last") == 0;
  }
  int64_t unit() const { return strcmp(info->group, "Sp") == 0 ? 2 : 1; }
};

const std::vector<Layer> &allLayers();
const Layer &findLayer(const std::string &name);

/// An array of the layer's element type.
class Array {
public:
  Array() = default;
  Array(bool isF32, int64_t size)
      : isF32(isF32), bytes(size * (isF32 ? 4 : 8)) {}

  int64_t size() const { return bytes.size() / (isF32 ? 4 : 8); }
  double get(int64_t i) const {
    return isF32 ? read<float>(i) : read<double>(i);
  }
  void set(int64_t i, double value) {
    isF32 ? write(i, static_cast<float>(value)) : write(i, value);
  }
  void fill(double value) {
    for (int64_t i = 0; i < size(); ++i)
      set(i, value);
  }
  void append(const Array &other) {
    bytes.insert(bytes.end(), other.bytes.begin(), other.bytes.end());
  }
  /// Null without elements, as of a vector.
  void *data() { return bytes.empty() ? nullptr : bytes.data(); }
  const std::vector<unsigned char> &raw() const { return bytes; }
  bool operator==(const Array &other) const { return bytes == other.bytes; }

private:
  template <typename T> double read(int64_t i) const {
    T value;
    memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return value;
  }
  template <typename T> void write(int64_t i, T value) {
    memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  bool isF32 = true;
  std::vector<unsigned char> bytes;
};

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Random arguments of one batch, and what the plain functions make of its
/// samples. Sizes are in units of the group.
struct Batch {
  Batch(const Layer &layer, std::vector<int64_t> inUnits);

  Array makeX(double value = kNaN) const { return make(x.size(), value); }
  Array makeY(double value = kNaN) const { return make(y.size(), value); }
  Array makeWeight(double value = kNaN) const {
    return make(weight.size(), value);
  }
  Array makeBias(double value = kNaN) const { return make(bias.size(), value); }

  /// Packed arrays in axes of extent `n`; `outside` elsewhere.
  Array padX(const Array &packed, int64_t n, double outside) const {
    return pad(packed, layer.info->k, layer.info->c_in, n, outside);
  }
  Array padY(const Array &packed, int64_t n, double outside) const {
    return pad(packed, layer.info->l, layer.info->c_out, n, outside);
  }

  int64_t largest() const;
  double tolerance() const { return layer.isF32() ? 2e-5 : 1e-12; }
  int64_t count() const { return static_cast<int64_t>(sizes.size()); }

  const Layer &layer;
  std::vector<int64_t> sizes;
  Array x, weight, bias, gradY;
  /// Of the samples, one by one.
  Array y, gradX;
  /// Sums over the samples.
  std::vector<double> gradWeight, gradBias;

private:
  Array make(int64_t size, double value) const;
  Array pad(const Array &packed, int64_t order, int64_t channels, int64_t n,
            double outside) const;
  void runSamples();
};

/// Largest absolute difference over the largest absolute value (1 where all are
/// zero); infinite where one is not a number.
double errorOf(const Array &got, const Array &expected);
double errorOf(const Array &got, const std::vector<double> &expected);

/// Sizes that have something: one sample, none with entries, runs of equal
/// ones, a first and a last one without entries, one much larger than others.
const std::vector<std::vector<int64_t>> &sizeLists();

} // namespace eqc::test

#endif // EQC_TEST_INTEGRATION_RAGGED_LAYERS_H
