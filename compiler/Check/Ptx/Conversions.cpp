//===- Conversions.cpp - cvt ----------------------------------------------===//

#include "compiler/Check/Ptx/Operations.h"

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

/// add(name, a value of the type), for every type of integers.
template <class Add> void forIntegers(Add add) {
  add("u8", uint8_t());
  add("s8", int8_t());
  add("u16", uint16_t());
  add("s16", int16_t());
  add("u32", uint32_t());
  add("s32", int32_t());
  add("u64", uint64_t());
  add("s64", int64_t());
}

template <class D> void addTo(OperationTable &table, const std::string &d) {
  forIntegers([&](const char *s, auto source) {
    addIntegers<D, decltype(source)>(table, d, s);
  });
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
  forIntegers([&](const char *i, auto integer) {
    addFloatAndInteger<F, decltype(integer)>(table, f, i);
  });
  table["cvt.rni." + f + "." + f] = unary<Nearest, F, F>();
  table["cvt.rzi." + f + "." + f] = unary<Zero, F, F>();
  table["cvt.rmi." + f + "." + f] = unary<Down, F, F>();
  table["cvt.rpi." + f + "." + f] = unary<Up, F, F>();
}

} // namespace

void eqc::ptx::addConversions(OperationTable &table) {
  forIntegers([&](const char *name, auto integer) {
    addTo<decltype(integer)>(table, name);
  });
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
