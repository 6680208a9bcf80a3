//===- Formula.h - Numbers that the runtime works out -----------*- C++ -*-===//
//
// What depends on n and the batch of a call, as words of the runtime's stack
// machine; see <eqc/cuda_kernel.h>.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_FORMULA_H
#define EQC_LOWERING_GPU_FORMULA_H

#include "compiler/Plan/Poly.h"

#include <optional>
#include <vector>

namespace eqc::device {

/// A formula without its end; constants are folded.
class Formula {
public:
  Formula(int64_t constant);
  static Formula variable(int64_t number);
  /// `poly` at the call's n.
  static Formula of(const Poly &poly);

  friend Formula operator+(const Formula &a, const Formula &b);
  friend Formula operator*(const Formula &a, const Formula &b);
  friend Formula divided(const Formula &a, const Formula &b);
  friend Formula dividedUp(const Formula &a, const Formula &b);
  friend Formula remainder(const Formula &a, const Formula &b);
  friend Formula smaller(const Formula &a, const Formula &b);
  friend Formula larger(const Formula &a, const Formula &b);
  /// 1 where a <= b, else 0.
  friend Formula atMost(const Formula &a, const Formula &b);

  /// With another variable in the place of one.
  Formula with(int64_t variable, int64_t instead) const;
  /// With the end.
  std::vector<int64_t> words() const;
  bool isZero() const { return constant == 0; }
  bool isOne() const { return constant == 1; }

private:
  Formula() = default;
  static Formula apply(int64_t op, const Formula &a, const Formula &b);

  std::optional<int64_t> constant;
  std::vector<int64_t> code;
};

Formula divided(const Formula &a, const Formula &b);
Formula dividedUp(const Formula &a, const Formula &b);
Formula remainder(const Formula &a, const Formula &b);
Formula smaller(const Formula &a, const Formula &b);
Formula larger(const Formula &a, const Formula &b);
Formula atMost(const Formula &a, const Formula &b);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_FORMULA_H
