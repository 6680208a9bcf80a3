//===- Formula.cpp - Numbers that the runtime works out -------------------===//

#include "compiler/Lowering/Gpu/Formula.h"

#include <eqc/cuda_kernel.h>

using namespace eqc::device;

Formula::Formula(int64_t value) : constant(value), code{EQC_OP_CONST, value} {}

Formula Formula::variable(int64_t number) {
  Formula result;
  result.code = {EQC_OP_VAR, number};
  return result;
}

Formula Formula::apply(int64_t op, const Formula &a, const Formula &b) {
  Formula result;
  result.code = a.code;
  result.code.insert(result.code.end(), b.code.begin(), b.code.end());
  result.code.push_back(op);
  return result;
}

Formula Formula::of(const Poly &poly) {
  const Formula n = variable(EQC_VAR_N);
  Formula value(0);
  for (int i = poly.degree(); i >= 0; --i)
    value = value * n + Formula(poly.coefficient(i));
  if (poly.halfCoefficient() != 0)
    value = value + divided(n, 2) * Formula(poly.halfCoefficient());
  return value;
}

// Only what surely fits is folded: overflow is for the runtime to report.

Formula eqc::device::operator+(const Formula &a, const Formula &b) {
  int64_t sum = 0;
  if (a.constant == 0)
    return b;
  if (b.constant == 0)
    return a;
  if (a.constant && b.constant &&
      !__builtin_add_overflow(*a.constant, *b.constant, &sum))
    return sum;
  return Formula::apply(EQC_OP_ADD, a, b);
}

Formula eqc::device::operator*(const Formula &a, const Formula &b) {
  int64_t product = 0;
  if (a.constant == 1 || b.constant == 0)
    return b;
  if (b.constant == 1 || a.constant == 0)
    return a;
  if (a.constant && b.constant &&
      !__builtin_mul_overflow(*a.constant, *b.constant, &product))
    return product;
  return Formula::apply(EQC_OP_MUL, a, b);
}

Formula eqc::device::divided(const Formula &a, const Formula &b) {
  return b.constant == 1 ? a : Formula::apply(EQC_OP_DIV, a, b);
}
Formula eqc::device::dividedUp(const Formula &a, const Formula &b) {
  return b.constant == 1 ? a : Formula::apply(EQC_OP_CEIL, a, b);
}
Formula eqc::device::remainder(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_MOD, a, b);
}
Formula eqc::device::smaller(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_MIN, a, b);
}
Formula eqc::device::larger(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_MAX, a, b);
}
Formula eqc::device::atMost(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_LE, a, b);
}

Formula Formula::with(int64_t variable, int64_t instead) const {
  Formula result = *this;
  for (size_t i = 0; i < code.size(); ++i) {
    if (code[i] == EQC_OP_VAR && code[i + 1] == variable)
      result.code[i + 1] = instead;
    if (code[i] == EQC_OP_VAR || code[i] == EQC_OP_CONST)
      ++i;
  }
  return result;
}

std::vector<int64_t> Formula::words() const {
  std::vector<int64_t> words = code;
  words.push_back(EQC_OP_END);
  return words;
}
