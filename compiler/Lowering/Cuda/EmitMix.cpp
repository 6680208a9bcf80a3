//===- EmitMix.cpp - Channel mixes as register tiles ----------------------===//
//
// A thread has the sums of 8 rows of a target by 4 columns in registers, over
// all terms; of 4 rows in f64, and where columns are loaded one by one. Rows
// are those of all samples, one after the other along the axes. In f32 four
// input channels at once are eight loads of rows and four of weights for 128
// multiply-adds.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cuda/DeviceKernel.h"
#include "compiler/Lowering/Cuda/Emit.h"
#include "compiler/Lowering/Nests/Summation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace eqc;
using namespace eqc::cuda;
using namespace mlir;

constexpr int64_t kTileColumns = 4;
/// More sums of blocks than this are added with what their additions round
/// away.
constexpr int64_t kPlainBlocks = 16;

namespace {

enum Array : size_t { kInput, kStored, kNodes, kBias, kWeights, kTarget };

class MixEmitter {
public:
  MixEmitter(Program &program, const LayerArrays &arrays,
             const DeviceArray &weights, const MixNest &nest)
      : nest(nest), kernel(program, "mix",
                           {arrays.input, arrays.stored, arrays.nodes,
                            arrays.bias, weights, arrays[nest.target]}),
        cIn(arrays.input.channels), cOut(arrays.output.channels),
        depth(program.width(cIn)), width(program.width(cOut)),
        vectors(kTileColumns / width),
        tileRows(program.spec.elementSize() == 8 || width == 1 ? 4 : 8) {
    if (width > 1 && cOut % (vectors * width) != 0)
      vectors = 1;
    vectors = std::min(vectors, cOut);
    const int64_t products = cIn * (nest.mostFromInput + nest.mostFromStored);
    keepsRest = products > kPlainBlocks * kTermsOfBlock;
  }

  void emit() {
    Extent rows = kernel.samples();
    for (const Axis &axis : nest.axes) {
      const Extent extent = kernel.extent(axis.extent);
      extents.push_back(extent.device);
      rows = kernel.product(rows, extent);
    }
    numRows = rows.device;
    const int64_t columns = vectors * width;
    kernel.overItems({kernel.extent(nest.targets.size()),
                      kernel.tiles(rows, tileRows),
                      kernel.extent((cOut + columns - 1) / columns)},
                     [&](ArrayRef<Value> point) { emitTile(point); });
  }

private:
  /// Where a row of the tile is.
  struct Row {
    Value sample;
    SmallVector<Value> axes;
    Value exists;
  };

  void emitTile(ArrayRef<Value> point) {
    targets.emplace(kernel, nest.targets);
    target = point[0];
    findRows(kernel.mul(point[1], kernel.index(tileRows)));
    findColumns(kernel.mul(point[2], kernel.index(vectors * width)));
    // The sums of the tile and, behind them, what their additions round away.
    Values sums = emitInits();
    if (keepsRest)
      sums.append(zeros());
    const DeviceTable inputTerms(kernel, nest.inputTerms);
    const DeviceTable storedTerms(kernel, nest.storedTerms);
    sums = emitTerms(inputTerms, kInput, MixNest::kInputTerms, sums);
    sums = emitTerms(storedTerms, kStored, MixNest::kStoredTerms, sums);
    for (int64_t r = 0; r < tileRows; ++r)
      storeRow(r, sums);
  }

  /// Rows past the last are the last one again, which is read and not written.
  void findRows(Value first) {
    Row row;
    row.sample = first;
    for (size_t a = extents.size(); a-- > 0;) {
      row.axes.insert(row.axes.begin(),
                      kernel.remainder(row.sample, extents[a]));
      row.sample = kernel.quotient(row.sample, extents[a]);
    }
    for (int64_t r = 0; r < tileRows; ++r) {
      Value number = kernel.add(first, kernel.index(r));
      row.exists = kernel.isLess(number, numRows);
      if (r > 0)
        advance(row);
      rows.push_back(row);
    }
  }

