//===- LaneTranspose.cpp - Between samples and lanes ----------------------===//

#include "compiler/Lowering/Cpu/LaneTranspose.h"
#include "compiler/Plan/Positions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

LaneTranspose::LaneTranspose(KernelBuilder &kernel, Value firstSample,
                             int64_t channels, int64_t rows)
    : kernel(kernel), firstSample(firstSample), rows(rows),
      planes(channelsComeFirst(kernel.spec, Poly(rows), channels) ? channels
                                                                  : 1),
      interleaved(channels / planes) {}

Value eqc::flattenSamples(KernelBuilder &kernel, Value argument) {
  const SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
  return memref::CollapseShapeOp::create(kernel.b, kernel.loc, argument,
                                         groups);
}

KernelArray eqc::makeLaneArray(KernelBuilder &kernel, int64_t outer,
                               int64_t inner) {
  KernelArray array;
  array.channels = array.columns = kernel.lanes;
  array.tensor = bufferization::AllocTensorOp::create(
      kernel.b, kernel.loc,
      RankedTensorType::get({outer, inner, kernel.lanes}, kernel.element),
      ValueRange{});
  return array;
}

KernelArray LaneTranspose::makeElements(int64_t rows) const {
  const int64_t padded = kernel.wholeVectors(rows); // whole tiles are read
  KernelArray array = makeLaneArray(kernel, interleaved > 1 ? padded : planes,
                                    interleaved > 1 ? interleaved : padded);
  array.rowsFirst = interleaved > 1;
  return array;
}

void LaneTranspose::load(Value samples, Value first, int64_t count,
                         KernelArray &array) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  forTiles(
      count, array, [&](Value plane, Value row, int64_t tile, int64_t valid) {
        Value zero =
            arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
        row = kernel.add(first, row);
        Value read = vector::TransferReadOp::create(
            b, loc, tileType(), samples,
            ValueRange{firstSample, elementOf(plane, row, tile)}, zero,
            ArrayRef<bool>{true, valid == kernel.lanes});
        Value turned =
            vector::TransposeOp::create(b, loc, read, ArrayRef<int64_t>{1, 0});
        for (int64_t i = 0; i < valid; ++i) {
          const int64_t element = tile * kernel.lanes + i;
          array.tensor = kernel.writeRow(
              vector::ExtractOp::create(b, loc, turned, ArrayRef<int64_t>{i}),
              array.tensor,
              {kernel.add(plane, kernel.index(element % interleaved)),
               kernel.add(row, kernel.index(element / interleaved))},
              kernel.index(0), kernel.lanes);
        }
      });
}

void LaneTranspose::store(const KernelArray &elements, Value first,
                          int64_t count, KernelArray &argument, Value samples) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  const auto type = cast<RankedTensorType>(elements.tensor.getType());
  const int64_t planeRows = elements.rowsFirst ? 0 : type.getDimSize(1);
  const SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
  Value flat = tensor::CollapseShapeOp::create(b, loc, elements.tensor, groups);
  forTiles(
      count, argument,
      [&](Value plane, Value row, int64_t tile, int64_t valid) {
        Value zero =
            arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
        Value place = kernel.add(
            kernel.mul(
                kernel.add(kernel.mul(plane, kernel.index(planeRows)), row),
                kernel.index(interleaved)),
            kernel.index(tile * kernel.lanes));
        Value read = vector::TransferReadOp::create(
            b, loc, tileType(), flat, ValueRange{place, kernel.index(0)}, zero,
            ArrayRef<bool>{true, true});
        Value turned =
            vector::TransposeOp::create(b, loc, read, ArrayRef<int64_t>{1, 0});
        Value element = elementOf(plane, kernel.add(first, row), tile);
        Value ahead =
            kernel.add(element, kernel.index(kernel.lanes * interleaved));
        for (int64_t i = 0; i < kernel.lanes; ++i) {
          Value sample = kernel.add(firstSample, kernel.index(i));
          argument.tensor = kernel.writeRow(
              vector::ExtractOp::create(b, loc, turned, ArrayRef<int64_t>{i}),
              argument.tensor, {sample}, element, valid);
          if (samples)
            memref::PrefetchOp::create(b, loc, samples,
                                       ValueRange{sample, ahead},
                                       /*isWrite=*/true, /*localityHint=*/3,
                                       /*isDataCache=*/true);
        }
      });
}

VectorType LaneTranspose::tileType() const {
  return VectorType::get({kernel.lanes, kernel.lanes}, kernel.element);
}

Value LaneTranspose::elementOf(Value plane, Value row, int64_t tile) const {
  Value first =
      kernel.mul(kernel.add(kernel.mul(plane, kernel.index(rows)), row),
                 kernel.index(interleaved));
  return kernel.add(first, kernel.index(tile * kernel.lanes));
}

void LaneTranspose::forTiles(
    int64_t count, KernelArray &threaded,
    function_ref<void(Value, Value, int64_t, int64_t)> body) {
  const int64_t lanes = kernel.lanes, whole = count / lanes * lanes;
  auto tilesAt = [&](Value plane, Value row, int64_t many) {
    const int64_t elements = many * interleaved;
    for (int64_t tile = 0; tile * lanes < elements; ++tile)
      body(plane, row, tile, std::min(lanes, elements - tile * lanes));
  };
  kernel.forRange(threaded, kernel.index(planes), [&](Value plane) {
    kernel.forRange(threaded, kernel.index(0), kernel.index(whole), lanes,
                    [&](Value row) { tilesAt(plane, row, lanes); });
    if (whole < count)
      tilesAt(plane, kernel.index(whole), count - whole);
  });
}
