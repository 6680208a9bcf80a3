//===- EmitMix.cpp - Channel mixes as register tiles ----------------------===//
//
// target[j.., co] = sum of inits + sum over terms, ci of
// view[j.., ci] * weight[term, ci, co]
//
// One loop nest per propagating order, driven by tables, whatever the number of
// diagrams. A tile of rows by a few vectors of output channels is held in
// registers across all terms. Its rows run along the last axis and, where that
// is short, along several samples of the block as well.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitMix.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/MixTables.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

namespace {

class MixEmitter {
public:
  MixEmitter(KernelBuilder &kernel, PlanArrays &arrays, const MixNest &nest,
             const MixSchedule &schedule)
      : kernel(kernel), arrays(arrays), nest(nest), schedule(schedule),
        tables(kernel, nest), target(arrays[nest.target]),
        tiling(schedule.columns), extents(tables.extents()) {}

  /// Parts share the targets, or, of the output, the first axis.
  void emit() {
    Value count = kernel.index(nest.targets.size());
    if (nest.target != PlanArray::Output)
      return kernel.forShare(target, count, [&](Value t) { emitTarget(t); });
    if (extents.size() > 1)
      return emitTarget(kernel.index(0));
    kernel.inFirstPart(target, [&] { emitTarget(kernel.index(0)); });
  }

private:
  void emitTarget(Value t) {
    forColumnTiles(
        kernel, &target.tensor, tiling, kernel.spec.cOut,
        /*padded=*/!target.wholeBatch && !nest.hasBias,
        [&](const ColumnTile &column) { emitColumnTile(t, column); });
  }

  /// Loops over tiles of one column of tiles.
  void emitColumnTile(Value t, const ColumnTile &column) {
    SmallVector<Value> outer = extents;
    Value last = outer.empty() ? kernel.index(1) : outer.pop_back_val();
    const MixRows &how =
        schedule.rowsOf(column.width / kernel.lanes, column.dots);

    auto overAxis = [&](Value sample, TileRows rows) {
      auto along = [&](ArrayRef<Value> prefix) {
        emitAlongAxis(t, column, sample, prefix, last, rows);
      };
      if (nest.target != PlanArray::Output || outer.empty())
        return kernel.forNest(target, outer, along);
      kernel.forShare(target, outer.front(), [&](Value i) {
        kernel.forNest(target, ArrayRef<Value>(outer).drop_front(),
                       [&](ArrayRef<Value> rest) {
                         SmallVector<Value> prefix{i};
                         prefix.append(rest.begin(), rest.end());
                         along(prefix);
                       });
      });
    };
    if (!how.minAlong)
      return forSamples(how.rows, overAxis);
    Value enough =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::sge,
                              last, kernel.index(how.minAlong));
    kernel.ifElse(
        target, enough, [&] { forSamples(how.rows, overAxis); },
        [&] { forSamples(how.shortRows, overAxis); });
  }

  /// Groups of `rows.samples` samples, then the rest one by one.
  void forSamples(TileRows rows, function_ref<void(Value, TileRows)> overAxis) {
    Value full = kernel.count();
    if (rows.samples > 1) {
      Value rest = kernel.b.createOrFold<arith::RemUIOp>(
          kernel.loc, kernel.count(), kernel.index(rows.samples));
      full = kernel.sub(kernel.count(), rest);
    }
    kernel.forRange(target, kernel.index(0), full, rows.samples,
                    [&](Value sample) { overAxis(sample, rows); });
    if (rows.samples > 1)
      kernel.forRange(target, full, kernel.count(), 1,
                      [&](Value sample) { overAxis(sample, {1, rows.along}); });
  }

