//===- GuardedArray.cpp - Arrays that notice stray accesses ---------------===//

#include "compiler/Check/GuardedArray.h"

#include <algorithm>
#include <cstring>

using namespace eqc;

/// Bytes of each guard zone: more than the widest vector store, many times.
static constexpr size_t kGuardBytes = 4096;

/// All bits set is a NaN in both types.
static constexpr unsigned char kGuardByte = 0xFF;

double eqc::roundTo(DType dtype, double value) {
  return dtype == DType::F32 ? static_cast<float>(value) : value;
}

GuardedArray::GuardedArray(DType dtype, int64_t size)
    : dtype(dtype), size(size),
      elementSize(dtype == DType::F32 ? sizeof(float) : sizeof(double)),
      // One element off: a kernel must not count on vector alignment.
      begin(kGuardBytes + elementSize),
      bytes(begin + size * elementSize + kGuardBytes, kGuardByte) {}

GuardedArray::GuardedArray(DType dtype, const std::vector<double> &values)
    : GuardedArray(dtype, static_cast<int64_t>(values.size())) {
  for (size_t i = 0; i < values.size(); ++i) {
    unsigned char *element = bytes.data() + begin + i * elementSize;
    float single = static_cast<float>(values[i]);
    std::memcpy(element,
                dtype == DType::F32 ? static_cast<const void *>(&single)
                                    : &values[i],
                elementSize);
  }
}

std::vector<double> GuardedArray::values() const {
  std::vector<double> result(size);
  for (int64_t i = 0; i < size; ++i) {
    const unsigned char *element = bytes.data() + begin + i * elementSize;
    if (dtype == DType::F32) {
      float single;
      std::memcpy(&single, element, sizeof(single));
      result[i] = single;
    } else {
      std::memcpy(&result[i], element, sizeof(double));
    }
  }
  return result;
}

bool GuardedArray::guardsIntact() const {
  auto intact = [](unsigned char byte) { return byte == kGuardByte; };
  return std::all_of(bytes.begin(), bytes.begin() + begin, intact) &&
         std::all_of(bytes.begin() + begin + size * elementSize, bytes.end(),
                     intact);
}
