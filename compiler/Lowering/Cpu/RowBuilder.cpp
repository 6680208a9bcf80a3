//===- RowBuilder.cpp - Rows of channels as vectors -----------------------===//

#include "compiler/Lowering/Cpu/RowBuilder.h"
#include "compiler/Lowering/Cpu/KernelArray.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

RowBuilder::RowBuilder(OpBuilder &builder, Location loc, const LayerSpec &spec,
                       const Machine &machine)
    : LoopBuilder(builder, loc, spec), machine(machine),
      element(spec.dtype == DType::F32 ? Type(builder.getF32Type())
                                       : Type(builder.getF64Type())),
      lanes(machine.lanes(spec.elementSize())) {}

Value RowBuilder::constants(ArrayRef<double> values) {
  SmallVector<Attribute> attributes;
  for (double value : values)
    attributes.push_back(b.getFloatAttr(element, value));
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, element);
  return arith::ConstantOp::create(b, loc, type,
                                   DenseElementsAttr::get(type, attributes));
}

Value RowBuilder::broadcastOf(Value constants, Value index, int64_t width) {
  Value value =
      b.createOrFold<tensor::ExtractOp>(loc, constants, ValueRange{index});
  return vector::BroadcastOp::create(b, loc, vectorType(width), value);
}

VectorType RowBuilder::vectorType(int64_t size) const {
  return VectorType::get({size}, element);
}

Value RowBuilder::zeroVector(Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

/// A mask of the first `valid` lanes, or null when all of them are.
static Value maskOf(RowBuilder &kernel, int64_t width, int64_t valid) {
  if (valid >= width)
    return Value();
  return vector::ConstantMaskOp::create(
      kernel.b, kernel.loc, VectorType::get({width}, kernel.b.getI1Type()),
      ArrayRef<int64_t>{valid});
}

static AffineMap rowMap(RowBuilder &kernel, Value tensor) {
  return AffineMap::getMinorIdentityMap(
      cast<RankedTensorType>(tensor.getType()).getRank(), 1,
      kernel.b.getContext());
}

Value RowBuilder::readRow(Value tensor, ValueRange position, Value column,
                          int64_t width, int64_t valid) {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  SmallVector<Value> indices(position);
  indices.push_back(column);
  return vector::TransferReadOp::create(
      b, loc, vectorType(width), tensor, indices,
      AffineMapAttr::get(rowMap(*this, tensor)), zero,
      maskOf(*this, width, valid), b.getBoolArrayAttr({true}));
}

Value RowBuilder::writeRow(Value vector, Value tensor, ValueRange position,
                           Value column, int64_t valid) {
  int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
  SmallVector<Value> indices(position);
  indices.push_back(column);
  auto write = [&](Value part, Value mask) {
    tensor = vector::TransferWriteOp::create(
                 b, loc, part, tensor, indices,
                 AffineMapAttr::get(rowMap(*this, tensor)), mask,
                 b.getBoolArrayAttr({true}))
                 .getResult();
  };
  if (valid >= width || machine.storesMasked()) {
    write(vector, maskOf(*this, width, valid));
    return tensor;
  }
  // Whole vectors, then halves of them.
  int64_t first = 0;
  for (int64_t size = lanes; size > 0; size /= 2)
    for (; first + size <= valid; first += size) {
      indices.back() = add(column, index(first));
      write(vector::ExtractStridedSliceOp::create(
                b, loc, vector, ArrayRef<int64_t>{first},
                ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1}),
            Value());
    }
  return tensor;
}

void RowBuilder::forColumnChunks(
    KernelArray &array, int64_t channels, int64_t maxVectors,
    function_ref<void(Value, int64_t, int64_t)> body) {
  const int64_t wide = maxVectors * lanes;
  const int64_t full = channels / wide * wide;
  forRange(array, index(0), index(full), wide,
           [&](Value column) { body(column, wide, wide); });
  if (full == channels)
    return;
  // The rest: whole vectors together, the last one masked. Sums of three
  // vectors would be taken apart into scalars where LLVM carries them through a
  // loop.
  int64_t next = full;
  for (int64_t width = wide / 2; width >= lanes; width /= 2)
    if (next + width <= channels) {
      body(index(next), width, width);
      next += width;
    }
  if (next < channels)
    body(index(next), lanes, channels - next);
}
