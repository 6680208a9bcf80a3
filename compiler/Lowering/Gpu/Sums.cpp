//===- Sums.cpp - Sums whose errors hardly grow with their length ---------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Nests/Summation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>
#include <cmath>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

void device::addBlock(DeviceKernel &kernel, Value &total, Value &rest,
                      Value block) {
  // Knuth's two-sum: what is added to `rest` is exactly what the first addition
  // rounds away, whichever of the two is larger.
  Value sum = kernel.plus(total, block);
  Value added = kernel.minus(sum, total);
  Value lost = kernel.plus(kernel.minus(total, kernel.minus(sum, added)),
                           kernel.minus(block, added));
  rest = kernel.plus(rest, lost);
  total = sum;
}

Value device::valueOf(DeviceKernel &kernel, Value sum, Value rest) {
  // The rest of an infinite sum means nothing.
  Value known = arith::CmpFOp::create(kernel.b, kernel.loc,
                                      arith::CmpFPredicate::ORD, rest, rest);
  return arith::SelectOp::create(kernel.b, kernel.loc, known,
                                 kernel.plus(sum, rest), sum);
}

Values device::blockedSum(DeviceKernel &kernel, Value first, Value end,
                          int64_t most, int64_t termsEach, Values zeros,
                          DeviceKernel::LoopBody body) {
  const int64_t block = std::max<int64_t>(1, kTermsOfBlock / termsEach);
  if (most > 0 && most <= block)
    return kernel.loop(first, end, 1, std::move(zeros), body);
  const size_t width = zeros.size();
  Values carried = zeros;
  carried.append(zeros); // what is rounded away
  carried = kernel.loop(
      first, end, block, std::move(carried), [&](Value from, Values totals) {
        Value to = kernel.min(kernel.add(from, kernel.index(block)), end);
        const Values sums = kernel.loop(from, to, 1, zeros, body);
        for (size_t i = 0; i < width; ++i)
          addBlock(kernel, totals[i], totals[width + i], sums[i]);
        return totals;
      });
  Values result;
  for (size_t i = 0; i < width; ++i)
    result.push_back(valueOf(kernel, carried[i], carried[width + i]));
  return result;
}

MeanFactors device::meanFactors(DeviceKernel &kernel, const Poly &values) {
  OpBuilder &b = kernel.b;
  if (!kernel.spec.dynamicN() || values.isConstant()) {
    // Half as much as would do, so that no rounding leads to infinity.
    const auto count = static_cast<double>(values.at(kernel.spec.n));
    const double term = std::exp2(-std::ceil(std::log2(count)) - 1);
    return {kernel.real(term), kernel.real(1 / (count * term))};
  }
  Value integer = arith::IndexCastOp::create(b, kernel.loc, b.getI64Type(),
                                             kernel.poly(values));
  Value inverse = arith::DivFOp::create(
      b, kernel.loc, kernel.real(1),
      arith::SIToFPOp::create(b, kernel.loc, kernel.elementType, integer));
  // Without its fraction, a number is the power of two below it.
  auto type = cast<FloatType>(kernel.elementType);
  Type bitsType = b.getIntegerType(type.getWidth());
  Value mask = arith::ConstantOp::create(
      b, kernel.loc,
      b.getIntegerAttr(bitsType,
                       APInt::getBitsSetFrom(type.getWidth(),
                                             type.getFPMantissaWidth() - 1)));
  Value bits = arith::AndIOp::create(
      b, kernel.loc, arith::BitcastOp::create(b, kernel.loc, bitsType, inverse),
      mask);
  Value term = kernel.times(arith::BitcastOp::create(b, kernel.loc, type, bits),
                            kernel.real(0.5));
  return {term, arith::DivFOp::create(b, kernel.loc, inverse, term)};
}
