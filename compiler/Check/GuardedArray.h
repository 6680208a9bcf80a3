//===- GuardedArray.h - Arrays that notice stray accesses -------*- C++ -*-===//
//
// An f32 or f64 array between guards.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_GUARDEDARRAY_H
#define EQC_CHECK_GUARDEDARRAY_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Check/NoAccessPages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace eqc {

/// `value` as the element type can hold it.
double roundTo(DType dtype, double value);

/// Where an array lies between the pages that nobody may touch. No place does
/// everything: only one end of an array can meet a page.
enum class Placement {
  Apart, ///< from both, aligned no better than the elements
  First, ///< right behind the first
  Last,  ///< right before the second
};

class GuardedArray {
public:
  /// What is not an element, and elements at first, hold NaN: what is read
  /// beyond the end spoils results, and an element that was never written
  /// shows.
  GuardedArray(DType dtype, int64_t size, Placement placement);
  GuardedArray(DType dtype, const std::vector<double> &values,
               Placement placement);

  void *data() { return pages.data() + begin; }

  std::vector<double> values() const;

  /// Whether every byte outside the elements is as it was.
  bool guardsIntact() const;
  /// Where memory beside the array was touched, "before" or "behind"; empty if
  /// it was not, as far as the placement can tell.
  std::string touched() const;

  /// Everything that can be written without a fault.
  std::vector<unsigned char> everything() const;

private:
  DType dtype;
  size_t elementSize, bytes;
  NoAccessPages pages;
  size_t begin; ///< byte offset of the first element
};

} // namespace eqc

#endif // EQC_CHECK_GUARDEDARRAY_H
