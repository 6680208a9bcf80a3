//===- Poly.h - Polynomials in sizes ----------------------------*- C++ -*-===//
//
// Sizes, strides and offsets of a plan are polynomials in the sizes that are
// given at run time, so that one plan serves fixed sizes and `n = ?` alike.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_POLY_H
#define EQC_PLAN_POLY_H

#include <array>
#include <cstdint>
#include <vector>

namespace eqc {

/// What a coefficient of a polynomial is multiplied by: powers of the sizes,
/// and maybe half of one of them.
struct Monomial {
  static constexpr int kMostSizes = 16;
  std::array<uint8_t, kMostSizes> degrees = {};
  int half = -1; ///< the size that is halved, or -1

  bool isOne() const { return half < 0 && degree() == 0; }
  /// Of all sizes together, halves not counted.
  int degree() const;
  /// The value where size i is sizes[i], or the last one of `count` if there
  /// are fewer.
  uint64_t at(const int64_t *sizes, int count) const;

  bool operator==(const Monomial &o) const {
    return half == o.half && degrees == o.degrees;
  }
  /// By degree, so that more of them are larger, then by the first sizes.
  bool operator<(const Monomial &o) const;
};

/// A polynomial with integer coefficients in several sizes, one for each space
/// whose size is not known: the only one, n, where all axes are alike. Plus
/// multiples of n/2, the number of symplectic planes (n is even where it
/// occurs).
class Poly {
public:
  Poly() = default;
  Poly(int64_t constant) : constant(constant) {}
  /// scale * n^degree.
  static Poly power(int degree, int64_t scale = 1);
  /// A size that is given at run time.
  static Poly size(int number);
  /// n/2.
  static Poly halfN();
  /// n / unit, for the units that occur: 1 and 2.
  static Poly nOver(int unit);
  /// The same of a size: a constant, or the monomial n_number alone.
  Poly over(int unit) const;

  /// Of all sizes together; -1 for zero.
  int degree() const;
  /// Of n^degree and of n/2, where n is the only size.
  int64_t coefficient(int degree) const;
  int64_t halfCoefficient() const;
  bool isConstant() const { return terms.empty(); }
  bool isZero() const { return terms.empty() && constant == 0; }

  struct Term {
    Monomial monomial;
    int64_t coefficient;
    bool operator==(const Term &o) const {
      return monomial == o.monomial && coefficient == o.coefficient;
    }
  };
  /// All but the constant, ascending.
  const std::vector<Term> &variableTerms() const { return terms; }
  int64_t constantTerm() const { return constant; }

  /// The value where all sizes are n. The caller has checked that it fits 63
  /// bits.
  int64_t at(int64_t n) const { return at(&n, 1); }
  /// The value where the sizes are these, by their numbers.
  int64_t at(const std::vector<int64_t> &sizes) const {
    return at(sizes.data(), static_cast<int>(sizes.size()));
  }

  Poly &operator+=(const Poly &other);
  friend Poly operator+(Poly a, const Poly &b) { return a += b; }
  /// At most one of two monomials that meet has a multiple of n/2.
  friend Poly operator*(const Poly &a, const Poly &b);
  bool operator==(const Poly &o) const {
    return constant == o.constant && terms == o.terms;
  }

private:
  void add(const Monomial &monomial, int64_t coefficient);
  int64_t at(const int64_t *sizes, int count) const;

  int64_t constant = 0;
  std::vector<Term> terms; // ascending, no zero coefficient, none of them 1
};

} // namespace eqc

#endif // EQC_PLAN_POLY_H
