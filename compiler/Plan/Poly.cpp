//===- Poly.cpp - Polynomials in sizes ------------------------------------===//

#include "compiler/Plan/Poly.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <tuple>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Monomials
//===----------------------------------------------------------------------===//

int Monomial::degree() const {
  int sum = 0;
  for (uint8_t power : degrees)
    sum += power;
  return sum;
}

bool Monomial::operator<(const Monomial &o) const {
  const int own = degree(), others = o.degree();
  return std::tie(own, degrees, half) < std::tie(others, o.degrees, o.half);
}

uint64_t Monomial::at(const int64_t *sizes, int count) const {
  auto sizeOf = [&](int number) { return sizes[std::min(number, count - 1)]; };
  // Unsigned, so that an unused overflowing intermediate is defined.
  uint64_t value = half < 0 ? 1 : static_cast<uint64_t>(sizeOf(half) / 2);
  for (int i = 0; i < kMostSizes; ++i)
    for (int power = 0; power < degrees[static_cast<size_t>(i)]; ++power)
      value *= static_cast<uint64_t>(sizeOf(i));
  return value;
}

//===----------------------------------------------------------------------===//
// Polynomials
//===----------------------------------------------------------------------===//

Poly Poly::power(int degree, int64_t scale) {
  Monomial monomial;
  monomial.degrees[0] = static_cast<uint8_t>(degree);
  Poly result;
  result.add(monomial, scale);
  return result;
}

Poly Poly::size(int number) {
  assert(number < Monomial::kMostSizes && "more sizes than spaces");
  Monomial monomial;
  monomial.degrees[static_cast<size_t>(number)] = 1;
  Poly result;
  result.add(monomial, 1);
  return result;
}

Poly Poly::halfN() { return power(1).over(2); }

Poly Poly::nOver(int unit) { return power(1).over(unit); }

Poly Poly::over(int unit) const {
  assert((unit == 1 || unit == 2) && "no other part of a size occurs");
  if (unit == 1)
    return *this;
  if (isConstant())
    return Poly(constant / unit);
  assert(constant == 0 && terms.size() == 1 && terms[0].coefficient == 1 &&
         terms[0].monomial.degree() == 1 && "half of a size alone");
  const auto &degrees = terms[0].monomial.degrees;
  Monomial half;
  half.half = static_cast<int>(std::find(degrees.begin(), degrees.end(), 1) -
                               degrees.begin());
  Poly result;
  result.add(half, 1);
  return result;
}

int Poly::degree() const {
  // The largest comes last, but halves have no degree.
  return terms.empty() ? (constant == 0 ? -1 : 0)
                       : terms.back().monomial.degree();
}

int64_t Poly::coefficient(int degree) const {
  if (degree <= 0)
    return constant;
  for (const Term &term : terms)
    if (term.monomial.half < 0 && term.monomial.degrees[0] == degree &&
        term.monomial.degree() == degree)
      return term.coefficient;
  return 0;
}

int64_t Poly::halfCoefficient() const {
  for (const Term &term : terms)
    if (term.monomial.half == 0 && term.monomial.degree() == 0)
      return term.coefficient;
  return 0;
}

void Poly::add(const Monomial &monomial, int64_t coefficient) {
  if (coefficient == 0)
    return;
  if (monomial.isOne()) {
    constant += coefficient;
    return;
  }
  const auto place = std::lower_bound(
      terms.begin(), terms.end(), monomial,
      [](const Term &term, const Monomial &m) { return term.monomial < m; });
  if (place == terms.end() || !(place->monomial == monomial))
    terms.insert(place, {monomial, coefficient});
  else if ((place->coefficient += coefficient) == 0)
    terms.erase(place);
}

int64_t Poly::at(const int64_t *sizes, int count) const {
  auto value = static_cast<uint64_t>(constant);
  for (const Term &term : terms)
    value += static_cast<uint64_t>(term.coefficient) *
             term.monomial.at(sizes, count);
  return static_cast<int64_t>(value);
}

Poly &Poly::operator+=(const Poly &other) {
  constant += other.constant;
  if (&other == this)
    for (Term &term : terms)
      term.coefficient *= 2;
  else
    for (const Term &term : other.terms)
      add(term.monomial, term.coefficient);
  return *this;
}

Poly eqc::operator*(const Poly &a, const Poly &b) {
  Poly result(a.constant * b.constant);
  for (const Poly::Term &term : a.terms)
    result.add(term.monomial, term.coefficient * b.constant);
  for (const Poly::Term &term : b.terms)
    result.add(term.monomial, term.coefficient * a.constant);
  for (const Poly::Term &left : a.terms)
    for (const Poly::Term &right : b.terms) {
      assert((left.monomial.half < 0 || right.monomial.half < 0) &&
             "products of n/2 do not occur");
      Monomial product = left.monomial;
      for (size_t i = 0; i < product.degrees.size(); ++i)
        product.degrees[i] += right.monomial.degrees[i];
      product.half = std::max(left.monomial.half, right.monomial.half);
      result.add(product, left.coefficient * right.coefficient);
    }
  return result;
}
