//===- IntegerOperations.cpp - Arithmetic and logic of integers -----------===//

#include "compiler/Check/Ptx/Operations.h"

#include <limits>
#include <type_traits>

using namespace eqc::ptx;

namespace {

template <class T> using Unsigned = std::make_unsigned_t<T>;

/// Integers of twice the size.
template <class T> struct Wider;
template <> struct Wider<uint16_t> {
  using type = uint32_t;
};
template <> struct Wider<int16_t> {
  using type = int32_t;
};
template <> struct Wider<uint32_t> {
  using type = uint64_t;
};
template <> struct Wider<int32_t> {
  using type = int64_t;
};
template <> struct Wider<uint64_t> {
  using type = unsigned __int128;
};
template <> struct Wider<int64_t> {
  using type = __int128;
};
template <class T> using Wide = typename Wider<T>::type;

// Sums wrap around: they are computed without a sign, and 16 bits in 32,
// since C++ would make an int with a sign of them.
template <class T> T wrap(uint64_t value) { return T(Unsigned<T>(value)); }

struct Add {
  template <class T> static T apply(T a, T b) {
    return wrap<T>(uint64_t(a) + uint64_t(b));
  }
};
struct Sub {
  template <class T> static T apply(T a, T b) {
    return wrap<T>(uint64_t(a) - uint64_t(b));
  }
};
struct MulLo {
  template <class T> static T apply(T a, T b) {
    return wrap<T>(uint64_t(a) * uint64_t(b));
  }
};
struct MulHi {
  template <class T> static T apply(T a, T b) {
    return T((Wide<T>(a) * Wide<T>(b)) >> (sizeof(T) * 8));
  }
};
struct MulWide {
  template <class T> static Wide<T> apply(T a, T b) {
    return Wide<T>(a) * Wide<T>(b);
  }
};
template <class Mul> struct Mad {
  template <class T, class C> static C apply(T a, T b, C c) {
    return Add::apply<C>(Mul::apply(a, b), c);
  }
};

// The executor does not let a zero come here. The least number by -1 wraps.
struct Div {
  template <class T> static T apply(T a, T b) {
    if (std::is_signed_v<T> && b == T(-1))
      return Sub::apply<T>(0, a);
    return T(a / b);
  }
};
struct Rem {
  template <class T> static T apply(T a, T b) {
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};

struct Min {
  template <class T> static T apply(T a, T b) { return a < b ? a : b; }
};
struct Max {
  template <class T> static T apply(T a, T b) { return a > b ? a : b; }
};
struct Neg {
  template <class T> static T apply(T a) { return Sub::apply<T>(0, a); }
};
struct Abs {
  template <class T> static T apply(T a) { return a < 0 ? Neg::apply(a) : a; }
};

struct And {
  template <class T> static T apply(T a, T b) { return a & b; }
};
struct Or {
  template <class T> static T apply(T a, T b) { return a | b; }
};
struct Xor {
  template <class T> static T apply(T a, T b) { return a ^ b; }
};
struct Not {
  template <class T> static T apply(T a) { return T(~a); }
  static bool apply(bool a) { return !a; }
};
struct CNot {
  template <class T> static T apply(T a) { return a == 0; }
};

// Shifts by the width and more leave nothing, or the sign.
struct Shl {
  template <class T> static T apply(T a, uint32_t b) {
    return b < kBits<T> ? wrap<T>(uint64_t(a) << b) : T(0);
  }
};
struct Shr {
  template <class T> static T apply(T a, uint32_t b) {
    const uint32_t last = kBits<T> - 1;
    if (b > last)
      return std::is_signed_v<T> ? T(a >> last) : T(0);
    return T(a >> b);
  }
};
/// Of the 64 bits b:a the upper half after a shift to the left, or the lower
/// one after a shift to the right.
template <bool Left, bool Clamp> struct FunnelShift {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    const uint64_t both = uint64_t(b) << 32 | a;
    const uint32_t n = Clamp ? (c < 32 ? c : 32) : c & 31;
    return uint32_t(Left ? (both << n) >> 32 : both >> n);
  }
};

struct PopCount {
  template <class T> static uint32_t apply(T a) {
    return uint32_t(__builtin_popcountll(a));
  }
};
struct CountLeadingZeros {
  template <class T> static uint32_t apply(T a) {
    return a == 0 ? kBits<T> : uint32_t(__builtin_clzll(a)) - (64 - kBits<T>);
  }
};
struct Reverse {
  template <class T> static T apply(T a) {
    return T(__builtin_bitreverse64(a) >> (64 - kBits<T>));
  }
};

/// `len` bits of `a` from `pos` on, both taken modulo 256; bits beyond the
/// upper end are zeros, or copies of the field's last bit inside it.
struct BitField {
  template <class T> static T apply(T a, uint32_t pos, uint32_t len) {
    pos &= 255;
    len &= 255;
    const uint32_t last = kBits<T> - 1;
    const Unsigned<T> bits = Unsigned<T>(a);
    auto bit = [&](uint32_t n) { return n <= last && (bits >> n & 1); };
    bool sign = false;
    if (std::is_signed_v<T> && len != 0)
      sign = bit(pos + len - 1 < last ? pos + len - 1 : last);
    Unsigned<T> result = 0;
    for (uint32_t n = 0; n <= last; ++n)
      if (n < len && pos + n <= last ? bit(pos + n) : sign)
        result |= Unsigned<T>(1) << n;
    return T(result);
  }
};

/// `len` bits of a put into b from `pos` on.
template <class T> void insertBits(uint64_t *slots, const Instruction &i) {
  const T a = valueOf<T>(slots[i.a]);
  T result = valueOf<T>(slots[i.b]);
  const uint32_t pos = slots[i.c] & 255, len = slots[i.e] & 255;
  for (uint32_t n = 0; n < len && pos + n < kBits<T>; ++n) {
    const T mask = T(1) << (pos + n);
    result = T((result & ~mask) | (a >> n & 1 ? mask : T(0)));
  }
  slots[i.d] = slotOf(result);
}

/// Four bytes out of the eight of b:a; bit 3 of a selector spreads the sign.
struct Permute {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t selectors) {
    const uint64_t both = uint64_t(b) << 32 | a;
    uint32_t result = 0;
    for (int n = 0; n < 4; ++n) {
      const uint32_t selector = selectors >> (4 * n) & 15;
      uint8_t byte = uint8_t(both >> (8 * (selector & 7)));
      if (selector & 8)
        byte = byte & 128 ? 255 : 0;
      result |= uint32_t(byte) << (8 * n);
    }
    return result;
  }
};