  /// Covers the last axis by tiles; the last one overlaps its neighbour, which
  /// is harmless because tiles are written, not accumulated.
  void emitAlongAxis(Value t, const ColumnTile &column, Value sample,
                     ArrayRef<Value> prefix, Value extent, TileRows rows) {
    std::optional<int64_t> fixed = getConstantIntValue(extent);
    const bool exact = rows.along == 1 || (fixed && *fixed % rows.along == 0);
    Value lastStart = kernel.sub(extent, kernel.index(rows.along));
    kernel.forRange(target, kernel.index(0), extent, rows.along, [&](Value i) {
      SmallVector<Value> index(prefix);
      if (!extents.empty())
        index.push_back(exact ? i : kernel.min(i, lastStart));
      if (schedule.prefetchInput || schedule.prefetchOutput)
        emitPrefetches(t, column, sample, prefix, i, rows);
      emitTile(t, column, sample, index, rows);
    });
    if (schedule.unrollLines)
      kernel.unrollLoop(target);
  }

  /// Fetches a share of what the samples of a tile have in y, which a later
  /// stage writes, and those in their place in the next block in x: as much as
  /// there are tiles for these samples. The arithmetic hides what stores, and
  /// the first stage of the next block, would wait for.
  void emitPrefetches(Value t, const ColumnTile &column, Value sample,
                      ArrayRef<Value> prefix, Value i, TileRows rows) {
    Value share =
        kernel.add(kernel.mul(t, kernel.index(tiling.tiles)), column.index);
    int64_t shares = nest.targets.size() * tiling.tiles;
    auto refine = [&](Value part, int64_t parts) {
      share = kernel.add(kernel.mul(share, kernel.index(parts)), part);
      shares *= parts;
    };
    for (auto [value, extent] : llvm::zip(prefix, extents))
      refine(value, *getConstantIntValue(extent));
    if (!extents.empty())
      refine(kernel.div(i, rows.along),
             (*getConstantIntValue(extents.back()) + rows.along - 1) /
                 rows.along);
    auto fetch = [&](PlanArray which, ForwardArgument argument, Value ahead) {
      const KernelArray &array = arrays[which];
      const int64_t perLine = kLineBytes / kernel.spec.elementSize();
      const int64_t elements =
          rows.samples * array.rows.at(kernel.spec.n) * array.channels;
      const int64_t lines = (elements + perLine - 1) / perLine;
      const int64_t count = (lines + shares - 1) / shares;
      Value first = kernel.add(kernel.sampleOf(arrays[which], sample), ahead);
      // From the first element of the samples on, whatever row it is in.
      Value element = kernel.mul(share, kernel.index(count * perLine));
      for (int64_t line = 0; line < count; ++line)
        prefetch(kernel, argument,
                 {first, kernel.index(0),
                  kernel.add(element, kernel.index(line * perLine))},
                 /*isWrite=*/argument == kArgY);
    };
    if (schedule.prefetchOutput)
      fetch(PlanArray::Output, kArgY, kernel.index(0));
    if (schedule.prefetchInput)
      fetch(PlanArray::Input, kArgX, kernel.count());
  }

  void emitTile(Value t, const ColumnTile &column, Value sample,
                ArrayRef<Value> index, TileRows rows) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    TileSums tile(kernel, column);
    Values sums = tile.begin(kernel.zeroVector(VectorType::get(
        {rows.samples, rows.along, column.width}, kernel.element)));
    sums =
        emitTerms(tables.inputTerms, PlanArray::Input, t, MixNest::kInputTerms,
                  column, sample, index, tile, std::move(sums));
    sums = emitTerms(tables.storedTerms, PlanArray::Stored, t,
                     MixNest::kStoredTerms, column, sample, index, tile,
                     std::move(sums));
    // After the products: what is added needs no registers of its own then.
    Value result = addInits(t, column, sample, index, rows, tile.end(sums));

