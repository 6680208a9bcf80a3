//===- GuardedArray.cpp - Arrays that notice stray accesses ---------------===//

#include "compiler/Check/GuardedArray.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"

#include <algorithm>
#include <cstring>

using namespace eqc;

/// Bytes on a side that does not meet a page: more than the widest vector
/// store, many times.
static constexpr size_t kGuardBytes = 4096;

/// All bits set is a NaN in every type.
static constexpr unsigned char kGuardByte = 0xFF;

static const llvm::fltSemantics &semanticsOf(Storage storage) {
  return storage == Storage::BF16 ? llvm::APFloat::BFloat()
                                  : llvm::APFloat::IEEEhalf();
}

/// The bits of a number in 16.
static uint16_t narrowed(Storage storage, double value) {
  llvm::APFloat number(value);
  bool loses = false;
  number.convert(semanticsOf(storage), llvm::APFloat::rmNearestTiesToEven,
                 &loses);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

static double widened(Storage storage, uint16_t bits) {
  llvm::APFloat number(semanticsOf(storage), llvm::APInt(16, bits));
  bool loses = false;
  number.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &loses);
  return number.convertToDouble();
}

size_t ElementType::bytes() const {
  if (storage != Storage::AsComputed)
    return sizeof(uint16_t);
  return dtype == DType::F32 ? sizeof(float) : sizeof(double);
}

double ElementType::rounding() const {
  switch (storage) {
  case Storage::BF16:
    return 0x1p-8;
  case Storage::F16:
    return 0x1p-11;
  case Storage::AsComputed:
    break;
  }
  return 0;
}

double eqc::roundTo(ElementType type, double value) {
  if (type.storage != Storage::AsComputed)
    return widened(type.storage, narrowed(type.storage, value));
  return type.dtype == DType::F32 ? static_cast<float>(value) : value;
}

GuardedArray::GuardedArray(ElementType type, int64_t size, Placement placement)
    : type(type), elementSize(type.bytes()), bytes(size * elementSize),
      pages(2 * kGuardBytes + elementSize + bytes) {
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

GuardedArray::GuardedArray(ElementType type, const std::vector<double> &values,
                           Placement placement)
    : GuardedArray(type, static_cast<int64_t>(values.size()), placement) {
  unsigned char *element = pages.data() + begin;
  auto put = [&](auto convert) {
    for (double value : values) {
      const auto number = convert(value);
      std::memcpy(element, &number, sizeof(number));
      element += sizeof(number);
    }
  };
  if (type.storage != Storage::AsComputed)
    put([&](double value) { return narrowed(type.storage, value); });
  else if (type.dtype == DType::F32)
    put([](double value) { return static_cast<float>(value); });
  else
    put([](double value) { return value; });
}

std::vector<double> GuardedArray::values() const {
  std::vector<double> result(bytes / elementSize);
  const unsigned char *element = pages.data() + begin;
  for (double &value : result) {
    if (type.storage != Storage::AsComputed) {
      uint16_t half;
      std::memcpy(&half, element, sizeof(half));
      value = widened(type.storage, half);
    } else if (type.dtype == DType::F32) {
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