/// Bit by bit, what the table in e has for the bits of a, b and c.
void lookup3(uint64_t *slots, const Instruction &i) {
  uint32_t result = 0;
  for (int n = 0; n < 32; ++n) {
    const uint32_t row = uint32_t(slots[i.a] >> n & 1) << 2 |
                         uint32_t(slots[i.b] >> n & 1) << 1 |
                         uint32_t(slots[i.c] >> n & 1);
    result |= uint32_t(slots[i.e] >> row & 1) << n;
  }
  slots[i.d] = result;
}

struct Move {
  template <class T> static T apply(T a) { return a; }
};

Operation dividing(Operation operation) {
  operation.divides = true;
  return operation;
}

template <class T> void addType(OperationTable &table, std::string type) {
  table["add." + type] = binary<Add, T>();
  table["sub." + type] = binary<Sub, T>();
  table["mul.lo." + type] = binary<MulLo, T>();
  table["mul.hi." + type] = binary<MulHi, T>();
  table["mad.lo." + type] = ternary<Mad<MulLo>, T>();
  table["mad.hi." + type] = ternary<Mad<MulHi>, T>();
  if constexpr (sizeof(T) < 8) {
    table["mul.wide." + type] = binary<MulWide, Wide<T>, T>();
    table["mad.wide." + type] = ternary<Mad<MulWide>, Wide<T>, T, T, Wide<T>>();
  }
  table["div." + type] = dividing(binary<Div, T>());
  table["rem." + type] = dividing(binary<Rem, T>());
  table["min." + type] = binary<Min, T>();
  table["max." + type] = binary<Max, T>();
  table["shr." + type] = binary<Shr, T, T, uint32_t>();
  table["mov." + type] = unary<Move, T, T>();
  if constexpr (std::is_signed_v<T>) {
    table["neg." + type] = unary<Neg, T, T>();
    table["abs." + type] = unary<Abs, T, T>();
  }
  if constexpr (sizeof(T) > 2)
    table["bfe." + type] = ternary<BitField, T, T, uint32_t>();
}

template <class T> void addBits(OperationTable &table, std::string type) {
  table["and." + type] = binary<And, T>();
  table["or." + type] = binary<Or, T>();
  table["xor." + type] = binary<Xor, T>();
  table["not." + type] = unary<Not, T, T>();
  table["cnot." + type] = unary<CNot, T, T>();
  table["shl." + type] = binary<Shl, T, T, uint32_t>();
  table["shr." + type] = binary<Shr, T, T, uint32_t>();
  table["mov." + type] = unary<Move, T, T>();
  if constexpr (sizeof(T) > 2) {
    table["popc." + type] = unary<PopCount, uint32_t, T>();
    table["clz." + type] = unary<CountLeadingZeros, uint32_t, T>();
    table["brev." + type] = unary<Reverse, T, T>();
    table["bfi." + type] = {
        insertBits<T>, false, false, {kBits<T>, kBits<T>, kBits<T>, 32, 32}};
  }
}

} // namespace

void eqc::ptx::addIntegerOperations(OperationTable &table) {
  addType<uint16_t>(table, "u16");
  addType<int16_t>(table, "s16");
  addType<uint32_t>(table, "u32");
  addType<int32_t>(table, "s32");
  addType<uint64_t>(table, "u64");
  addType<int64_t>(table, "s64");
  addBits<uint16_t>(table, "b16");
  addBits<uint32_t>(table, "b32");
  addBits<uint64_t>(table, "b64");
  table["and.pred"] = binary<And, bool>();
  table["or.pred"] = binary<Or, bool>();
  table["xor.pred"] = binary<Xor, bool>();
  table["not.pred"] = unary<Not, bool, bool>();
  table["mov.pred"] = unary<Move, bool, bool>();
  table["shf.l.clamp.b32"] = ternary<FunnelShift<true, true>, uint32_t>();
  table["shf.l.wrap.b32"] = ternary<FunnelShift<true, false>, uint32_t>();
  table["shf.r.clamp.b32"] = ternary<FunnelShift<false, true>, uint32_t>();
  table["shf.r.wrap.b32"] = ternary<FunnelShift<false, false>, uint32_t>();
  table["prmt.b32"] = ternary<Permute, uint32_t>();
  table["lop3.b32"] = {lookup3, false, false, {32, 32, 32, 32, 32}};
}
