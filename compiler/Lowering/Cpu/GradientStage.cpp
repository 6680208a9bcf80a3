//===- GradientStage.cpp - Weights' gradients of one order ----------------===//
//
// One loop nest per propagating order, driven by tables, takes a few rows at a
// time, which stay in the first-level cache for all diagrams; see SumTiles.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/GradientStage.h"
#include "compiler/Lowering/Cpu/SumTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

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
        sums(planes.sums), terms(kernel, nest.terms),
        tiles(kernel, tiling, this->x, this->gradY, planes) {
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

  /// One tile of input channels of one diagram, over a chunk.
  void emitItem(Value item, const Chunk &chunk) {
    Value term = kernel.div(item, tiling.tiles);
    tiles.add(kernel.rem(item, tiling.tiles), firstRowOf(item),
              [&](Values sums, SumTiles::AddRow addRow) {
                return overChunk(term, chunk, std::move(sums), addRow);
              });
  }

  void endBlocks(Value item) {
    tiles.endBlocks(kernel.rem(item, tiling.tiles), firstRowOf(item));
  }

  /// Of the sums of an item's diagram.
  Value firstRowOf(Value item) {
    return terms.get(kernel, kernel.div(item, tiling.tiles),
                     GradientNest::kSums);
  }

  struct Position {
    Value sample, x, gradY; ///< rows
  };

  /// `sums` with what addRow(position, sums) adds for each row of a chunk.
  /// Chunks are summed on their own: see Sums.h.
  Values overChunk(Value term, const Chunk &chunk, Values sums,
                   SumTiles::AddRow addRow) {
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
        return addRow({kernel.sampleOf(x, at.sample), at.x,
                       kernel.sampleOf(gradY, at.sample), at.gradY},
                      std::move(sum));
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

  KernelBuilder &kernel;
  const GradientNest &nest;
  const GradientStageSchedule &schedule;
  const SumTiling &tiling;
  KernelArray &x, &gradY;
  SumPlanes &planes;
  KernelArray &sums;
  IndexTable terms; ///< as in GradientNest
  SumTiles tiles;
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
