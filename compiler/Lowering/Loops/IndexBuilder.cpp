//===- IndexBuilder.cpp - Index arithmetic of a kernel --------------------===//

#include "compiler/Lowering/Loops/IndexBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

Value IndexBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}
Value IndexBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value IndexBuilder::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value IndexBuilder::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}
Value IndexBuilder::min(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(loc, x, y);
}
Value IndexBuilder::div(Value x, int64_t y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, index(y));
}
Value IndexBuilder::rem(Value x, int64_t y) {
  return b.createOrFold<arith::RemUIOp>(loc, x, index(y));
}

Value IndexBuilder::poly(const Poly &poly) {
  if (!spec.dynamicN())
    return index(poly.at(spec.n));
  // Horner's rule; constants fold.
  Value value = index(0);
  for (int i = poly.degree(); i >= 0; --i)
    value = add(mul(value, size), index(poly.coefficient(i)));
  if (poly.halfCoefficient() != 0) {
    Value half = b.createOrFold<arith::DivUIOp>(loc, size, index(2));
    value = add(value, mul(half, index(poly.halfCoefficient())));
  }
  return value;
}

void IndexTable::addRow(std::vector<Poly> row) {
  row.resize(fields);
  rows.push_back(std::move(row));
}

void IndexTable::materialize(IndexBuilder &kernel) {
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

Value IndexTable::get(IndexBuilder &kernel, Value row, int64_t field) const {
  return kernel.b.createOrFold<tensor::ExtractOp>(
      kernel.loc, tensor, ValueRange{row, kernel.index(field)});
}