    auto strideOf = [&](int a) { return tables.targetStride(a); };
    Value row = tables.rowAt(tables.targets.get(kernel, t, MixNest::kOffset),
                             index, strideOf);
    forTileRows(
        kernel, {rows.samples, rows.along},
        {kernel.sampleOf(target, sample), row}, tables.rowStep(strideOf),
        [&](ArrayRef<int64_t> tileRow, ArrayRef<Value> position) {
          Value vector = vector::ExtractOp::create(b, loc, result, tileRow);
          target.tensor =
              kernel.writeRow(vector, target.tensor, position, column.column,
                              target.present(column.width, column.valid));
        });
  }

  /// sums + the broadcasts.
  Value addInits(Value t, const ColumnTile &column, Value sample,
                 ArrayRef<Value> index, TileRows rows, Value sums) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    const int64_t width = column.width;
    auto type = cast<VectorType>(sums.getType());
    auto add = [&](Value partial, Value tile) -> Values {
      return {arith::AddFOp::create(b, loc, partial, tile)};
    };
    return tables
        .addInits(
            t, {sums},
            [&](Value offset, MixTables::StrideOf strideOf, Values partial) {
              Value row = tables.rowAt(offset, index, strideOf);
              Value tile = kernel.zeroVector(type);
              forTileRows(
                  kernel, {rows.samples, rows.along},
                  {kernel.sampleOf(arrays[PlanArray::Nodes], sample), row},
                  tables.rowStep(strideOf),
                  [&](ArrayRef<int64_t> tileRow, ArrayRef<Value> position) {
                    Value vector =
                        kernel.readRow(arrays[PlanArray::Nodes].tensor,
                                       position, column.column, width, width);
                    tile =
                        vector::InsertOp::create(b, loc, vector, tile, tileRow);
                  });
              return add(partial.front(), tile);
            },
            [&](Value row, Values partial) {
              return add(partial.front(),
                         vector::BroadcastOp::create(b, loc, type,
                                                     readBias(row, column)));
            })
        .front();
  }

  /// A bias row ends within a vector; what is past it must not be touched.
  Value readBias(Value row, const ColumnTile &column) {
    OpBuilder &b = kernel.b;
    Value zero =
        arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(kernel.element));
    const SmallVector<Value> position{kernel.index(0), row, column.column};
    return vector::TransferReadOp::create(
        b, kernel.loc, kernel.vectorType(column.width),
        arrays[PlanArray::Bias].tensor, position,
        AffineMapAttr::get(
            AffineMap::getMinorIdentityMap(3, 1, b.getContext())),
        zero, Value(), b.getBoolArrayAttr({column.valid == column.width}));
  }

  Values emitTerms(const IndexTable &terms, PlanArray array, Value t,
                   int64_t rangeField, const ColumnTile &column, Value sample,
                   ArrayRef<Value> index, TileSums &tile, Values sums) {
    if (terms.size() == 0)
      return sums;
    KernelArray &source = arrays[array];
    return emitMixedTerms(
        kernel, tables.targets.get(kernel, t, rangeField),
        tables.targets.get(kernel, t, rangeField + 1),
        nest.mostTerms(rangeField), std::move(sums),
        [&](Value p, Values partial) {
          auto strideOf = [&](int a) {
            return terms.get(kernel, p, MixNest::kTermStrides + a);
          };
          Value row = tables.rowAt(terms.get(kernel, p, MixNest::kTermOffset),
                                   index, strideOf);
          Value step = tables.rowStep(strideOf);
          Value first = kernel.sampleOf(arrays[array], sample);
          return tile.add(
              std::move(partial), kernel.spec.cIn,
              {source.tensor, {first, row}, step},
              {terms.get(kernel, p, MixNest::kWeight), column.index});
        });
  }

  KernelBuilder &kernel;
  PlanArrays &arrays;
  const MixNest &nest;
  const MixSchedule &schedule;
  MixTables tables;
  KernelArray &target;
  ColumnTiling tiling;
  SmallVector<Value> extents;
};

} // namespace

void eqc::emitMix(KernelBuilder &kernel, PlanArrays &arrays,
                  const MixNest &nest, const MixSchedule &schedule) {
  MixEmitter(kernel, arrays, nest, schedule).emit();
}
