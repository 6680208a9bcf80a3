//===- Conversions.cpp - cvt ----------------------------------------------===//

#include "test/Ptx/Operations.h"

#include <cmath>
#include <limits>
#include <type_traits>

using namespace eqc::ptx;

namespace {

// Registers may be wider than the types: a result is extended as its type
// says to the bits of the register, which `value` masks.
template <class D> void put(uint64_t *slots, const Instruction &i, D value) {
  if constexpr (std::is_signed_v<D>)
    slots[i.d] = uint64_t(int64_t(value)) & uint64_t(i.value);
  else
    slots[i.d] = uint64_t(value) & uint64_t(i.value);
}

template <class D, class S>
void integerToInteger(uint64_t *slots, const Instruction &i) {
  put<D>(slots, i, D(valueOf<S>(slots[i.a])));
}

/// Clamped to what D holds.
template <class D, class S>
void saturate(uint64_t *slots, const Instruction &i) {
  const __int128 value = valueOf<S>(slots[i.a]);
  const __int128 least = std::numeric_limits<D>::min();
  const __int128 most = std::numeric_limits<D>::max();
  put<D>(slots, i, D(value < least ? least : value > most ? most : value));
}

struct FromInteger {
  template <class D, class S>
  static void compute(uint64_t *slots, const Instruction &i) {
    slots[i.d] = slotOf<D>(D(valueOf<S>(slots[i.a])));
  }
};

// Rounding to integers of the same type.
struct Nearest {
  template <class T> static T apply(T a) { return std::nearbyint(a); }
};
struct Zero {
  template <class T> static T apply(T a) { return std::trunc(a); }
};
struct Down {
  template <class T> static T apply(T a) { return std::floor(a); }
};
struct Up {
  template <class T> static T apply(T a) { return std::ceil(a); }
};

/// Beyond the ends of D: the nearer end. NaN: zero, and where a type has 64
/// bits the number with only the highest bit.
template <class Rounding, class D, class S>
void toInteger(uint64_t *slots, const Instruction &i) {
  const S value = Rounding::apply(valueOf<S>(slots[i.a]));
  // 2^n, the first beyond D, is a number of S; D's largest may not be.
  const S beyond = std::ldexp(S(1), std::numeric_limits<D>::digits);
  D result;
  if (std::isnan(value)) {
    const bool zero = sizeof(S) < 8 && sizeof(D) < 8;
    result = zero ? D(0) : D(uint64_t(1) << (kBits<D> - 1));
  } else if (value >= beyond) {
    result = std::numeric_limits<D>::max();
  } else if (value < (std::is_signed_v<D> ? -beyond : S(0))) {
    result = std::numeric_limits<D>::min();
  } else {
    result = D(value);
  }
  put<D>(slots, i, result);
}

struct Widen {
  static double apply(float a) { return double(a); }
};
struct Narrow {
  static float apply(double a) { return float(a); }
};

Operation conversion(Compute compute, uint8_t to, uint8_t from) {
  return {compute, false, true, {to, from}};
}

template <class D, class S>
void addIntegers(OperationTable &table, const std::string &d,
                 const std::string &s) {
  table["cvt." + d + "." + s] =
      conversion(integerToInteger<D, S>, kBits<D>, kBits<S>);
  table["cvt.sat." + d + "." + s] =
      conversion(saturate<D, S>, kBits<D>, kBits<S>);
}

template <class D> void addTo(OperationTable &table, const std::string &d) {
  addIntegers<D, uint8_t>(table, d, "u8");
  addIntegers<D, int8_t>(table, d, "s8");
  addIntegers<D, uint16_t>(table, d, "u16");
  addIntegers<D, int16_t>(table, d, "s16");
  addIntegers<D, uint32_t>(table, d, "u32");
  addIntegers<D, int32_t>(table, d, "s32");
  addIntegers<D, uint64_t>(table, d, "u64");
  addIntegers<D, int64_t>(table, d, "s64");
}

template <class F, class I>
void addFloatAndInteger(OperationTable &table, const std::string &f,
                        const std::string &i) {
  table["cvt.rn." + f + "." + i] =
      conversion(FromInteger::compute<F, I>, kBits<F>, kBits<I>);
  auto add = [&](const std::string &rounding, Compute compute) {
    table["cvt." + rounding + "." + i + "." + f] =
        conversion(compute, kBits<I>, kBits<F>);
  };
  add("rni", toInteger<Nearest, I, F>);
  add("rzi", toInteger<Zero, I, F>);
  add("rmi", toInteger<Down, I, F>);
  add("rpi", toInteger<Up, I, F>);
}

template <class F> void addFloat(OperationTable &table, const std::string &f) {
  addFloatAndInteger<F, uint8_t>(table, f, "u8");
  addFloatAndInteger<F, int8_t>(table, f, "s8");
  addFloatAndInteger<F, uint16_t>(table, f, "u16");
  addFloatAndInteger<F, int16_t>(table, f, "s16");
  addFloatAndInteger<F, uint32_t>(table, f, "u32");
  addFloatAndInteger<F, int32_t>(table, f, "s32");
  addFloatAndInteger<F, uint64_t>(table, f, "u64");
  addFloatAndInteger<F, int64_t>(table, f, "s64");
  table["cvt.rni." + f + "." + f] = unary<Nearest, F, F>();
  table["cvt.rzi." + f + "." + f] = unary<Zero, F, F>();
  table["cvt.rmi." + f + "." + f] = unary<Down, F, F>();
  table["cvt.rpi." + f + "." + f] = unary<Up, F, F>();
}

} // namespace

void eqc::ptx::addConversions(OperationTable &table) {
  addTo<uint8_t>(table, "u8");
  addTo<int8_t>(table, "s8");
  addTo<uint16_t>(table, "u16");
  addTo<int16_t>(table, "s16");
  addTo<uint32_t>(table, "u32");
  addTo<int32_t>(table, "s32");
  addTo<uint64_t>(table, "u64");
  addTo<int64_t>(table, "s64");
  addFloat<float>(table, "f32");
  addFloat<double>(table, "f64");
  table["cvt.f64.f32"] = unary<Widen, double, float>();
  table["cvt.rn.f32.f64"] = unary<Narrow, float, double>();
}

const OperationTable &eqc::ptx::operations() {
  static const OperationTable table = [] {
    OperationTable all;
    addIntegerOperations(all);
    addFloatOperations(all);
    addComparisons(all);
    addConversions(all);
    return all;
  }();
  return table;
}
