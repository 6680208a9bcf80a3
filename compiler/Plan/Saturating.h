//===- Saturating.h - Arithmetic that stops at 2^63-1 -----------*- C++ -*-===//
//
// Counts of operations and bytes may pass what 63 bits hold (n goes up to 2^31
// and beyond); they then stay at the largest value instead of wrapping.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SATURATING_H
#define EQC_PLAN_SATURATING_H

#include <cstdint>

namespace eqc {

/// The largest count; also means "this many or more".
constexpr int64_t saturatedCount = INT64_MAX;

/// a + b of counts (not negative).
inline int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? saturatedCount : sum;
}

/// a * b of counts (not negative).
inline int64_t saturatingMultiply(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? saturatedCount : product;
}

} // namespace eqc

#endif // EQC_PLAN_SATURATING_H
