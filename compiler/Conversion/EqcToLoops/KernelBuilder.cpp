//===- KernelBuilder.cpp - Loops, tables and arrays of a kernel -----------===//

#include "compiler/Conversion/EqcToLoops/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

KernelBuilder::KernelBuilder(OpBuilder &builder, Location loc,
                             const LayerSpec &spec, const TargetShape &target)
    : b(builder), loc(loc), spec(spec), target(target),
      element(spec.dtype == DType::F32 ? Type(builder.getF32Type())
                                       : Type(builder.getF64Type())),
      lanes(target.lanes(spec.elementSize())) {
  // From the shape of the layer alone: results do not depend on threads.
  constexpr int64_t mostParts = 16;
  record.parts = spec.dynamicN() ? mostParts : std::min(mostParts, spec.n);
}

KernelRecord KernelBuilder::wholeRecord() const {
  KernelRecord whole = record;
  whole.phases = whole.parts = 1;
  return whole;
}

Value KernelBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}
Value KernelBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value KernelBuilder::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value KernelBuilder::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}
Value KernelBuilder::min(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(loc, x, y);
}
Value KernelBuilder::div(Value x, int64_t y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, index(y));
}
Value KernelBuilder::rem(Value x, int64_t y) {
  return b.createOrFold<arith::RemUIOp>(loc, x, index(y));
}

Value KernelBuilder::poly(const Poly &poly) {
  if (!spec.dynamicN())
    return index(poly.at(spec.n));
  // Horner's rule; constants fold.
  Value value = index(0);
  for (int i = poly.degree(); i >= 0; --i)
    value = add(mul(value, n), index(poly.coefficient(i)));
  if (poly.halfCoefficient() != 0) {
    Value half = b.createOrFold<arith::DivUIOp>(loc, n, index(2));
    value = add(value, mul(half, index(poly.halfCoefficient())));
  }
  return value;
}

Value KernelBuilder::constants(ArrayRef<double> values) {
  SmallVector<Attribute> attributes;
  for (double value : values)
    attributes.push_back(b.getFloatAttr(element, value));
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, element);
  return arith::ConstantOp::create(b, loc, type,
                                   DenseElementsAttr::get(type, attributes));
}

Value KernelBuilder::broadcastOf(Value constants, Value index, int64_t width) {
  Value value =
      b.createOrFold<tensor::ExtractOp>(loc, constants, ValueRange{index});
  return vector::BroadcastOp::create(b, loc, vectorType(width), value);
}

VectorType KernelBuilder::vectorType(int64_t size) const {
  return VectorType::get({size}, element);
}

Value KernelBuilder::zeroVector(Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

/// A mask of the first `valid` lanes, or null when all of them are.
static Value maskOf(KernelBuilder &kernel, int64_t width, int64_t valid) {
  if (valid >= width)
    return Value();
  return vector::ConstantMaskOp::create(
      kernel.b, kernel.loc, VectorType::get({width}, kernel.b.getI1Type()),
      ArrayRef<int64_t>{valid});
}

static AffineMap rowMap(KernelBuilder &kernel, Value tensor) {
  return AffineMap::getMinorIdentityMap(
      cast<RankedTensorType>(tensor.getType()).getRank(), 1,
      kernel.b.getContext());
}

Value KernelBuilder::readRow(Value tensor, ValueRange position, Value column,
                             int64_t width, int64_t valid) {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  SmallVector<Value> indices(position);
  indices.push_back(column);
  return vector::TransferReadOp::create(
      b, loc, vectorType(width), tensor, indices,
      AffineMapAttr::get(rowMap(*this, tensor)), zero,
      maskOf(*this, width, valid), b.getBoolArrayAttr({true}));
}

Value KernelBuilder::writeRow(Value vector, Value tensor, ValueRange position,
                              Value column, int64_t valid) {
  int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
  SmallVector<Value> indices(position);
  indices.push_back(column);
  auto write = vector::TransferWriteOp::create(
      b, loc, vector, tensor, indices,
      AffineMapAttr::get(rowMap(*this, tensor)), maskOf(*this, width, valid),
      b.getBoolArrayAttr({true}));
  return write.getResult();
}

void KernelBuilder::forRange(ArrayRef<KernelArray *> arrays, Value lower,
                             Value upper, int64_t step,
                             function_ref<void(Value)> body) {
  std::optional<int64_t> lo = getConstantIntValue(lower);
  std::optional<int64_t> hi = getConstantIntValue(upper);
  if (lo && hi) {
    if (*lo >= *hi)
      return;
    if (*lo + step >= *hi)
      return body(lower);
  }
  Values tensors;
  for (KernelArray *array : arrays)
    tensors.push_back(array->tensor);
  auto loop = scf::ForOp::create(b, loc, lower, upper, index(step), tensors);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    for (auto [array, argument] : llvm::zip(arrays, loop.getRegionIterArgs()))
      array->tensor = argument;
    body(loop.getInductionVar());
    for (auto [array, tensor] : llvm::zip(arrays, tensors))
      tensor = array->tensor;
    scf::YieldOp::create(b, loc, tensors);
  }
  for (auto [array, result] : llvm::zip(arrays, loop.getResults()))
    array->tensor = result;
}

