//===- Extremes.cpp - Largest and smallest entries ------------------------===//

#include "compiler/Lowering/Cpu/Extremes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cassert>

using namespace eqc;
using namespace mlir;

Value eqc::extremeOfNone(KernelBuilder &kernel, Pool pool, VectorType type) {
  assert(pool != Pool::Sum && "sums have no extremes");
  const auto element = cast<FloatType>(type.getElementType());
  const auto infinity = llvm::APFloat::getInf(element.getFloatSemantics(),
                                              /*Negative=*/pool == Pool::Max);
  return arith::ConstantOp::create(kernel.b, kernel.loc,
                                   DenseElementsAttr::get(type, infinity));
}

Value eqc::extremeOf(KernelBuilder &kernel, Pool pool, Value a, Value b) {
  assert(pool != Pool::Sum && "sums have no extremes");
  if (pool == Pool::Max)
    return arith::MaximumFOp::create(kernel.b, kernel.loc, a, b);
  return arith::MinimumFOp::create(kernel.b, kernel.loc, a, b);
}

Value eqc::isExtreme(KernelBuilder &kernel, Value vector, Value extreme) {
  // An extreme is NaN only where a vector is, and equals nothing then.
  auto compare = [&](arith::CmpFPredicate predicate, Value other) -> Value {
    return arith::CmpFOp::create(kernel.b, kernel.loc, predicate, vector,
                                 other);
  };
  return arith::OrIOp::create(kernel.b, kernel.loc,
                              compare(arith::CmpFPredicate::OEQ, extreme),
                              compare(arith::CmpFPredicate::UNO, vector));
}
