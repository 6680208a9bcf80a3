//===- Sums.cpp - Sums whose errors hardly grow with their length ---------===//

#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cmath>

using namespace eqc;
using namespace mlir;

/// So many sums are added one after the other to those of the next level.
static constexpr int64_t kSumsOfLevel = 16;

static int64_t blockOf(int64_t termsEach) {
  return std::max<int64_t>(1, kTermsOfBlock / termsEach);
}

Value eqc::addVectors(KernelBuilder &kernel, Value a, Value b) {
  auto type = cast<VectorType>(a.getType());
  // A long matrix of a few columns has tiles of less than a vector. Only
  // products may be that narrow.
  if (type.getShape().back() % kernel.lanes != 0)
    return vector::FMAOp::create(
        kernel.b, kernel.loc, b,
        arith::ConstantOp::create(
            kernel.b, kernel.loc,
            DenseElementsAttr::get(
                type, Attribute(kernel.b.getFloatAttr(kernel.element, 1.0)))),
        a);
  return arith::AddFOp::create(kernel.b, kernel.loc, a, b);
}

LongSum eqc::addBlock(KernelBuilder &kernel, LongSum total, Value block) {
  // Knuth's two-sum: `rest` is exactly what the first addition rounds away,
  // whichever of the two is larger.
  OpBuilder &b = kernel.b;
  auto add = [&](Value x, Value y) { return addVectors(kernel, x, y); };
  auto sub = [&](Value x, Value y) -> Value {
    return arith::SubFOp::create(b, kernel.loc, x, y);
  };
  Value sum = add(total.sum, block);
  Value added = sub(sum, total.sum);
  Value rest = add(sub(total.sum, sub(sum, added)), sub(block, added));
  return {sum, add(total.rest, rest)};
}

Value eqc::valueOf(KernelBuilder &kernel, const LongSum &total) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  Value known = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD,
                                      total.rest, total.rest);
  return arith::SelectOp::create(
      b, loc, known, addVectors(kernel, total.sum, total.rest), total.sum);
}

bool eqc::needsBlocks(const KernelBuilder &kernel, const Poly &extent,
                      int64_t termsEach) {
  return extent.isConstant() || !kernel.spec.dynamicN()
             ? extent.at(kernel.spec.n) > blockOf(termsEach)
             : true;
}

/// accumulate() that carries the tensors of arrays as well.
static Values accumulate(KernelBuilder &kernel, Value lower, Value upper,
                         Values inits, ArrayRef<KernelArray *> threaded,
                         SumBody body) {
  auto put = [&](Values &values) {
    for (KernelArray *array : threaded)
      values.push_back(array->tensor);
  };
  auto take = [&](Values &values) {
    for (KernelArray *array : llvm::reverse(threaded))
      array->tensor = values.pop_back_val();
  };
  put(inits);
  Values carried = kernel.accumulate(
      lower, upper, std::move(inits), [&](Value i, Values partial) {
        take(partial);
        Values next = body(i, std::move(partial));
        put(next);
        return next;
      });
  take(carried);
  return carried;
}

/// The values of a branch that is taken only where `condition` holds.
static Values choose(KernelBuilder &kernel, Value condition,
                     function_ref<Values()> then,
                     function_ref<Values()> other) {
  OpBuilder &b = kernel.b;
  OpBuilder::InsertionGuard guard(b);
  // The types are known when the first branch is.
  auto makeRegion = [&](function_ref<Values()> branch) {
    auto block = std::make_unique<Block>();
    b.setInsertionPointToStart(block.get());
    Values values = branch();
    scf::YieldOp::create(b, kernel.loc, values);
    return std::make_pair(std::move(block), values);
  };
  Block *at = b.getInsertionBlock();
  Block::iterator point = b.getInsertionPoint();
  auto [thenBlock, values] = makeRegion(then);
  auto [otherBlock, others] = makeRegion(other);
  b.setInsertionPoint(at, point);
  auto op = scf::IfOp::create(b, kernel.loc, ValueRange(values).getTypes(),
                              condition, /*addThenBlock=*/false,
                              /*addElseBlock=*/false);
  op.getThenRegion().push_back(thenBlock.release());
  op.getElseRegion().push_back(otherBlock.release());
  return Values(op.getResults());
}

