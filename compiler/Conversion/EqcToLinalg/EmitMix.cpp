//===- EmitMix.cpp - Channel mixes as register tiles ----------------------===//
//
// target[j.., co] = sum of inits + sum over terms, ci of
// view[j.., ci] * weight[term, ci, co]
//
// One loop nest per propagating order, driven by tables, whatever the number of
// diagrams. A tile of rows by a few vectors of output channels is held in
// registers across all terms. Its rows run along the last axis where that is
// long, and along the samples of the block where it is not.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

namespace {

/// Shorter last axes are tiled along the samples instead.
constexpr int64_t kShortAxis = 6;

class MixEmitter {
public:
  MixEmitter(KernelBuilder &kernel, const MixStage &stage, int64_t firstTerm)
      : kernel(kernel), stage(stage), kept(stage.kept), targets(8),
        nodeInits(1 + kept), inputTerms(2 + kept), storedTerms(2 + kept),
        target(kernel.array(stage.target)),
        tiling(columnTiling(kernel.spec, kernel.target)),
        vectors(tiling.vectors), width(tiling.width) {
    addTables(firstTerm);
    for (int a = 0; a < kept; ++a)
      extents.push_back(Poly::power(1));
    if (stage.subsets > 1)
      extents.push_back(Poly(stage.subsets));
    const bool dynamicLast = kernel.spec.dynamicN() && stage.subsets == 1;
    alongAxis = !extents.empty() &&
                (dynamicLast || extents.back().at(kernel.spec.n) >= kShortAxis);
  }

  void emit() {
    kernel.forRange(target, kernel.index(stage.targets.size()), [&](Value t) {
      // The last column tile is masked in rows of y that end within it.
      const bool masked = target.columns < tiling.columns();
      const int64_t whole = masked ? tiling.tiles - 1 : tiling.tiles;
      kernel.forRange(target, kernel.index(whole),
                      [&](Value c) { emitColumnTile(t, c, width); });
      if (masked)
        emitColumnTile(t, kernel.index(whole), target.columns - whole * width);
    });
  }

private:
  void addTables(int64_t firstTerm) {
    auto addView = [](KernelTable &table, const RowView &view,
                      std::vector<Poly> row) {
      row.insert(row.end(), view.strides.begin(), view.strides.end());
      table.addRow(std::move(row));
    };
    int64_t packed = firstTerm;
    for (const MixTarget &t : stage.targets) {
      std::vector<Poly> row{t.target.offset};
      auto range = [&](const KernelTable &table) {
        row.push_back(Poly(table.size()));
      };
      range(nodeInits);
      for (const RowView &init : t.inits)
        if (init.array == PlanArray::Nodes)
          addView(nodeInits, init, {init.offset});
      range(nodeInits);
      range(inputTerms);
      for (const MixTerm &term : t.fromInput)
        addView(inputTerms, term.view, {term.view.offset, Poly(packed++)});
      range(inputTerms);
      range(storedTerms);
      for (const MixTerm &term : t.fromStored)
        addView(storedTerms, term.view, {term.view.offset, Poly(packed++)});
      range(storedTerms);
      // At most one bias row per target.
      Poly bias(-1);
      for (const RowView &init : t.inits)
        if (init.array == PlanArray::Bias) {
          bias = init.offset;
          hasBias = true;
        }
      row.push_back(bias);
      targets.addRow(std::move(row));
    }
    for (KernelTable *table : {&targets, &nodeInits, &inputTerms, &storedTerms})
      table->materialize(kernel);
  }

  /// Loops over tiles of one column of tiles; `valid` of its columns are y's.
  void emitColumnTile(Value t, Value columnTile, int64_t valid) {
    Value column = kernel.mul(columnTile, kernel.index(width));
    SmallVector<Value> outer;
    for (const Poly &extent : extents)
      outer.push_back(kernel.poly(extent));
    if (!alongAxis) {
      const int64_t rows =
          std::min<int64_t>(8, maxTileRows(kernel.target, vectors));
      kernel.forNest(target, outer, [&](ArrayRef<Value> index) {
        auto tile = [&](Value sample, int64_t height) {
          emitTile(t, columnTile, column, valid, sample, index, height);
        };
        if (rows == 1)
          return kernel.forRange(target, kernel.count,
                                 [&](Value s) { tile(s, 1); });
        Value rest = kernel.b.createOrFold<arith::RemUIOp>(
            kernel.loc, kernel.count, kernel.index(rows));
        Value full = kernel.sub(kernel.count, rest);
        kernel.forRange(target, kernel.index(0), full, rows,
                        [&](Value s) { tile(s, rows); });
        kernel.forRange(target, full, kernel.count, 1,
                        [&](Value s) { tile(s, 1); });
      });
      return;
    }
    Value last = outer.pop_back_val();
    kernel.forRange(target, kernel.count, [&](Value sample) {
      kernel.forNest(target, outer, [&](ArrayRef<Value> prefix) {
        auto tile = [&](Value start, int64_t height) {
          SmallVector<Value> index(prefix);
          index.push_back(start);
          emitTile(t, columnTile, column, valid, sample, index, height);
        };
        emitAlongAxis(last, tile);
      });
    });
  }

