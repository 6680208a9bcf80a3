//===- PolyKey.h - Polynomials in an order ----------------------*- C++ -*-===//

#ifndef EQC_PLAN_POLYKEY_H
#define EQC_PLAN_POLYKEY_H

#include "compiler/Plan/Poly.h"

#include <vector>

namespace eqc {

/// A polynomial as something to compare: those of a higher degree are larger.
inline std::vector<int64_t> keyOf(const Poly &poly) {
  std::vector<int64_t> key{poly.degree()};
  for (int i = poly.degree(); i >= 0; --i)
    key.push_back(poly.coefficient(i));
  key.push_back(poly.halfCoefficient());
  // Of the other sizes, so that different polynomials have different keys.
  for (const Poly::Term &term : poly.variableTerms()) {
    const auto &degrees = term.monomial.degrees;
    if (term.monomial.half <= 0 &&
        term.monomial.degree() == static_cast<int>(degrees[0]))
      continue;
    key.insert(key.end(), degrees.begin(), degrees.end());
    key.insert(key.end(), {term.monomial.half, term.coefficient});
  }
  return key;
}

} // namespace eqc

#endif // EQC_PLAN_POLYKEY_H