Values eqc::emitLongSums(KernelBuilder &kernel, Value extent, const Poly &most,
                         int64_t termsEach, Values zeros, SumBody body,
                         ArrayRef<KernelArray *> threaded) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  const int64_t block = blockOf(termsEach);
  const bool fixed = !kernel.spec.dynamicN();
  Value zero = kernel.index(0);
  if (zeros.empty() || !needsBlocks(kernel, most, termsEach))
    return accumulate(kernel, zero, extent, std::move(zeros), threaded, body);
  const size_t count = zeros.size();
  Value blocks = kernel.div(kernel.add(extent, kernel.index(block - 1)), block);
  Values totals = zeros;
  totals.append(zeros.begin(), zeros.end());
  totals = accumulate(
      kernel, zero, blocks, std::move(totals), threaded,
      [&](Value number, Values total) {
        Value first = kernel.mul(number, kernel.index(block));
        Value end = kernel.min(kernel.add(first, kernel.index(block)), extent);
        Values part = accumulate(kernel, first, end, zeros, threaded, body);
        auto addAll = [&] {
          Values next(2 * count);
          for (size_t i = 0; i < count; ++i) {
            LongSum sum =
                addBlock(kernel, {total[i], total[count + i]}, part[i]);
            next[i] = sum.sum;
            next[count + i] = sum.rest;
          }
          return next;
        };
        if (fixed)
          return addAll();
        // Where there is one block only, it costs little more than before.
        Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                              number, kernel.index(0));
        return choose(
            kernel, isFirst,
            [&] {
              Values next = part;
              next.append(zeros.begin(), zeros.end());
              return next;
            },
            addAll);
      });
  auto resolve = [&] {
    Values sums;
    for (size_t i = 0; i < count; ++i)
      sums.push_back(valueOf(kernel, {totals[i], totals[count + i]}));
    return sums;
  };
  if (fixed)
    return resolve();
  Value several = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt,
                                        extent, kernel.index(block));
  return choose(kernel, several, resolve, [&] {
    return Values(ArrayRef<Value>(totals).take_front(count));
  });
}

Values eqc::emitNestedSums(KernelBuilder &kernel, Value lower, Value upper,
                           int64_t most, int64_t termsEach, Values inits,
                           SumBody body) {
  int64_t group = blockOf(termsEach);
  if (most <= group)
    return kernel.accumulate(lower, upper, std::move(inits), body);
  while (group * kSumsOfLevel < most)
    group *= kSumsOfLevel;
  Values zeros;
  for (Value init : inits)
    zeros.push_back(kernel.zeroVector(init.getType()));
  Value groups = kernel.div(
      kernel.add(kernel.sub(upper, lower), kernel.index(group - 1)), group);
  // A loop, however few groups there are: where the sums of groups and those
  // within one exceed the registers, they then trade places once per group.
  // Unrolled, LLVM keeps some of the inner ones in memory.
  return kernel.accumulateInLoop(
      kernel.index(0), groups, std::move(inits),
      [&](Value number, Values partial) {
        Value first =
            kernel.add(lower, kernel.mul(number, kernel.index(group)));
        Value end = kernel.min(kernel.add(first, kernel.index(group)), upper);
        Values sums =
            emitNestedSums(kernel, first, end, group, termsEach, zeros, body);
        for (auto [sum, more] : llvm::zip_equal(partial, sums))
          sum = addVectors(kernel, sum, more);
        return partial;
      });
}

Value eqc::emitBlockedProduct(
    KernelBuilder &kernel, Value acc, int64_t depth,
    function_ref<std::pair<Value, Value>(Value, int64_t)> slice) {
  auto product = [&](Value sum, Value first, int64_t size) {
    auto [view, weights] = slice(first, size);
    return emitContraction(kernel, sum, view, weights);
  };
  if (depth <= kTermsOfBlock)
    return product(acc, kernel.index(0), depth);
  // Blocks as even as they can be.
  const int64_t blocks = (depth + kTermsOfBlock - 1) / kTermsOfBlock;
  const int64_t size = (depth + blocks - 1) / blocks;
  const int64_t whole = depth / size;
  Value zero = kernel.zeroVector(acc.getType());
  auto addBlockFrom = [&](Value sum, Value first, int64_t part) {
    return addVectors(kernel, sum, product(zero, first, part));
  };
  acc = emitNestedSums(kernel, kernel.index(0), kernel.index(whole), whole,
                       kTermsOfBlock / kSumsOfLevel, {acc},
                       [&](Value number, Values sums) {
                         Value first = kernel.mul(number, kernel.index(size));
                         return Values{addBlockFrom(sums.front(), first, size)};
                       })
            .front();
  if (whole * size == depth)
    return acc;
  return addBlockFrom(acc, kernel.index(whole * size), depth - whole * size);
}