  /// Covers an axis by tiles; the last one overlaps its neighbour, which is
  /// harmless because tiles are written, not accumulated.
  void emitAlongAxis(Value extent, function_ref<void(Value, int64_t)> tile) {
    std::optional<int64_t> fixed = getConstantIntValue(extent);
    const int64_t rows =
        fixed ? tileRows(kernel.target, vectors, *fixed)
              : std::min<int64_t>(8, maxTileRows(kernel.target, vectors));
    auto tiles = [&] {
      Value lastStart = kernel.sub(extent, kernel.index(rows));
      kernel.forRange(target, kernel.index(0), extent, rows, [&](Value i) {
        tile(fixed && *fixed % rows == 0 ? i : kernel.min(i, lastStart), rows);
      });
    };
    if (fixed)
      return tiles();
    Value enough =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::sge,
                              extent, kernel.index(rows));
    kernel.ifElse(target, enough, tiles, [&] {
      kernel.forRange(target, extent, [&](Value i) { tile(i, 1); });
    });
  }

  /// Row of a view at `index`; `strides` gives the stride of each kept axis.
  Value rowAt(PlanArray array, Value sample, Value offset,
              ArrayRef<Value> index, function_ref<Value(int)> strides) {
    Value row = kernel.add(kernel.sampleRow(array, sample), offset);
    for (int a = 0; a < kept; ++a)
      row = kernel.add(row, kernel.mul(index[a], strides(a)));
    if (stage.subsets > 1)
      row = kernel.add(row, index.back());
    return row;
  }

  /// Distance between the rows of a tile in an array.
  Value rowStep(PlanArray array, function_ref<Value(int)> strides) {
    if (!alongAxis)
      return array == PlanArray::Bias ? kernel.index(0)
                                      : kernel.poly(kernel.array(array).rows);
    return stage.subsets > 1 ? kernel.index(1) : strides(kept - 1);
  }

  void emitTile(Value t, Value columnTile, Value column, int64_t valid,
                Value sample, ArrayRef<Value> index, int64_t rows) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    Value acc = emitInits(t, column, sample, index, rows);

    // The contraction is on tensors, so that upstream tiling, vectorisation
    // and hoisting apply; the accumulator becomes a vector again there.
    auto tileType = RankedTensorType::get({rows, width}, kernel.element);
    Value zero = kernel.index(0);
    Value empty = tensor::EmptyOp::create(b, loc, tileType, ValueRange{});
    Value sum = vector::TransferWriteOp::create(b, loc, acc, empty,
                                                ValueRange{zero, zero},
                                                ArrayRef<bool>{true, true})
                    .getResult();
    sum = emitTerms(inputTerms, PlanArray::Input, t, 3, columnTile, sample,
                    index, rows, sum);
    sum = emitTerms(storedTerms, PlanArray::Stored, t, 5, columnTile, sample,
                    index, rows, sum);
    Value pad =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
    Value result = vector::TransferReadOp::create(
        b, loc, VectorType::get({rows, width}, kernel.element), sum,
        ValueRange{zero, zero}, pad, ArrayRef<bool>{true, true});

