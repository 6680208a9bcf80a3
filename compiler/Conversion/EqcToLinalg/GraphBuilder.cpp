//===- GraphBuilder.cpp - Sums of products over index spaces --------------===//

#include "compiler/Conversion/EqcToLinalg/GraphBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>
#include <cstdlib>

using namespace eqc;
using namespace mlir;

Value GraphBuilder::number(double value) {
  return arith::ConstantOp::create(b, loc, b.getFloatAttr(element, value));
}

Value GraphBuilder::inverseOfN(int power) {
  if (power == 0)
    return Value();
  const Value one = number(1);
  Value size;
  if (n) {
    const Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), n);
    size = arith::SIToFPOp::create(b, loc, element, integer);
  } else {
    size = number(static_cast<double>(fixedN));
  }
  Value result = one;
  for (int i = 0; i < std::abs(power); ++i)
    result = power > 0
                 ? arith::DivFOp::create(b, loc, result, size).getResult()
                 : arith::MulFOp::create(b, loc, result, size).getResult();
  return result;
}

Value GraphBuilder::zeros(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> extents;
  SmallVector<Value> sizes;
  for (int64_t extent : shape) {
    if (extent >= 0) {
      extents.push_back(extent);
    } else if (extent == kAxis && !n) {
      extents.push_back(fixedN);
    } else {
      extents.push_back(ShapedType::kDynamic);
      sizes.push_back(extent == kAxis ? n : batch);
    }
  }
  const Value empty = tensor::EmptyOp::create(b, loc, extents, element, sizes);
  return linalg::FillOp::create(b, loc, number(0), empty).getResult(0);
}

Value GraphBuilder::slice(Value tensor, int64_t index) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes;
  for (int64_t extent : type.getShape())
    sizes.push_back(b.getIndexAttr(extent));
  offsets[0] = b.getIndexAttr(index);
  sizes[0] = b.getIndexAttr(1);
  auto reduced = RankedTensorType::get(type.getShape().drop_front(), element);
  return tensor::ExtractSliceOp::create(b, loc, reduced, tensor, offsets, sizes,
                                        strides);
}

Value GraphBuilder::rows(Value tensor, unsigned axis, int64_t first,
                         int64_t count) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, tensor);
  offsets[axis] = b.getIndexAttr(first);
  sizes[axis] = b.getIndexAttr(count);
  return tensor::ExtractSliceOp::create(b, loc, tensor, offsets, sizes,
                                        strides);
}

Value GraphBuilder::replaceRows(Value tensor, Value elements, unsigned axis,
                                int64_t first) {
  const int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, b.getIndexAttr(1));
  offsets[axis] = b.getIndexAttr(first);
  return tensor::InsertSliceOp::create(b, loc, elements, tensor, offsets,
                                       tensor::getMixedSizes(b, loc, elements),
                                       strides);
}

Value GraphBuilder::constant(ArrayRef<double> values, int64_t rows,
                             int64_t columns) {
  auto type = RankedTensorType::get({rows, columns}, element);
  SmallVector<Attribute> entries;
  for (double value : values)
    entries.push_back(b.getFloatAttr(element, value));
  return arith::ConstantOp::create(b, loc,
                                   DenseElementsAttr::get(type, entries));
}

Value GraphBuilder::matrix(ArrayRef<SparseVector> rows, int64_t columns) {
  SmallVector<double> entries(rows.size() * columns, 0.0);
  for (auto [r, row] : llvm::enumerate(rows))
    for (auto [column, value] : row)
      entries[r * columns + column] += value;
  return constant(entries, static_cast<int64_t>(rows.size()), columns);
}

Value GraphBuilder::sumsOfRows(ArrayRef<SparseVector> sums, Value value) {
  const auto type = cast<RankedTensorType>(value.getType());
  const auto count = static_cast<int64_t>(sums.size());
  return addProduct(
      {zeros({count, type.getDimSize(1)}), {0, 2}},
      {{matrix(sums, type.getDimSize(0)), {0, 1}}, {value, {1, 2}}});
}