void KernelBuilder::forNest(KernelArray &array, ArrayRef<Value> extents,
                            function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<Value> indices;
  auto nest = [&](auto &self) -> void {
    if (indices.size() == extents.size())
      return body(indices);
    forRange(array, extents[indices.size()], [&](Value i) {
      indices.push_back(i);
      self(self);
      indices.pop_back();
    });
  };
  nest(nest);
}

void KernelBuilder::forPhase(KernelArray &array, function_ref<void()> body) {
  Value all =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, phase, index(0));
  Value mine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, phase,
                                     index(record.phases++));
  ifElse(array, b.createOrFold<arith::OrIOp>(loc, all, mine), body, [] {});
}

std::pair<Value, Value> KernelBuilder::share(Value extent) {
  Value all =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, phase, index(0));
  Value parts =
      arith::SelectOp::create(b, loc, all, index(1), index(record.parts));
  auto bound = [&](Value part) {
    return b.createOrFold<arith::DivUIOp>(loc, mul(part, extent), parts);
  };
  return {bound(part), bound(add(part, index(1)))};
}

void KernelBuilder::forShare(KernelArray &array, Value extent,
                             function_ref<void(Value)> body) {
  std::optional<int64_t> fixed = getConstantIntValue(extent);
  if (fixed && *fixed == 1)
    return inFirstPart(array, [&] { body(index(0)); });
  auto [lower, upper] = share(extent);
  forRange(array, lower, upper, 1, body);
}

void KernelBuilder::inFirstPart(KernelArray &array, function_ref<void()> body) {
  Value first =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, part, index(0));
  ifElse(array, first, body, [] {});
}

void KernelBuilder::ifElse(KernelArray &array, Value condition,
                           function_ref<void()> thenBody,
                           function_ref<void()> elseBody) {
  const Value before = array.tensor;
  auto op = scf::IfOp::create(b, loc, before.getType(), condition,
                              /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool taken : {true, false}) {
    b.setInsertionPointToStart(taken ? op.thenBlock() : op.elseBlock());
    array.tensor = before;
    (taken ? thenBody : elseBody)();
    scf::YieldOp::create(b, loc, array.tensor);
  }
  array.tensor = op.getResult(0);
}

/// Loops of at most this many iterations are unrolled: their table entries then
/// become constants.
static constexpr int64_t kUnrolled = 3;
/// But not where nested ones would make more copies than this: the code grows
/// with the order, not with its power.
static constexpr int64_t kMostCopies = 128;

Value KernelBuilder::accumulate(Value lower, Value upper, Value init,
                                function_ref<Value(Value, Value)> body) {
  return accumulate(lower, upper, Values{init},
                    [&](Value i, Values carried) {
                      return Values{body(i, carried.front())};
                    })
      .front();
}

KernelBuilder::Values
KernelBuilder::accumulate(Value lower, Value upper, Values inits,
                          function_ref<Values(Value, Values)> body) {
  std::optional<int64_t> lo = getConstantIntValue(lower);
  std::optional<int64_t> hi = getConstantIntValue(upper);
  if (lo && hi && *hi - *lo <= kUnrolled) {
    const int64_t iterations = std::max<int64_t>(*hi - *lo, 1);
    if (iterations == 1 || copies * iterations <= kMostCopies) {
      copies *= iterations;
      for (int64_t i = *lo; i < *hi; ++i)
        inits = body(index(i), std::move(inits));
      copies /= iterations;
      return inits;
    }
  }
  return accumulateInLoop(lower, upper, std::move(inits), body);
}

