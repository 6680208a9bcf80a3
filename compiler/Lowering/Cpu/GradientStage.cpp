//===- GradientStage.cpp - Weights' gradients of one order ----------------===//
//
// One loop nest per propagating order, driven by tables, takes a few rows at a
// time, which stay in the first-level cache for all diagrams: a tile of input
// channels by a few vectors of output channels is held in registers across
// them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/GradientStage.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// One propagating order.
class StageEmitter {
public:
  StageEmitter(KernelBuilder &kernel, const GradientNest &nest,
               const GradientStageSchedule &schedule, const SumTiling &tiling,
               PlanArrays &x, PlanArrays &gradY, SumPlanes &planes)
      : kernel(kernel), nest(nest), schedule(schedule), tiling(tiling),
        x(x[nest.x]), gradY(gradY[nest.gradY]), planes(planes),
        sums(planes.sums), terms(kernel, nest.terms) {
    for (const Axis &axis : nest.axes)
      extents.push_back(kernel.poly(axis.extent));
  }

  void emit() {
    const int64_t items = terms.size() * tiling.tiles;
    auto [first, last] = kernel.share(kernel.index(items));
    auto forItems = [&, first = first,
                     last = last](function_ref<void(Value)> body) {
      kernel.forRange(sums, first, last, 1, body);
    };
    forChunks(
        [&](const Chunk &chunk) {
          forItems([&](Value item) { emitItem(item, chunk); });
        },
        [&] { forItems([&](Value item) { endBlocks(item); }); });
  }

private:
  /// A range of samples and of values of every axis.
  struct Chunk {
    Value firstSample, endSample;
    SmallVector<Value> first, end;
  };

  /// `extent` in pieces of `size`: calls body(first, end).
  void forPieces(Value extent, Value size,
                 function_ref<void(Value, Value)> body) {
    std::optional<int64_t> fixedExtent = getConstantIntValue(extent);
    std::optional<int64_t> fixedSize = getConstantIntValue(size);
    if (fixedExtent && fixedSize && *fixedSize >= *fixedExtent)
      return body(kernel.index(0), extent);
    kernel.forRange(sums, numPieces(extent, size), [&](Value piece) {
      Value first = kernel.mul(piece, size);
      Value end = fixedSize && *fixedSize == 1
                      ? kernel.add(first, size)
                      : kernel.min(kernel.add(first, size), extent);
      body(first, end);
    });
  }

  Value numPieces(Value extent, Value size) {
    return kernel.b.createOrFold<arith::DivUIOp>(
        kernel.loc, kernel.add(extent, kernel.sub(size, kernel.index(1))),
        size);
  }

  /// How many of things with `each` rows a chunk holds, at least one.
  Value fitting(const Poly &each) {
    const int64_t rows = schedule.chunkRows;
    if (!kernel.spec.dynamicN())
      return kernel.index(std::max<int64_t>(1, rows / each.at(kernel.spec.n)));
    return atLeast(quotient(kernel.index(rows), kernel.poly(each)),
                   kernel.index(1));
  }

  Value quotient(Value x, Value y) {
    return kernel.b.createOrFold<arith::DivUIOp>(kernel.loc, x, y);
  }
  Value atLeast(Value x, Value least) {
    return kernel.b.createOrFold<arith::MaxUIOp>(kernel.loc, x, least);
  }

  /// The values of every axis in pieces, and the chunks that one value of it,
  /// and of those before, is cut into.
  struct Pieces {
    Value samples;
    SmallVector<Value> sizes, chunksBelow;
    Value chunks; ///< of a sample
  };

  Pieces choosePieces() {
    Pieces pieces;
    pieces.samples = fitting(nest.rowsFrom(0));
    const int axes = static_cast<int>(extents.size());
    pieces.chunksBelow.assign(axes, kernel.index(1));
    pieces.chunks = kernel.index(1);
    for (int a = 0; a < axes; ++a)
      pieces.sizes.push_back(a == nest.strided ? extents[a]
                                               : fitting(nest.rowsFrom(a + 1)));
    for (int a = axes - 1; a >= 0; --a) {
      pieces.chunksBelow[a] = pieces.chunks;
      pieces.chunks =
          kernel.mul(pieces.chunks, numPieces(extents[a], pieces.sizes[a]));
    }
    return pieces;
  }

  /// Calls `body` for every chunk and `endBlocks` after so many of them, in all
  /// calls of the kernel, that their sums are to be added up.
  void forChunks(function_ref<void(const Chunk &)> body,
                 function_ref<void()> endBlocks) {
    const Pieces pieces = choosePieces();
    Value period =
        quotient(kernel.mul(kernel.min(pieces.samples, kernel.count()),
                            kernel.index(kChunksOfBlock)),
                 pieces.chunks);
    period = atLeast(period, kernel.index(1));
    forPieces(kernel.count(), pieces.samples,
              [&](Value firstSample, Value endSample) {
                alongAxes(pieces, {firstSample, endSample, {}, {}}, body,
                          endBlocks);
                planes.atPeriod(firstSample, endSample, period, endBlocks);
              });
  }