  void advance(Row &row) {
    OpBuilder &b = kernel.b;
    Value carry = arith::SelectOp::create(b, kernel.loc, row.exists,
                                          kernel.index(1), kernel.index(0));
    for (size_t a = extents.size(); a-- > 0;) {
      Value next = kernel.add(row.axes[a], carry);
      Value wraps = kernel.b.createOrFold<arith::CmpIOp>(
          kernel.loc, arith::CmpIPredicate::eq, next, extents[a]);
      row.axes[a] =
          arith::SelectOp::create(b, kernel.loc, wraps, kernel.index(0), next);
      carry = arith::SelectOp::create(b, kernel.loc, wraps, kernel.index(1),
                                      kernel.index(0));
    }
    row.sample = kernel.add(row.sample, carry);
  }

  /// Single columns past the last are the last one again.
  void findColumns(Value first) {
    for (int64_t v = 0; v < vectors; ++v) {
      Value column = kernel.add(first, kernel.index(v * width));
      const bool mayEnd = cOut % (vectors * width) != 0;
      columnExists.push_back(mayEnd ? kernel.isLess(column, kernel.index(cOut))
                                    : Value());
      columns.push_back(mayEnd ? kernel.min(column, kernel.index(cOut - 1))
                               : column);
    }
  }

  Values zeros() { return Values(tileRows * vectors, kernel.real(0, width)); }

  /// The first element of a row of a view.
  Value viewRow(Array array, const Row &row, Value offset,
                function_ref<Value(int64_t)> strideOf) {
    Value at = offset;
    for (int64_t a = 0; a < nest.strided; ++a)
      at = kernel.add(at, kernel.mul(row.axes[a], strideOf(a)));
    if (row.axes.size() > static_cast<size_t>(nest.strided))
      at = kernel.add(at, row.axes.back());
    return kernel.rowOf(array, row.sample, at);
  }

  /// The broadcasts that the sums start with.
  Values emitInits() {
    Values sums = zeros();
    if (!nest.nodeInits.empty()) {
      const DeviceTable inits(kernel, nest.nodeInits);
      sums = kernel.loop(
          targets->get(kernel, target, MixNest::kNodeInits),
          targets->get(kernel, target, MixNest::kNodeInits + 1), 1, sums,
          [&](Value e, Values partial) {
            for (int64_t r = 0; r < tileRows; ++r) {
              Value row = viewRow(
                  kNodes, rows[r], inits.get(kernel, e, MixNest::kInitOffset),
                  [&](int64_t a) {
                    return inits.get(kernel, e, MixNest::kInitStrides + a);
                  });
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = partial[r * vectors + v];
                sum = kernel.plus(
                    sum,
                    kernel.load(kNodes, kernel.add(row, columns[v]), width));
              }
            }
            return partial;
          });
    }
    if (!nest.hasBias)
      return sums;
    Value has = kernel.isLess(kernel.index(0),
                              targets->get(kernel, target, MixNest::kNumBias));
    Value row = kernel.rowOf(kBias, kernel.index(0),
                             targets->get(kernel, target, MixNest::kBias));
    for (int64_t v = 0; v < vectors; ++v) {
      Value bias = kernel.load(kBias, kernel.add(row, columns[v]), width);
      for (int64_t r = 0; r < tileRows; ++r) {
        Value &sum = sums[r * vectors + v];
        sum = arith::SelectOp::create(kernel.b, kernel.loc, has,
                                      kernel.plus(sum, bias), sum);
      }
    }
    return sums;
  }

  /// Adds the products of a target's terms from one array, in blocks.
  Values emitTerms(const DeviceTable &terms, Array source, int64_t rangeField,
                   Values sums) {
    if (terms.size() == 0)
      return sums;
    Value first = targets->get(kernel, target, rangeField);
    Value end = targets->get(kernel, target, rangeField + 1);
    const int64_t together = std::max<int64_t>(1, kTermsOfBlock / cIn);
    return kernel.loop(
        first, end, together, std::move(sums), [&](Value from, Values totals) {
          if (cIn > kTermsOfBlock)
            return emitTerm(terms, source, from, std::move(totals));
          Value to = kernel.min(kernel.add(from, kernel.index(together)), end);
          return addTile(
              std::move(totals),
              kernel.loop(from, to, 1, zeros(), [&](Value term, Values block) {
                const View view = viewOf(terms, source, term);
                return emitProducts(view, kernel.index(0), kernel.index(cIn),
                                    std::move(block));
              }));
        });
  }

