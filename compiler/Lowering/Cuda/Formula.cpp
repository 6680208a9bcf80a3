//===- Formula.cpp - Numbers that the runtime works out -------------------===//

#include "compiler/Lowering/Cuda/Formula.h"

#include <eqc/cuda_kernel.h>

using namespace eqc::cuda;

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

Formula eqc::cuda::operator+(const Formula &a, const Formula &b) {
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

Formula eqc::cuda::operator*(const Formula &a, const Formula &b) {
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

Formula eqc::cuda::divided(const Formula &a, const Formula &b) {
  return b.constant == 1 ? a : Formula::apply(EQC_OP_DIV, a, b);
}
Formula eqc::cuda::dividedUp(const Formula &a, const Formula &b) {
  return b.constant == 1 ? a : Formula::apply(EQC_OP_CEIL, a, b);
}
Formula eqc::cuda::remainder(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_MOD, a, b);
}
Formula eqc::cuda::smaller(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_MIN, a, b);
}
Formula eqc::cuda::larger(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_MAX, a, b);
}
Formula eqc::cuda::atMost(const Formula &a, const Formula &b) {
  return Formula::apply(EQC_OP_LE, a, b);
}

std::vector<int64_t> Formula::words() const {
  std::vector<int64_t> words = code;
  words.push_back(EQC_OP_END);
  return words;
}
