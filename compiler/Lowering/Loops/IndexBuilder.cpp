//===- IndexBuilder.cpp - Index arithmetic of a kernel --------------------===//

#include "compiler/Lowering/Loops/IndexBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>
#include <set>

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

void IndexBuilder::openSizes(Value n) {
  const int count = spec.numSizes();
  sizes.clear();
  if (count == 1)
    sizes.push_back(n);
  if (count < 2)
    return;
  const Type number = b.getI64Type();
  const Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value bits = arith::IndexCastOp::create(b, loc, number, n);
  Value address = LLVM::IntToPtrOp::create(b, loc, pointer, bits);
  for (int32_t i = 0; i < count; ++i) {
    Value place =
        LLVM::GEPOp::create(b, loc, pointer, number, address,
                            llvm::ArrayRef<LLVM::GEPArg>(LLVM::GEPArg(i)));
    Value size = LLVM::LoadOp::create(b, loc, number, place);
    sizes.push_back(arith::IndexCastOp::create(b, loc, b.getIndexType(), size));
  }
}

Value IndexBuilder::monomial(const Monomial &monomial) {
  Value value;
  auto times = [&](Value factor) {
    value = value ? mul(value, factor) : factor;
  };
  for (size_t i = 0; i < sizes.size(); ++i)
    for (int power = 0; power < monomial.degrees[i]; ++power)
      times(sizes[i]);
  if (monomial.half >= 0)
    times(div(sizes[static_cast<size_t>(monomial.half)], 2));
  return value ? value : index(1);
}

Value IndexBuilder::poly(const Poly &poly) {
  if (!spec.dynamicN())
    return index(poly.at(spec.n));
  if (sizes.size() > 1) {
    Value value = index(poly.constantTerm());
    for (const Poly::Term &term : poly.variableTerms())
      value = add(value, mul(monomial(term.monomial), index(term.coefficient)));
    return value;
  }
  Value size = sizes.front();
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

/// The monomials that the entries are sums of: 1, n, n^2, .., n/2 for one size.
static std::vector<Monomial> monomialsOf(const std::vector<Poly> &entries,
                                         size_t sizes) {
  std::set<Monomial> found{Monomial()};
  int degree = 0;
  for (const Poly &entry : entries) {
    degree = std::max(degree, entry.degree());
    for (const Poly::Term &term : entry.variableTerms())
      found.insert(term.monomial);
  }
  if (sizes > 1)
    return {found.begin(), found.end()};
  std::vector<Monomial> powers(static_cast<size_t>(degree) + 2);
  for (int i = 0; i <= degree; ++i)
    powers[static_cast<size_t>(i)].degrees[0] = static_cast<uint8_t>(i);
  powers.back().half = 0;
  return powers;
}

static int64_t coefficientOf(const Poly &poly, const Monomial &monomial) {
  if (monomial.isOne())
    return poly.constantTerm();
  for (const Poly::Term &term : poly.variableTerms())
    if (term.monomial == monomial)
      return term.coefficient;
  return 0;
}

/// The entries at sizes given at run time: coefficients times monomials.
static Value evaluate(IndexBuilder &kernel, const std::vector<Poly> &entries,
                      RankedTensorType type) {
  OpBuilder &b = kernel.b;
  const Location loc = kernel.loc;
  const std::vector<Monomial> monomials =
      monomialsOf(entries, kernel.numSizes());
  const auto terms = static_cast<int64_t>(monomials.size());
  SmallVector<APInt> coefficients;
  for (const Poly &entry : entries)
    for (const Monomial &monomial : monomials)
      coefficients.push_back(APInt(64, coefficientOf(entry, monomial), true));
  auto coefficientType = RankedTensorType::get(
      {type.getDimSize(0), type.getDimSize(1), terms}, b.getIndexType());
  Value matrix = arith::ConstantOp::create(
      b, loc, coefficientType,
      DenseIntElementsAttr::get(coefficientType, coefficients));
  SmallVector<Value> values;
  for (const Monomial &monomial : monomials)
    values.push_back(kernel.monomial(monomial));
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
          sum = kernel.add(sum, kernel.mul(coefficient, values[i]));
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
  const bool constant =
      !kernel.spec.dynamicN() ||
      std::all_of(entries.begin(), entries.end(),
                  [](const Poly &entry) { return entry.isConstant(); });
  tensor = constant ? constantOf(kernel, entries, type)
                    : evaluate(kernel, entries, type);
}

Value IndexTable::get(IndexBuilder &kernel, Value row, int64_t field) const {
  return kernel.b.createOrFold<tensor::ExtractOp>(
      kernel.loc, tensor, ValueRange{row, kernel.index(field)});
}
