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
Value IndexBuilder::max(Value x, Value y) {
  return b.createOrFold<arith::MaxSIOp>(loc, x, y);
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

/// The polynomials of a table, row by row.
static std::vector<Poly> entriesOf(const Table &table) {
  std::vector<Poly> entries;
  for (int64_t r = 0; r < table.size(); ++r)
    entries.insert(entries.end(), table.row(r).begin(), table.row(r).end());
  return entries;
}

/// The entries at a fixed n.
static Value constantOf(IndexBuilder &kernel, const std::vector<Poly> &entries,
                        RankedTensorType type) {
  SmallVector<APInt> values;
  for (const Poly &entry : entries)
    values.push_back(APInt(64, entry.at(kernel.spec.n), true));
  return arith::ConstantOp::create(kernel.b, kernel.loc, type,
                                   DenseIntElementsAttr::get(type, values));
}

/// The entries at a dynamic n: coefficients times (1, n, n^2, .., n/2).
static Value evaluate(IndexBuilder &kernel, const std::vector<Poly> &entries,
                      RankedTensorType type, int degree) {
  OpBuilder &b = kernel.b;
  const Location loc = kernel.loc;
  const int64_t terms = degree + 2;
  SmallVector<APInt> coefficients;
  for (const Poly &entry : entries) {
    for (int64_t i = 0; i + 1 < terms; ++i)
      coefficients.push_back(APInt(64, entry.coefficient(i), true));
    coefficients.push_back(APInt(64, entry.halfCoefficient(), true));
  }
  auto coefficientType = RankedTensorType::get(
      {type.getDimSize(0), type.getDimSize(1), terms}, b.getIndexType());
  Value matrix = arith::ConstantOp::create(
      b, loc, coefficientType,
      DenseIntElementsAttr::get(coefficientType, coefficients));
  SmallVector<Value> powers;
  for (int64_t i = 0; i + 1 < terms; ++i)
    powers.push_back(kernel.poly(Poly::power(i)));
  powers.push_back(kernel.poly(Poly::halfN()));
  return tensor::GenerateOp::create(
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

IndexTable::IndexTable(IndexBuilder &kernel, const Table &table)
    : rows(table.size()) {
  if (table.empty() || table.numFields() == 0)
    return;
  auto type =
      RankedTensorType::get({rows, table.numFields()}, kernel.b.getIndexType());
  const std::vector<Poly> entries = entriesOf(table);
  int degree = 0;
  bool constant = !kernel.spec.dynamicN();
  for (const Poly &entry : entries)
    degree = std::max(degree, entry.degree());
  constant |= std::all_of(entries.begin(), entries.end(),
                          [](const Poly &entry) { return entry.isConstant(); });
  tensor = constant ? constantOf(kernel, entries, type)
                    : evaluate(kernel, entries, type, degree);
}

Value IndexTable::get(IndexBuilder &kernel, Value row, int64_t field) const {
  return kernel.b.createOrFold<tensor::ExtractOp>(
      kernel.loc, tensor, ValueRange{row, kernel.index(field)});
}
