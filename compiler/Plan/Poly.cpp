//===- Poly.cpp - Polynomials in n ----------------------------------------===//

#include "compiler/Plan/Poly.h"

#include <cassert>
#include <cstddef>

using namespace eqc;

Poly Poly::power(int degree, int64_t scale) {
  Poly result;
  if (scale != 0) {
    result.coefficients.assign(degree + 1, 0);
    result.coefficients[degree] = scale;
  }
  return result;
}

Poly Poly::halfN() {
  Poly result;
  result.half = 1;
  return result;
}

Poly Poly::nOver(int unit) {
  assert((unit == 1 || unit == 2) && "no other part of n occurs");
  return unit == 1 ? power(1) : halfN();
}

int64_t Poly::at(int64_t n) const {
  // Unsigned, so that an unused overflowing intermediate is defined.
  uint64_t value = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;)
    value = value * static_cast<uint64_t>(n) +
            static_cast<uint64_t>(coefficients[i]);
  value += static_cast<uint64_t>(half) * static_cast<uint64_t>(n / 2);
  return static_cast<int64_t>(value);
}

Poly &Poly::operator+=(const Poly &other) {
  if (coefficients.size() < other.coefficients.size())
    coefficients.resize(other.coefficients.size());
  for (std::size_t i = 0; i < other.coefficients.size(); ++i)
    coefficients[i] += other.coefficients[i];
  half += other.half;
  while (!coefficients.empty() && coefficients.back() == 0)
    coefficients.pop_back();
  return *this;
}

Poly eqc::operator*(const Poly &a, const Poly &b) {
  assert(a.half == 0 && b.half == 0 && "products of n/2 do not occur");
  Poly result;
  for (int i = 0; i <= a.degree(); ++i)
    for (int j = 0; j <= b.degree(); ++j)
      result += Poly::power(i + j, a.coefficient(i) * b.coefficient(j));
  return result;
}