    const std::vector<Poly> &targetStrides =
        stage.targets.front().target.strides;
    auto strideOf = [&](int a) { return kernel.poly(targetStrides[a]); };
    Value row =
        rowAt(stage.target, sample, targets.get(kernel, t, 0), index, strideOf);
    Value step = rowStep(stage.target, strideOf);
    for (int64_t r = 0; r < rows; ++r) {
      Value vector =
          vector::ExtractOp::create(b, loc, result, ArrayRef<int64_t>{r});
      target.tensor = kernel.writeRow(
          vector, target.tensor,
          kernel.add(row, kernel.mul(step, kernel.index(r))), column, valid);
    }
  }

  /// The broadcasts that start the accumulators.
  Value emitInits(Value t, Value column, Value sample, ArrayRef<Value> index,
                  int64_t rows) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    auto type = VectorType::get({rows, width}, kernel.element);
    Value acc = kernel.zeroVector(type);
    if (nodeInits.size() > 0) {
      KernelArray &nodes = kernel.array(PlanArray::Nodes);
      acc = kernel.accumulate(
          targets.get(kernel, t, 1), targets.get(kernel, t, 2), acc,
          [&](Value e, Value partial) {
            auto strideOf = [&](int a) {
              return nodeInits.get(kernel, e, 1 + a);
            };
            Value row = rowAt(PlanArray::Nodes, sample,
                              nodeInits.get(kernel, e, 0), index, strideOf);
            Value step = rowStep(PlanArray::Nodes, strideOf);
            Value tile = kernel.zeroVector(type);
            for (int64_t r = 0; r < rows; ++r) {
              Value at = kernel.add(row, kernel.mul(step, kernel.index(r)));
              Value vector =
                  kernel.readRow(nodes.tensor, at, column, width, width);
              tile = vector::InsertOp::create(b, loc, vector, tile,
                                              ArrayRef<int64_t>{r});
            }
            return arith::AddFOp::create(b, loc, partial, tile).getResult();
          });
    }
    if (hasBias)
      acc = emitBias(t, column, acc);
    return acc;
  }

  /// Adds the target's row of the bias, if it has one.
  Value emitBias(Value t, Value column, Value acc) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    KernelArray &bias = kernel.array(PlanArray::Bias);
    Value row = targets.get(kernel, t, 7);
    Value none = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, row,
                                       kernel.index(0));
    Value count = b.createOrFold<arith::SelectOp>(loc, none, kernel.index(0),
                                                  kernel.index(1));
    return kernel.accumulate(
        kernel.index(0), count, acc, [&](Value, Value partial) -> Value {
          Value vector = readBias(bias, row, column);
          Value tile =
              vector::BroadcastOp::create(b, loc, acc.getType(), vector);
          return arith::AddFOp::create(b, loc, partial, tile);
        });
  }

  /// A bias row ends within a vector; what is past it must not be touched.
  Value readBias(KernelArray &bias, Value row, Value column) {
    OpBuilder &b = kernel.b;
    Value zero =
        arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(kernel.element));
    return vector::TransferReadOp::create(
        b, kernel.loc, kernel.vectorType(width), bias.tensor,
        ValueRange{row, column},
        AffineMapAttr::get(
            AffineMap::getMinorIdentityMap(2, 1, b.getContext())),
        zero, Value(), b.getBoolArrayAttr({kernel.spec.cOut % width == 0}));
  }

  Value emitTerms(const KernelTable &terms, PlanArray array, Value t,
                  int64_t rangeField, Value columnTile, Value sample,
                  ArrayRef<Value> index, int64_t rows, Value sum) {
    if (terms.size() == 0)
      return sum;
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    const int64_t cIn = kernel.spec.cIn;
    KernelArray &source = kernel.array(array);
    AffineExpr r, k, c;
    bindDims(b.getContext(), r, c, k);
    SmallVector<AffineMap> maps = AffineMap::inferFromExprList(
        {ArrayRef<AffineExpr>{r, k}, {k, c}, {r, c}}, b.getContext());
    return kernel.accumulate(
        targets.get(kernel, t, rangeField),
        targets.get(kernel, t, rangeField + 1), sum,
        [&](Value p, Value partial) -> Value {
          auto strideOf = [&](int a) { return terms.get(kernel, p, 2 + a); };
          Value row =
              rowAt(array, sample, terms.get(kernel, p, 0), index, strideOf);
          Value step = rowStep(array, strideOf);
          Value view = tensor::ExtractSliceOp::create(
              b, loc, RankedTensorType::get({rows, cIn}, kernel.element),
              source.tensor, ArrayRef<OpFoldResult>{row, b.getIndexAttr(0)},
              ArrayRef<OpFoldResult>{b.getIndexAttr(rows), b.getIndexAttr(cIn)},
              ArrayRef<OpFoldResult>{getAsOpFoldResult(step),
                                     b.getIndexAttr(1)});
          OpFoldResult one = b.getIndexAttr(1), none = b.getIndexAttr(0);
          Value weights = tensor::ExtractSliceOp::create(
              b, loc, RankedTensorType::get({cIn, width}, kernel.element),
              kernel.packed,
              ArrayRef<OpFoldResult>{getAsOpFoldResult(terms.get(kernel, p, 1)),
                                     getAsOpFoldResult(columnTile), none, none},
              ArrayRef<OpFoldResult>{one, one, b.getIndexAttr(cIn),
                                     b.getIndexAttr(width)},
              ArrayRef<OpFoldResult>{one, one, one, one});
          return linalg::ContractOp::create(
                     b, loc, TypeRange{partial.getType()},
                     ValueRange{view, weights}, ValueRange{partial},
                     b.getAffineMapArrayAttr(maps))
              .getResult(0);
        });
  }

  KernelBuilder &kernel;
  const MixStage &stage;
  int kept;
  /// offset, node inits [1, 2), input terms [3, 4), stored terms [5, 6), bias.
  KernelTable targets;
  KernelTable nodeInits;               ///< offset, strides
  KernelTable inputTerms, storedTerms; ///< offset, packed weight, strides
  KernelArray &target;
  ColumnTiling tiling;
  int64_t vectors, width;
  std::vector<Poly> extents;
  bool alongAxis = false;
  bool hasBias = false;
};

} // namespace

void eqc::emitMix(KernelBuilder &kernel, const MixStage &stage,
                  int64_t firstPackedTerm) {
  MixEmitter(kernel, stage, firstPackedTerm).emit();
}
