//===- Random.h - Reproducible random numbers -------------------*- C++ -*-===//
//
// The standard fixes the bits of std::mt19937_64 but not those of its
// distributions; these give the same numbers with every standard library.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_RANDOM_H
#define EQC_ALGEBRA_RANDOM_H

#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace eqc {

class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}

  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(engine() >> 11) * 0x1p-53; }

  /// Uniform in [-1, 1).
  double symmetric() { return 2 * uniform() - 1; }

  /// Standard normal (Box-Muller).
  double normal() {
    double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586476925 * uniform());
  }

  /// Uniform in 0..bound-1; the bias of the remainder is far below notice.
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(engine() % static_cast<uint64_t>(bound));
  }

  /// Fisher-Yates.
  template <typename T> void shuffle(std::vector<T> &values) {
    for (size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[below(static_cast<int64_t>(i))]);
  }

private:
  std::mt19937_64 engine;
};

} // namespace eqc

#endif // EQC_ALGEBRA_RANDOM_H
