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
  return key;
}

} // namespace eqc

#endif // EQC_PLAN_POLYKEY_H
