//===- StrandRows.cpp - The letters of strands as rows --------------------===//

#include "compiler/Lowering/Cpu/StrandRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace mlir;

Value StrandRows::numStrips() const {
  return kernel.div(kernel.add(letters(), kernel.index(stripLetters - 1)),
                    stripLetters);
}

StrandRows::Strip StrandRows::strip(Value number) const {
  Value first = kernel.mul(number, kernel.index(stripLetters));
  return {first,
          kernel.min(letters(), kernel.add(first, kernel.index(stripLetters)))};
}

/// Of the letters up to n there are binomial(n - m_1 + t - 1, t) from m_1 on.
Value StrandRows::rowsFrom(Value first) const {
  Value left = kernel.sub(letters(), first);
  Value product = left;
  for (int i = 1; i < order; ++i)
    product = kernel.mul(product, kernel.add(left, kernel.index(i)));
  return kernel.div(product, order == 2 ? 2 : 6);
}

Value StrandRows::numRows(const Strip &strip) const {
  return kernel.sub(rowsFrom(strip.first), rowsFrom(strip.end));
}

Value StrandRows::rowsBefore(const Strip &strip) const {
  return kernel.sub(rowsFrom(kernel.index(0)), rowsFrom(strip.first));
}

Values StrandRows::nextLetters(const Strip &strip,
                               ArrayRef<Value> letter) const {
  OpBuilder &b = kernel.b;
  auto select = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, kernel.loc, condition, yes, no);
  };
  Value one = kernel.index(1);
  Values next;
  Value wraps; // whether the letter before starts again
  for (int l = 0; l < order; ++l) {
    Value following = kernel.add(letter[l], one);
    if (wraps)
      following = select(wraps, following, letter[l]);
    if (l + 1 < order) {
      Value end = kernel.add(letter[l + 1], one);
      if (l == 0)
        end = kernel.min(end, strip.end);
      wraps = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::eq,
                                    following, end);
      following = select(wraps, strip.first, following);
    }
    next.push_back(following);
  }
  return next;
}
