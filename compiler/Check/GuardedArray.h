//===- GuardedArray.h - Arrays that notice stray accesses -------*- C++ -*-===//
//
// An f32 or f64 array between two guard zones, aligned no better than its
// elements, as the public contract allows.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_GUARDEDARRAY_H
#define EQC_CHECK_GUARDEDARRAY_H

#include "compiler/Algebra/LayerSpec.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace eqc {

/// `value` as the element type can hold it.
double roundTo(DType dtype, double value);

class GuardedArray {
public:
  /// Guards and elements hold NaN: what is read beyond the end spoils results,
  /// and an element that was never written shows.
  GuardedArray(DType dtype, int64_t size);
  GuardedArray(DType dtype, const std::vector<double> &values);

  void *data() { return bytes.data() + begin; }

  std::vector<double> values() const;

  /// Whether every byte outside the elements is as it was.
  bool guardsIntact() const;

  bool sameBytes(const GuardedArray &other) const {
    return bytes == other.bytes;
  }

private:
  DType dtype;
  int64_t size;
  size_t elementSize;
  size_t begin; ///< byte offset of the first element
  std::vector<unsigned char> bytes;
};

} // namespace eqc

#endif // EQC_CHECK_GUARDEDARRAY_H