KernelBuilder::Values
KernelBuilder::accumulateInLoop(Value lower, Value upper, Values inits,
                                function_ref<Values(Value, Values)> body) {
  auto loop = scf::ForOp::create(b, loc, lower, upper, index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Values results =
      body(loop.getInductionVar(), Values(loop.getRegionIterArgs()));
  scf::YieldOp::create(b, loc, results);
  return Values(loop.getResults());
}

void KernelBuilder::forColumnChunks(
    KernelArray &array, int64_t channels, int64_t maxVectors,
    function_ref<void(Value, int64_t, int64_t)> body) {
  const int64_t wide = maxVectors * lanes;
  const int64_t full = channels / wide * wide;
  forRange(array, index(0), index(full), wide,
           [&](Value column) { body(column, wide, wide); });
  if (full == channels)
    return;
  // The rest: whole vectors together, the last one masked.
  const int64_t whole = (channels - full) / lanes * lanes;
  if (whole > 0)
    body(index(full), whole, whole);
  if (full + whole < channels)
    body(index(full + whole), lanes, channels - full - whole);
}

Value KernelBuilder::sampleIndex(PlanArray which, Value sample) {
  if (which == PlanArray::Bias)
    return index(0);
  return array(which).wholeBatch ? add(first, sample) : sample;
}

ColumnTiling eqc::columnTiling(const LayerSpec &spec,
                               const TargetShape &target) {
  return mixTiling(target, spec.elementSize(), spec.cOut);
}

KernelArray KernelBuilder::scratch(const Poly &rows, int64_t channels,
                                   int64_t columns) {
  KernelArray result;
  result.rows = rows;
  result.channels = channels;
  result.columns = columns;
  SmallVector<int64_t> shape{ShapedType::kDynamic, rows.at(spec.n), columns};
  SmallVector<Value> sizes{count};
  if (spec.dynamicN()) {
    shape[1] = ShapedType::kDynamic;
    sizes.push_back(poly(rows));
  }
  // Unlike tensor.empty, two allocations of one shape never become one.
  result.tensor = bufferization::AllocTensorOp::create(
      b, loc, RankedTensorType::get(shape, element), sizes);
  return result;
}

void KernelTable::addRow(std::vector<Poly> row) {
  row.resize(fields);
  rows.push_back(std::move(row));
}

void KernelTable::materialize(KernelBuilder &kernel) {
  if (rows.empty() || fields == 0)
    return;
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto type = RankedTensorType::get({size(), fields}, b.getIndexType());
  int degree = 0;
  bool constant = true;
  for (const std::vector<Poly> &row : rows)
    for (const Poly &poly : row) {
      degree = std::max(degree, poly.degree());
      constant &= poly.isConstant();
    }
  if (constant || !kernel.spec.dynamicN()) {
    SmallVector<APInt> values;
    for (const std::vector<Poly> &row : rows)
      for (const Poly &poly : row)
        values.push_back(APInt(64, poly.at(kernel.spec.n), true));
    tensor = arith::ConstantOp::create(b, loc, type,
                                       DenseIntElementsAttr::get(type, values));
    return;
  }
  // Coefficients times (1, n, n^2, .., n/2), once per call of the kernel.
  const int64_t terms = degree + 2;
  SmallVector<APInt> coefficients;
  for (const std::vector<Poly> &row : rows)
    for (const Poly &poly : row) {
      for (int64_t i = 0; i + 1 < terms; ++i)
        coefficients.push_back(APInt(64, poly.coefficient(i), true));
      coefficients.push_back(APInt(64, poly.halfCoefficient(), true));
    }
  auto coefficientType =
      RankedTensorType::get({size(), fields, terms}, b.getIndexType());
  Value matrix = arith::ConstantOp::create(
      b, loc, coefficientType,
      DenseIntElementsAttr::get(coefficientType, coefficients));
  SmallVector<Value> powers;
  for (int64_t i = 0; i + 1 < terms; ++i)
    powers.push_back(kernel.poly(Poly::power(i)));
  powers.push_back(kernel.poly(Poly::halfN()));
  tensor = tensor::GenerateOp::create(
      b, loc, type, ValueRange{},
      [&](OpBuilder &nested, Location, ValueRange position) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(),
                            nested.getInsertionPoint());
        Value sum = kernel.index(0);
        for (int64_t i = 0; i < terms; ++i) {
          Value coefficient = tensor::ExtractOp::create(
              b, loc, matrix,
              ValueRange{position[0], position[1], kernel.index(i)});
          sum = kernel.add(sum, kernel.mul(coefficient, powers[i]));
        }
        tensor::YieldOp::create(b, loc, sum);
      });
}

Value KernelTable::get(KernelBuilder &kernel, Value row, int64_t field) const {
  return kernel.b.createOrFold<tensor::ExtractOp>(
      kernel.loc, tensor, ValueRange{row, kernel.index(field)});
}