Values eqc::emitMixedTerms(KernelBuilder &kernel, Value first, Value end,
                           int64_t most, Values sums, SumBody addTerm) {
  const int64_t depth = kernel.spec.cIn;
  auto zerosLike = [&](const Values &values) {
    Values zeros;
    for (Value value : values)
      zeros.push_back(kernel.zeroVector(value.getType()));
    return zeros;
  };
  if (2 * depth <= kTermsOfBlock) {
    if (most * depth <= kTermsOnTop || most > blockOf(depth))
      return emitNestedSums(kernel, first, end, most, depth, std::move(sums),
                            addTerm);
    Values block = emitNestedSums(kernel, first, end, most, depth,
                                  zerosLike(sums), addTerm);
    // LLVM would add zero, lest one be negative.
    if (llvm::all_of(sums, [](Value sum) {
          return matchPattern(sum, m_AnyZeroFloat());
        }))
      return block;
    for (auto [sum, more] : llvm::zip_equal(sums, block))
      sum = addVectors(kernel, sum, more);
    return sums;
  }
  // A term is a block of its own, or several.
  const int64_t blocks = (depth + kTermsOfBlock - 1) / kTermsOfBlock;
  return emitNestedSums(
      kernel, first, end, most, blocks * (kTermsOfBlock / kSumsOfLevel),
      std::move(sums), [&](Value term, Values partial) {
        if (blocks > 1)
          return addTerm(term, std::move(partial));
        Values products = addTerm(term, zerosLike(partial));
        for (auto [sum, product] : llvm::zip_equal(partial, products))
          sum = addVectors(kernel, sum, product);
        return partial;
      });
}

Value eqc::emitMixedTerms(KernelBuilder &kernel, Value first, Value end,
                          int64_t most, Value acc,
                          function_ref<Value(Value, Value)> addTerm) {
  return emitMixedTerms(kernel, first, end, most, Values{acc},
                        [&](Value term, Values partial) {
                          return Values{addTerm(term, partial.front())};
                        })
      .front();
}

MeanFactors eqc::meanFactors(KernelBuilder &kernel, const Poly &values) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, loc,
                                     b.getFloatAttr(kernel.element, value));
  };
  if (!kernel.spec.dynamicN() || values.isConstant()) {
    // Half as much as would do, so that no rounding leads to infinity.
    const auto count = static_cast<double>(values.at(kernel.spec.n));
    const double term = std::exp2(-std::ceil(std::log2(count)) - 1);
    return {constant(term), constant(1 / (count * term))};
  }
  Value integer =
      arith::IndexCastOp::create(b, loc, b.getI64Type(), kernel.poly(values));
  Value real = arith::SIToFPOp::create(b, loc, kernel.element, integer);
  Value inverse = arith::DivFOp::create(b, loc, constant(1), real);
  // Without its fraction, a number is the power of two below it.
  auto type = cast<FloatType>(kernel.element);
  const unsigned fraction = type.getFPMantissaWidth() - 1;
  Type bitsType = b.getIntegerType(type.getWidth());
  Value bits = arith::BitcastOp::create(b, loc, bitsType, inverse);
  Value mask = arith::ConstantOp::create(
      b, loc,
      b.getIntegerAttr(bitsType,
                       APInt::getBitsSetFrom(type.getWidth(), fraction)));
  bits = arith::AndIOp::create(b, loc, bits, mask);
  Value power = arith::BitcastOp::create(b, loc, kernel.element, bits);
  Value term = arith::MulFOp::create(b, loc, power, constant(0.5));
  return {term, arith::DivFOp::create(b, loc, inverse, term)};
}

Value eqc::addScaled(KernelBuilder &kernel, Value sum, Value value,
                     Value factor) {
  Value factors = vector::BroadcastOp::create(kernel.b, kernel.loc,
                                              value.getType(), factor);
  return vector::FMAOp::create(kernel.b, kernel.loc, value, factors, sum);
}

Value eqc::scaleVector(KernelBuilder &kernel, Value vector, Value factor) {
  Value factors = vector::BroadcastOp::create(kernel.b, kernel.loc,
                                              vector.getType(), factor);
  return arith::MulFOp::create(kernel.b, kernel.loc, vector, factors);
}