  /// One term, whose channels are several blocks.
  Values emitTerm(const DeviceTable &terms, Array source, Value term,
                  Values totals) {
    const View view = viewOf(terms, source, term);
    return kernel.loop(kernel.index(0), kernel.index(cIn), kTermsOfBlock,
                       std::move(totals), [&](Value from, Values partial) {
                         Value to = kernel.min(
                             kernel.add(from, kernel.index(kTermsOfBlock)),
                             kernel.index(cIn));
                         return addTile(std::move(partial),
                                        emitProducts(view, from, to, zeros()));
                       });
  }

  Values addTile(Values totals, const Values &block) {
    for (size_t i = 0; i < block.size(); ++i)
      if (keepsRest)
        addBlock(kernel, totals[i], totals[block.size() + i], block[i]);
      else
        totals[i] = kernel.plus(totals[i], block[i]);
    return totals;
  }

  /// What a term multiplies: the rows of the tile, and a matrix.
  struct View {
    Array source;
    SmallVector<Value> rows;
    Value weights; ///< first element
  };

  View viewOf(const DeviceTable &terms, Array source, Value term) {
    View view{source, {}, {}};
    Value offset = terms.get(kernel, term, MixNest::kTermOffset);
    SmallVector<Value> strides;
    for (int64_t a = 0; a < nest.strided; ++a)
      strides.push_back(terms.get(kernel, term, MixNest::kTermStrides + a));
    for (const Row &row : rows)
      view.rows.push_back(
          viewRow(source, row, offset, [&](int64_t a) { return strides[a]; }));
    view.weights = kernel.mul(terms.get(kernel, term, MixNest::kWeight),
                              kernel.index(cIn * cOut));
    return view;
  }

  /// Input channels from `first` to `end`, `depth` of them at once.
  Values emitProducts(const View &view, Value first, Value end, Values sums) {
    return kernel.loop(
        first, end, depth, std::move(sums), [&](Value c, Values partial) {
          SmallVector<Value> inputs;
          for (Value row : view.rows)
            inputs.push_back(
                kernel.load(view.source, kernel.add(row, c), depth));
          for (int64_t d = 0; d < depth; ++d) {
            Value channel = kernel.add(c, kernel.index(d));
            Value matrixRow = kernel.add(
                view.weights, kernel.mul(channel, kernel.index(cOut)));
            for (int64_t v = 0; v < vectors; ++v) {
              Value weights = kernel.load(
                  kWeights, kernel.add(matrixRow, columns[v]), width);
              for (int64_t r = 0; r < tileRows; ++r) {
                Value &sum = partial[r * vectors + v];
                sum = kernel.fma(kernel.element(inputs[r], d), weights, sum);
              }
            }
          }
          return partial;
        });
  }

  void storeRow(int64_t r, const Values &sums) {
    kernel.when(rows[r].exists, [&] {
      Value row = viewRow(
          kTarget, rows[r], targets->get(kernel, target, MixNest::kOffset),
          [&](int64_t a) { return kernel.poly(nest.targetStrides[a]); });
      for (int64_t v = 0; v < vectors; ++v) {
        Value sum = sums[r * vectors + v];
        if (keepsRest)
          sum = valueOf(kernel, sum, sums[(tileRows + r) * vectors + v]);
        auto write = [&] {
          kernel.store(kTarget, kernel.add(row, columns[v]), sum);
        };
        if (columnExists[v])
          kernel.when(columnExists[v], write);
        else
          write();
      }
    });
  }

  const MixNest &nest;
  DeviceKernel kernel;
  int64_t cIn, cOut;
  int64_t depth;   ///< input channels that are loaded at once
  int64_t width;   ///< columns of a load
  int64_t vectors; ///< loads of a tile's columns
  int64_t tileRows;
  bool keepsRest = false;
  SmallVector<Value> extents;
  Value numRows;
  std::optional<DeviceTable> targets;
  Value target;
  SmallVector<Row> rows;
  SmallVector<Value> columns, columnExists;
};

} // namespace

void cuda::emitMix(Program &program, const LayerArrays &arrays,
                   const DeviceArray &weights, const MixNest &nest) {
  MixEmitter(program, arrays, weights, nest).emit();
}