  /// The chunks of some samples, and of pieces of the axes that `chunk` has
  /// already.
  void alongAxes(const Pieces &pieces, const Chunk &chunk,
                 function_ref<void(const Chunk &)> body,
                 function_ref<void()> endBlocks) {
    const size_t a = chunk.first.size();
    if (a == extents.size())
      return body(chunk);
    Value size = pieces.sizes[a];
    const bool endsHere = endsBlocks(pieces, a);
    Value block =
        atLeast(quotient(kernel.mul(size, kernel.index(kChunksOfBlock)),
                         pieces.chunksBelow[a]),
                size);
    forPieces(extents[a], size, [&](Value first, Value end) {
      Chunk next = chunk;
      next.first.push_back(first);
      next.end.push_back(end);
      alongAxes(pieces, next, body, endBlocks);
      if (!endsHere)
        return;
      Value inBlock = kernel.b.createOrFold<arith::RemUIOp>(
          kernel.loc, end, kernel.mul(quotient(block, size), size));
      Value isLast =
          arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::eq,
                                inBlock, kernel.index(0));
      kernel.ifElse(sums, isLast, endBlocks, [] {});
    });
  }

  /// Whether blocks end along axis `a`: where its pieces are the first that
  /// come to a block, if that is known.
  bool endsBlocks(const Pieces &pieces, size_t a) {
    std::optional<int64_t> below = getConstantIntValue(pieces.chunksBelow[a]);
    std::optional<int64_t> here =
        getConstantIntValue(numPieces(extents[a], pieces.sizes[a]));
    return below && here
               ? *below < kChunksOfBlock && *below * *here >= kChunksOfBlock
               : a == 0 || a + 1 < extents.size();
  }

  /// The first row of the sums of an item.
  Value rowOf(Value item) {
    return kernel.add(
        kernel.mul(kernel.rem(item, tiling.tiles), kernel.index(tiling.rows)),
        terms.get(kernel, kernel.div(item, tiling.tiles), GradientNest::kSums));
  }

  /// One tile of input channels of one diagram, over a chunk.
  void emitItem(Value item, const Chunk &chunk) {
    Value term = kernel.div(item, tiling.tiles);
    Value tile = kernel.rem(item, tiling.tiles);
    Value row = rowOf(item);
    Value channel = kernel.min(kernel.mul(tile, kernel.index(tiling.rows)),
                               kernel.index(kernel.spec.cIn - tiling.rows));
    forColumnTiles(kernel, &sums.tensor, tiling.columns, kernel.spec.cOut,
                   /*padded=*/false, [&](const ColumnTile &column) {
                     if (column.dots)
                       return emitDots(item, column, chunk);
                     emitTile(term, row, channel, column, chunk);
                   });
  }

  /// Whoever adds to a sum ends its blocks: parts run at the same time.
  void endBlocks(Value item) {
    const ColumnTiling &columns = tiling.columns;
    const int64_t ofDots = columns.dots > 0 ? columns.lanes() : 0;
    const int64_t others = columns.columns() - ofDots;
    planes.endBlocks(rowOf(item), tiling.rows, 0, others);
    if (ofDots > 0)
      ifFirstTile(item, [&] {
        planes.endBlocks(rowOf(item), tiling.rowsOfDiagram(), others, ofDots);
      });
  }

  void ifFirstTile(Value item, function_ref<void()> body) {
    Value isFirst =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::eq,
                              kernel.rem(item, tiling.tiles), kernel.index(0));
    kernel.ifElse(sums, isFirst, body, [] {});
  }

  void emitTile(Value term, Value row, Value channel, const ColumnTile &column,
                const Chunk &chunk) {
    Values acc(tiling.rows, kernel.zeroVector(kernel.vectorType(column.width)));
    acc = overChunk(term, chunk, std::move(acc),
                    [&](const Position &at, Values sum) {
                      return emitRow(at, channel, column, std::move(sum));
                    });
    for (int64_t r = 0; r < tiling.rows; ++r)
      planes.add(kernel.add(row, kernel.index(r)), column.column, acc[r]);
  }

  /// The sums of columns beyond whole vectors, over a chunk: vectors of input
  /// channels. They are the work of the first tile of a
  /// diagram.
  void emitDots(Value item, const ColumnTile &column, const Chunk &chunk) {
    ifFirstTile(item, [&] {
      // As many sums as hide their latency, and stay in registers.
      const int64_t size =
          std::max<int64_t>(1, 4 / column.valid) * kernel.lanes;
      int64_t count = 0;
      for (int64_t first = 0; first < kernel.spec.cIn; first += count) {
        count = std::min(size, kernel.spec.cIn - first);
        // LLVM takes three vectors apart where a loop carries them.
        if (kernel.wholeVectors(count) == 3 * kernel.lanes)
          count = 2 * kernel.lanes;
        emitDotsOf(item, column, chunk, first, count);
      }
    });
  }

  /// The same for `count` input channels from `first` on.
  void emitDotsOf(Value item, const ColumnTile &column, const Chunk &chunk,
                  int64_t first, int64_t count) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    const int64_t width = kernel.wholeVectors(count);
    auto addRow = [&](const Position &at, Values sum) {
      Value vector =
          kernel.readRow(x.tensor, {kernel.sampleOf(x, at.sample), at.x},
                         kernel.index(first), width, x.present(width, count));
      for (int64_t dot = 0; dot < column.valid; ++dot) {
        Value scalar = tensor::ExtractOp::create(
            b, loc, gradY.tensor,
            ValueRange{kernel.sampleOf(gradY, at.sample), at.gradY,
                       kernel.add(column.column, kernel.index(dot))});
        Value factor =
            vector::BroadcastOp::create(b, loc, vector.getType(), scalar);
        sum[dot] = vector::FMAOp::create(b, loc, factor, vector, sum[dot]);
      }
      return sum;
    };
    Values acc(column.valid, kernel.zeroVector(kernel.vectorType(width)));
    acc = overChunk(kernel.div(item, tiling.tiles), chunk, std::move(acc),
                    addRow);
    for (int64_t c = 0; c < count; ++c) {
      Value row = kernel.add(
          rowOf(item), kernel.index(tiling.rowOf(first + c, kernel.spec.cIn)));
      for (int64_t dot = 0; dot < column.valid; ++dot)
        planes.addElement(
            row, kernel.add(column.column, kernel.index(dot)),
            vector::ExtractOp::create(b, loc, acc[dot], ArrayRef<int64_t>{c}));
    }
  }

  struct Position {
    Value sample, x, gradY; ///< rows
  };

  /// `sums` with what addRow(position, sums) adds for each row of a chunk.
  /// Chunks are summed on their own: see Sums.h.
  Values overChunk(Value term, const Chunk &chunk, Values sums,
                   function_ref<Values(const Position &, Values)> addRow) {
    Position start{Value(), terms.get(kernel, term, GradientNest::kX),
                   terms.get(kernel, term, GradientNest::kGradY)};
    SmallVector<Value> strides;
    for (int a = 0; a < nest.strided; ++a)
      strides.push_back(terms.get(kernel, term, GradientNest::kStrides + a));
    if (strides.size() < extents.size())
      strides.push_back(kernel.index(1));
    const std::vector<Poly> &inner = nest.gradYStrides;
    auto innerStride = [&](size_t axis) {
      return axis < inner.size() ? kernel.poly(inner[axis]) : kernel.index(1);
    };
    auto along = [&](auto &self, size_t axis, const Position &at,
                     Values sum) -> Values {
      if (axis == extents.size())
        return addRow(at, std::move(sum));
      return kernel.accumulate(
          chunk.first[axis], chunk.end[axis], std::move(sum),
          [&](Value i, Values partial) {
            Position next = at;
            next.x = kernel.add(at.x, kernel.mul(i, strides[axis]));
            next.gradY = kernel.add(at.gradY, kernel.mul(i, innerStride(axis)));
            return self(self, axis + 1, next, std::move(partial));
          });
    };
    LoopBuilder::StayLoops loops(kernel, schedule.staysLoops);
    return kernel.accumulate(chunk.firstSample, chunk.endSample,
                             std::move(sums),
                             [&](Value sample, Values partial) {
                               Position at = start;
                               at.sample = sample;
                               return along(along, 0, at, std::move(partial));
                             });
  }

  /// sum[r] += x[channel + r] * grad_y.
  Values emitRow(const Position &at, Value channel, const ColumnTile &column,
                 Values sum) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    Value vector = kernel.readRow(
        gradY.tensor, {kernel.sampleOf(gradY, at.sample), at.gradY},
        column.column, column.width, gradY.present(column.width, column.valid));
    Value sample = kernel.sampleOf(x, at.sample);
    for (int64_t r = 0; r < tiling.rows; ++r) {
      Value scalar = tensor::ExtractOp::create(
          b, loc, x.tensor,
          ValueRange{sample, at.x, kernel.add(channel, kernel.index(r))});
      Value factor =
          vector::BroadcastOp::create(b, loc, vector.getType(), scalar);
      sum[r] = vector::FMAOp::create(b, loc, factor, vector, sum[r]);
    }
    return sum;
  }

  KernelBuilder &kernel;
  const GradientNest &nest;
  const GradientStageSchedule &schedule;
  const SumTiling &tiling;
  KernelArray &x, &gradY;
  SumPlanes &planes;
  KernelArray &sums;
  IndexTable terms; ///< as in GradientNest
  SmallVector<Value> extents;
};

} // namespace

void eqc::emitGradientStage(KernelBuilder &kernel, const GradientStage &stage,
                            const GradientStageSchedule &schedule,
                            const SumTiling &tiling, PlanArrays &x,
                            PlanArrays &gradY, SumPlanes &planes) {
  const GradientNest nest(stage, tiling.rowsOfDiagram());
  StageEmitter(kernel, nest, schedule, tiling, x, gradY, planes).emit();
}
