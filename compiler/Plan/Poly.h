//===- Poly.h - Polynomials in n --------------------------------*- C++ -*-===//
//
// Sizes, strides and offsets of a plan are polynomials in n, so that one plan
// serves a fixed n and `n = ?` alike.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_POLY_H
#define EQC_PLAN_POLY_H

#include <cstdint>
#include <vector>

namespace eqc {

/// A polynomial in n with integer coefficients, lowest degree first, plus a
/// multiple of n/2, the number of symplectic planes (n is even where it
/// occurs).
class Poly {
public:
  Poly() = default;
  Poly(int64_t constant) {
    if (constant != 0)
      coefficients = {constant};
  }
  /// scale * n^degree.
  static Poly power(int degree, int64_t scale = 1);
  /// n/2.
  static Poly halfN();
  /// n / unit, for the units that occur: 1 and 2.
  static Poly nOver(int unit);

  int degree() const { return static_cast<int>(coefficients.size()) - 1; }
  int64_t coefficient(int degree) const {
    return degree < static_cast<int>(coefficients.size()) ? coefficients[degree]
                                                          : 0;
  }
  int64_t halfCoefficient() const { return half; }
  bool isConstant() const { return coefficients.size() <= 1 && half == 0; }
  bool isZero() const { return coefficients.empty() && half == 0; }

  /// The value at n. The caller has checked that it fits 63 bits.
  int64_t at(int64_t n) const;

  Poly &operator+=(const Poly &other);
  friend Poly operator+(Poly a, const Poly &b) { return a += b; }
  /// Neither has a multiple of n/2.
  friend Poly operator*(const Poly &a, const Poly &b);
  bool operator==(const Poly &o) const {
    return coefficients == o.coefficients && half == o.half;
  }

private:
  std::vector<int64_t> coefficients; // no trailing zero
  int64_t half = 0;                  // multiple of n/2
};

} // namespace eqc

#endif // EQC_PLAN_POLY_H
