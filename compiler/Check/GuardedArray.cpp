//===- GuardedArray.cpp - Arrays that notice stray accesses ---------------===//

#include "compiler/Check/GuardedArray.h"

#include <algorithm>
#include <cstring>

using namespace eqc;

/// Bytes on a side that does not meet a page: more than the widest vector
/// store, many times.
static constexpr size_t kGuardBytes = 4096;

/// All bits set is a NaN in both types.
static constexpr unsigned char kGuardByte = 0xFF;

double eqc::roundTo(DType dtype, double value) {
  return dtype == DType::F32 ? static_cast<float>(value) : value;
}

GuardedArray::GuardedArray(DType dtype, int64_t size, Placement placement)
    : dtype(dtype),
      elementSize(dtype == DType::F32 ? sizeof(float) : sizeof(double)),
      bytes(size * elementSize), pages(2 * kGuardBytes + elementSize + bytes) {
  switch (placement) {
  case Placement::Apart:
    begin = kGuardBytes + elementSize;
    break;
  case Placement::First:
    begin = 0;
    break;
  case Placement::Last:
    begin = pages.size() - bytes;
    break;
  }
  std::memset(pages.data(), kGuardByte, pages.size());
}

GuardedArray::GuardedArray(DType dtype, const std::vector<double> &values,
                           Placement placement)
    : GuardedArray(dtype, static_cast<int64_t>(values.size()), placement) {
  unsigned char *element = pages.data() + begin;
  for (double value : values) {
    const float single = static_cast<float>(value);
    std::memcpy(element,
                dtype == DType::F32 ? static_cast<const void *>(&single)
                                    : &value,
                elementSize);
    element += elementSize;
  }
}

std::vector<double> GuardedArray::values() const {
  std::vector<double> result(bytes / elementSize);
  const unsigned char *element = pages.data() + begin;
  for (double &value : result) {
    if (dtype == DType::F32) {
      float single;
      std::memcpy(&single, element, sizeof(single));
      value = single;
    } else {
      std::memcpy(&value, element, sizeof(double));
    }
    element += elementSize;
  }
  return result;
}

bool GuardedArray::guardsIntact() const {
  auto intact = [](unsigned char byte) { return byte == kGuardByte; };
  const unsigned char *all = pages.data();
  return std::all_of(all, all + begin, intact) &&
         std::all_of(all + begin + bytes, all + pages.size(), intact);
}

std::string GuardedArray::touched() const {
  return pages.touchedBefore()   ? "before"
         : pages.touchedBehind() ? "behind"
                                 : "";
}

std::vector<unsigned char> GuardedArray::everything() const {
  return {pages.data(), pages.data() + pages.size()};
}
