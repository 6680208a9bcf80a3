//===- GuardedArray.h - Arrays that notice stray accesses -------*- C++ -*-===//
//
// An array between guards.
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

/// How numbers lie in memory.
struct ElementType {
  DType dtype = DType::F32;
  Storage storage = Storage::AsComputed;

  ElementType(DType dtype) : dtype(dtype) {}
  /// Of x and y, and of their gradients.
  explicit ElementType(const LayerSpec &spec)
      : dtype(spec.dtype), storage(spec.storage) {}

  size_t bytes() const;
  /// The relative error of rounding to 16 bits; 0 where that is not done.
  double rounding() const;
};

/// `value` as the element type can hold it.
double roundTo(ElementType type, double value);

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
  GuardedArray(ElementType type, int64_t size, Placement placement);
  GuardedArray(ElementType type, const std::vector<double> &values,
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
  ElementType type;
  size_t elementSize, bytes;
  NoAccessPages pages;
  size_t begin; ///< byte offset of the first element
};

} // namespace eqc

#endif // EQC_CHECK_GUARDEDARRAY_H
