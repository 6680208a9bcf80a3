//===- FloatOperations.cpp - Arithmetic in f32 and f64 --------------------===//
//
// One operation rounds once, to nearest, ties to even, denormals kept: what
// the host does too. Approximations have no one value and are not here.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/Ptx/Operations.h"

#include <cmath>
#include <limits>

using namespace eqc::ptx;

namespace {

struct Add {
  template <class T> static T apply(T a, T b) { return a + b; }
};
struct Sub {
  template <class T> static T apply(T a, T b) { return a - b; }
};
struct Mul {
  template <class T> static T apply(T a, T b) { return a * b; }
};
struct Div {
  template <class T> static T apply(T a, T b) { return a / b; }
};
struct Fma {
  template <class T> static T apply(T a, T b, T c) { return std::fma(a, b, c); }
};
struct Sqrt {
  template <class T> static T apply(T a) { return std::sqrt(a); }
};
struct Reciprocal {
  template <class T> static T apply(T a) { return T(1) / a; }
};

/// Of a number and a NaN the number; -0 is below +0. With KeepNaN a NaN wins.
template <bool Greater, bool KeepNaN> struct Extreme {
  template <class T> static T apply(T a, T b) {
    if (std::isnan(a) || std::isnan(b)) {
      if (KeepNaN || (std::isnan(a) && std::isnan(b)))
        return std::numeric_limits<T>::quiet_NaN();
      return std::isnan(a) ? b : a;
    }
    if (a == b)
      return std::signbit(a) == Greater ? b : a;
    return (a > b) == Greater ? a : b;
  }
};

// These move a sign and leave every other bit, NaN's too.
template <class Bits> constexpr Bits kSign = Bits(1) << (kBits<Bits> - 1);
struct Neg {
  template <class Bits> static Bits apply(Bits a) { return a ^ kSign<Bits>; }
};
struct Abs {
  template <class Bits> static Bits apply(Bits a) { return a & ~kSign<Bits>; }
};
/// The sign of a on b.
struct CopySign {
  template <class Bits> static Bits apply(Bits a, Bits b) {
    return (a & kSign<Bits>) | (b & ~kSign<Bits>);
  }
};
struct Move {
  template <class Bits> static Bits apply(Bits a) { return a; }
};

/// Both halves of a slot.
template <class Op> struct Pair {
  static uint64_t apply(uint64_t a, uint64_t b) {
    return half(a, b) | half(a >> 32, b >> 32) << 32;
  }
  static uint64_t apply(uint64_t a, uint64_t b, uint64_t c) {
    return half(a, b, c) | half(a >> 32, b >> 32, c >> 32) << 32;
  }
  template <class... Halves> static uint64_t half(Halves... halves) {
    return slotOf<float>(Op::apply(valueOf<float>(halves)...));
  }
};

Operation fused(Operation operation, unsigned fmas) {
  operation.fmas = fmas;
  return operation;
}

template <class T, class Bits>
void addType(OperationTable &table, const std::string &type) {
  // Without a rounding it is to nearest as well; an assembler may then join a
  // product and a sum, which these bits do not show.
  for (std::string rounding : {".", ".rn."}) {
    table["add" + rounding + type] = binary<Add, T>();
    table["sub" + rounding + type] = binary<Sub, T>();
    table["mul" + rounding + type] = binary<Mul, T>();
  }
  table["div.rn." + type] = binary<Div, T>();
  table["fma.rn." + type] = fused(ternary<Fma, T>(), 1);
  table["mad.rn." + type] = fused(ternary<Fma, T>(), 1);
  table["sqrt.rn." + type] = unary<Sqrt, T, T>();
  table["rcp.rn." + type] = unary<Reciprocal, T, T>();
  table["min." + type] = binary<Extreme<false, false>, T>();
  table["max." + type] = binary<Extreme<true, false>, T>();
  table["neg." + type] = unary<Neg, Bits, Bits>();
  table["abs." + type] = unary<Abs, Bits, Bits>();
  table["copysign." + type] = binary<CopySign, Bits>();
  table["mov." + type] = unary<Move, Bits, Bits>();
}

} // namespace

void eqc::ptx::addFloatOperations(OperationTable &table) {
  addType<float, uint32_t>(table, "f32");
  addType<double, uint64_t>(table, "f64");
  table["min.NaN.f32"] = binary<Extreme<false, true>, float>();
  table["max.NaN.f32"] = binary<Extreme<true, true>, float>();
  table["add.rn.f32x2"] = binary<Pair<Add>, uint64_t>();
  table["sub.rn.f32x2"] = binary<Pair<Sub>, uint64_t>();
  table["mul.rn.f32x2"] = binary<Pair<Mul>, uint64_t>();
  table["fma.rn.f32x2"] = fused(ternary<Pair<Fma>, uint64_t>(), 2);
}