/// The product where the coefficient is not zero, with its sign, else zero: a
/// NaN stays where the mathematics has it.
Value GraphBuilder::coefficientTimes(OpBuilder &body, Value product,
                                     const IndexCoefficient &coefficient) {
  auto index = [&](unsigned dim) -> Value {
    return linalg::IndexOp::create(body, loc, dim);
  };
  auto compare = [&](arith::CmpIPredicate predicate, Value a, Value c) {
    return arith::CmpIOp::create(body, loc, predicate, a, c);
  };
  Value nonZero, negative;
  auto require = [&](Value condition) {
    nonZero =
        nonZero
            ? arith::AndIOp::create(body, loc, nonZero, condition).getResult()
            : condition;
  };
  auto negateWhen = [&](Value condition) {
    negative =
        negative
            ? arith::XOrIOp::create(body, loc, negative, condition).getResult()
            : condition;
  };
  for (ArrayRef<unsigned> group : coefficient.equal)
    for (unsigned dim : group.drop_front())
      require(
          compare(arith::CmpIPredicate::eq, index(group.front()), index(dim)));
  for (auto [left, right] : coefficient.forms) {
    // eps(2a, 2a+1) = 1, eps(2a+1, 2a) = -1.
    const Value two = arith::ConstantIndexOp::create(body, loc, 2);
    const Value i = index(left), j = index(right);
    require(compare(arith::CmpIPredicate::eq,
                    arith::DivUIOp::create(body, loc, i, two),
                    arith::DivUIOp::create(body, loc, j, two)));
    require(compare(arith::CmpIPredicate::ne, i, j));
    negateWhen(compare(arith::CmpIPredicate::ugt, i, j));
  }
  for (ArrayRef<unsigned> symbol : coefficient.symbols)
    for (size_t a = 0; a < symbol.size(); ++a)
      for (size_t c = a + 1; c < symbol.size(); ++c) {
        const Value i = index(symbol[a]), j = index(symbol[c]);
        require(compare(arith::CmpIPredicate::ne, i, j));
        negateWhen(compare(arith::CmpIPredicate::ugt, i, j));
      }
  if (coefficient.orbits) {
    SmallVector<Value> tuple;
    for (unsigned dim : coefficient.tuple)
      tuple.push_back(index(dim));
    require(compare(
        arith::CmpIPredicate::eq,
        tensor::ExtractOp::create(body, loc, coefficient.orbits, tuple),
        arith::ConstantOp::create(
            body, loc,
            body.getI32IntegerAttr(static_cast<int32_t>(coefficient.orbit)))));
  }
  for (auto [from, to] : coefficient.edges)
    require(arith::CmpFOp::create(
        body, loc, arith::CmpFPredicate::UNE,
        tensor::ExtractOp::create(body, loc, coefficient.adjacency,
                                  ValueRange{index(from), index(to)}),
        arith::ConstantOp::create(body, loc, body.getFloatAttr(element, 0))));
  for (unsigned dim : coefficient.lowered)
    negateWhen(compare(
        arith::CmpIPredicate::uge, index(dim),
        arith::ConstantIndexOp::create(body, loc, coefficient.firstMinus)));
  for (unsigned dim : coefficient.alternating)
    negateWhen(arith::TruncIOp::create(
        body, loc, body.getI1Type(),
        arith::IndexCastOp::create(body, loc, body.getI64Type(), index(dim))));
  if (coefficient.scale)
    product = arith::MulFOp::create(body, loc, product, coefficient.scale);
  if (negative)
    product = arith::SelectOp::create(body, loc, negative,
                                      arith::NegFOp::create(body, loc, product),
                                      product);
  if (nonZero) {
    const Value zero =
        arith::ConstantOp::create(body, loc, body.getFloatAttr(element, 0));
    product = arith::SelectOp::create(body, loc, nonZero, product, zero);
  }
  return product;
}

Value GraphBuilder::addProduct(IndexedTensor into,
                               ArrayRef<IndexedTensor> factors,
                               const IndexCoefficient &coefficient) {
  unsigned numDims = 0;
  auto count = [&](ArrayRef<unsigned> dims) {
    for (unsigned dim : dims)
      numDims = std::max(numDims, dim + 1);
  };
  count(into.dims);
  for (const IndexedTensor &factor : factors)
    count(factor.dims);

  auto mapOf = [&](ArrayRef<unsigned> dims) {
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : dims)
      exprs.push_back(b.getAffineDimExpr(dim));
    return AffineMap::get(numDims, 0, exprs, b.getContext());
  };
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const IndexedTensor &factor : factors) {
    inputs.push_back(factor.value);
    maps.push_back(mapOf(factor.dims));
  }
  maps.push_back(mapOf(into.dims));
  SmallVector<utils::IteratorType> iterators(numDims,
                                             utils::IteratorType::reduction);
  for (unsigned dim : into.dims)
    iterators[dim] = utils::IteratorType::parallel;

  auto generic = linalg::GenericOp::create(
      b, loc, into.value.getType(), inputs, into.value, maps, iterators,
      [&](OpBuilder &body, Location, ValueRange arguments) {
        Value product = arguments.front();
        for (Value factor : arguments.drop_front().drop_back())
          product = arith::MulFOp::create(body, loc, product, factor);
        product = coefficientTimes(body, product, coefficient);
        const Value sum =
            arith::AddFOp::create(body, loc, arguments.back(), product);
        linalg::YieldOp::create(body, loc, sum);
      });
  return generic.getResult(0);
}
