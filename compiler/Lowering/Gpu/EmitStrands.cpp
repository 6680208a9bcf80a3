//===- EmitStrands.cpp - Mixes in the irreps of the strands' group --------===//
//
// A thread has, for a few letters m_1 <= .. <= m_t and a few columns, all slots
// of Fourier space in registers: it changes the basis of what it loads, adds
// products of all sources, and changes back what it stores. So nothing of
// Fourier space is in memory, and y is written once. Letters that are equal
// need no care: their entries are computed, and written, more than once, by the
// same thread.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Gpu/MixColumns.h"
#include "compiler/Lowering/Nests/Summation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>
#include <cmath>
#include <optional>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// More sums of blocks than this are added with what their additions round
/// away.
constexpr int64_t kPlainBlocks = 16;
/// Sizes are below 2 to this, as x has less than 2^63 bytes.
constexpr int64_t kLetterBits[] = {0, 0, 31, 21};
constexpr int64_t kFactorial[] = {1, 1, 2, 6};

/// Of letters below `end` there are so many m_1 <= .. <= m_t.
template <typename T, typename Product>
static T rising(T end, int order, Product times) {
  T product = end;
  for (int i = 1; i < order; ++i)
    product = times(product, i);
  return product;
}

namespace {

enum Array : size_t { kInput, kStored, kNodes, kBias, kWeights, kTarget };

class StrandEmitter {
public:
  StrandEmitter(Program &program, const LayerArrays &arrays,
                const DeviceArray &weights, const StrandNest &nest)
      : nest(nest), transform(nest.transform), order(transform.order),
        kernel(program, "strands",
               {arrays.input, arrays.stored, arrays.nodes, arrays.bias, weights,
                arrays[nest.ends.target]}),
        cIn(program.spec.cIn), cOut(program.spec.cOut),
        depth(program.width(cIn)), matrix(program.columnsOf(weights, cOut)),
        tile(strandTileOf(program.spec.elementSize(), matrix)),
        tileRows(rowsOfTile(program.spec)),
        letters(kernel.extent(nest.ends.axes.front().extent)) {
    for (const StrandIrrep &irrep : transform.irreps)
      mostProducts = std::max<int64_t>(mostProducts, irrep.dimension);
    keepsRest =
        cIn * mostProducts * nest.sources.size() > kPlainBlocks * kTermsOfBlock;
    if (keepsRest)
      tileRows = (tileRows + 1) / 2;
  }

  void emit() {
    kernel.atTop([&] { rowsOfSample = rowsBelow(letters.device, order); });
    const Formula product =
        rising(letters.host, order, [&](const Formula &product, int64_t i) {
          return product * (letters.host + Formula(i));
        });
    const Extent rows = kernel.product(
        kernel.samples(), {divided(product, kFactorial[order]), rowsOfSample});
    numRows = rows.device;
    kernel.overItems({kernel.extent(nest.ends.targets.size()),
                      kernel.tiles(rows, tileRows), kernel.extent(tile.count)},
                     [&](ArrayRef<Value> point) { emitTile(point); });
  }

private:
  /// Letters m_1 <= .. <= m_t of a sample.
  struct Row {
    Value sample;
    SmallVector<Value> letter;
    Value exists;
  };

  int64_t rowsOfTile(const LayerSpec &spec) const {
    if (order == 3)
      return 1;
    return spec.elementSize() == 4 && matrix.width > 1 ? 4 : 2;
  }

  /// How many rows have letters below `end`.
  Value rowsBelow(Value end, int strands) {
    Value product =
        rising(end, strands, [&](Value product, int64_t i) -> Value {
          return kernel.mul(product, kernel.add(end, kernel.index(i)));
        });
    return kernel.div(product, kFactorial[strands]);
  }

  void emitTile(ArrayRef<Value> point) {
    targets.emplace(kernel, nest.ends.targets);
    target = point[0];
    findRows(kernel.mul(point[1], kernel.index(tileRows)));
    columns.emplace(kernel, matrix, tile);
    columns->find(point[2]);
    // The sums of the tile and, behind them, what their additions round away.
    Values sums = zeros();
    if (keepsRest)
      sums.append(zeros());
    sums = emitSources(kInput, 0, nest.sources.inputs, std::move(sums));
    sums = emitSources(kStored, nest.sources.inputs, nest.sources.size(),
                       std::move(sums));
    for (int64_t r = 0; r < tileRows; ++r)
      kernel.when(rows[r].exists, [&] { storeRow(r, sums); });
  }

  Values zeros() {
    return Values(tileRows * transform.slots * tile.vectors,
                  kernel.real(0, matrix.width));
  }
  int64_t sumOf(int64_t row, int64_t slot, int64_t vector) const {
    return (row * transform.slots + slot) * tile.vectors + vector;
  }

  /// Rows past the last are the last one again, which is read and not written.
  void findRows(Value first) {
    Row row;
    row.sample = kernel.quotient(first, rowsOfSample);
    row.letter = lettersOf(kernel.remainder(first, rowsOfSample));
    for (int64_t r = 0; r < tileRows; ++r) {
      row.exists = kernel.isLess(kernel.add(first, kernel.index(r)), numRows);
      if (r > 0)
        advance(row);
      rows.push_back(row);
    }
  }

  /// Row `number` in the order in which m_1 changes fastest: m_t is the largest
  /// letter that so many rows are below of, and so on.
  SmallVector<Value> lettersOf(Value number) {
    SmallVector<Value> letter(order);
    for (int t = order; t > 1; --t) {
      const int64_t bits = kernel.spec.dynamicN()
                               ? kLetterBits[order]
                               : llvm::Log2_64_Ceil(kernel.spec.n);
      Value largest =
          kernel
              .loop(kernel.index(0), kernel.index(bits), 1,
                    {kernel.index(0), kernel.index(int64_t(1) << (bits - 1))},
                    [&](Value, Values found) {
                      Value next = kernel.add(found[0], found[1]);
                      Value isAbove = kernel.isLess(number, rowsBelow(next, t));
                      return Values{select(isAbove, found[0], next),
                                    kernel.div(found[1], 2)};
                    })
              .front();
      letter[t - 1] = largest;
      number = kernel.sub(number, rowsBelow(largest, t));
    }
    letter[0] = number;
    return letter;
  }

  void advance(Row &row) {
    Value carry = select(row.exists, kernel.index(1), kernel.index(0));
    for (int a = 0; a < order; ++a) {
      Value next = kernel.add(row.letter[a], carry);
      Value most = a + 1 < order ? row.letter[a + 1]
                                 : kernel.sub(letters.device, kernel.index(1));
      Value wraps = kernel.isLess(most, next);
      row.letter[a] = select(wraps, kernel.index(0), next);
      carry = select(wraps, kernel.index(1), kernel.index(0));
    }
    row.sample = kernel.add(row.sample, carry);
  }

  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(kernel.b, kernel.loc, condition, yes, no);
  }

  /// The first element of the entry of `row` whose letters are permuted.
  Value entryAt(Array array, const Row &row,
                const std::vector<int> &permutation, Value offset,
                function_ref<Value(int)> strideOf) {
    Value at = offset;
    for (int b = 0; b < order; ++b)
      at = kernel.add(at, kernel.mul(row.letter[permutation[b]], strideOf(b)));
    return kernel.rowOf(array, row.sample, at);
  }

  /// sum over i of factor(i) * values[i].
  Value combine(ArrayRef<Value> values, function_ref<double(size_t)> factor) {
    Value sum;
    // Factors of one first, so that the sum starts without a product.
    for (bool plain : {true, false})
      for (size_t i = 0; i < values.size(); ++i) {
        const double f = factor(i);
        if (f == 0 || plain != (std::abs(f) == 1))
          continue;
        if (!sum)
          sum = f == 1 ? values[i] : kernel.times(kernel.real(f), values[i]);
        else if (f == 1)
          sum = kernel.plus(sum, values[i]);
        else if (f == -1)
          sum = kernel.minus(sum, values[i]);
        else
          sum = kernel.fma(kernel.real(f), values[i], sum);
      }
    return sum;
  }

  /// Adds the products of some sources, in blocks. A source is, for a slot, as
  /// many products as its irrep has rows times the channels.
  Values emitSources(Array array, int64_t first, int64_t end, Values sums) {
    if (first == end)
      return sums;
    const DeviceTable sources(kernel, nest.sources.table);
    const int64_t channels = kTermsOfBlock / mostProducts;
    const int64_t together = std::max<int64_t>(1, channels / cIn);
    Value all = kernel.index(cIn), none = kernel.index(0);
    return kernel.loop(
        kernel.index(first), kernel.index(end), together, std::move(sums),
        [&](Value from, Values totals) {
          if (cIn > channels) {
            const Source source = findSource(array, sources, from);
            return kernel.loop(
                none, all, channels, std::move(totals),
                [&](Value channel, Values partial) {
                  Value to = kernel.min(
                      kernel.add(channel, kernel.index(channels)), all);
                  return addTile(std::move(partial),
                                 emitProducts(source, channel, to, zeros()));
                });
          }
          Value to = kernel.min(kernel.add(from, kernel.index(together)),
                                kernel.index(end));
          return addTile(
              std::move(totals),
              kernel.loop(from, to, 1, zeros(), [&](Value s, Values block) {
                return emitProducts(findSource(array, sources, s), none, all,
                                    std::move(block));
              }));
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

  /// Where the entries of a source are for every row of the tile, and its
  /// matrices: for every irrep and column, one for each row of the irrep.
  struct Source {
    Array array;
    SmallVector<SmallVector<Value>> entries;
    SmallVector<Value> weights; ///< first element, by block
  };

  Source findSource(Array array, const DeviceTable &sources, Value s) {
    Source source{array, {}, {}};
    Value offset = sources.get(kernel, s, StrandViews::kOffset);
    SmallVector<Value> strides;
    for (int b = 0; b < order; ++b)
      strides.push_back(sources.get(kernel, s, StrandViews::kStrides + b));
    for (const Row &row : rows) {
      source.entries.emplace_back();
      for (const std::vector<int> &permutation : transform.permutations)
        source.entries.back().push_back(
            entryAt(array, row, permutation, offset,
                    [&](int b) { return strides[b]; }));
    }
    const int64_t numTargets = nest.ends.targets.size();
    const int64_t blocks = nest.blocks.size() / numTargets;
    auto field = [&](int64_t block, int64_t which) {
      return nest.blocks.at(block, which, 1);
    };
    const int64_t termsOfTarget = numTargets > 1
                                      ? field(blocks, StrandNest::kFirstTerm) -
                                            field(0, StrandNest::kFirstTerm)
                                      : 0;
    Value targetTerm = kernel.mul(target, kernel.index(termsOfTarget));
    for (int64_t block = 0; block < blocks; ++block) {
      Value term = kernel.add(
          kernel.add(targetTerm,
                     kernel.index(field(block, StrandNest::kFirstTerm))),
          kernel.mul(s, kernel.index(field(block, StrandNest::kDimension))));
      source.weights.push_back(
          kernel.mul(term, kernel.index(cIn * matrix.length)));
    }
    return source;
  }

  /// Input channels from `first` to `end`, `depth` of them at once.
  Values emitProducts(const Source &source, Value first, Value end,
                      Values sums) {
    return kernel.loop(
        first, end, depth, std::move(sums), [&](Value c, Values partial) {
          SmallVector<SmallVector<Value>> spread;
          for (const SmallVector<Value> &places : source.entries) {
            SmallVector<Value> entries;
            for (Value place : places)
              entries.push_back(
                  kernel.load(source.array, kernel.add(place, c), depth));
            spread.emplace_back();
            for (const std::vector<double> &factors : transform.matrix)
              spread.back().push_back(
                  combine(entries, [&](size_t p) { return factors[p]; }));
          }
          for (int64_t d = 0; d < depth; ++d)
            addProducts(source, kernel.add(c, kernel.index(d)), d, spread,
                        partial);
          return partial;
        });
  }

  void addProducts(const Source &source, Value channel, int64_t d,
                   ArrayRef<SmallVector<Value>> spread, Values &sums) {
    int64_t block = 0;
    for (const StrandIrrep &irrep : transform.irreps)
      for (int column = 0; column < irrep.dimension; ++column, ++block)
        for (int c = 0; c < irrep.dimension; ++c) {
          Value matrixRow =
              kernel.add(source.weights[block],
                         kernel.mul(kernel.add(channel, kernel.index(c * cIn)),
                                    kernel.index(matrix.length)));
          for (int64_t v = 0; v < tile.vectors; ++v) {
            Value weights = columns->loadWeights(kWeights, matrixRow, v);
            for (int64_t r = 0; r < tileRows; ++r)
              for (int row = 0; row < irrep.dimension; ++row) {
                const int first = irrep.first + row * irrep.dimension;
                Value &sum = sums[sumOf(r, first + column, v)];
                sum = kernel.fma(kernel.element(spread[r][first + c], d),
                                 weights, sum);
              }
          }
        }
  }

  void storeRow(int64_t r, const Values &sums) {
    const auto permutations = transform.permutations.size();
    Values entries(permutations * tile.vectors); // permutation-major
    for (int64_t v = 0; v < tile.vectors; ++v) {
      SmallVector<Value> slots;
      for (int64_t s = 0; s < transform.slots; ++s) {
        Value sum = sums[sumOf(r, s, v)];
        if (keepsRest)
          sum = valueOf(kernel, sum, sums[sumOf(tileRows + r, s, v)]);
        slots.push_back(sum);
      }
      for (size_t p = 0; p < permutations; ++p)
        entries[p * tile.vectors + v] =
            combine(slots, [&](size_t s) { return transform.matrix[s][p]; });
    }
    entries = addInits(rows[r], std::move(entries));
    for (size_t p = 0; p < permutations; ++p) {
      Value place =
          entryAt(kTarget, rows[r], transform.permutations[p],
                  targets->get(kernel, target, MixNest::kOffset), [&](int b) {
                    return kernel.poly(nest.ends.targetStrides[b]);
                  });
      for (int64_t v = 0; v < tile.vectors; ++v)
        columns->store(kTarget, place, v, entries[p * tile.vectors + v]);
    }
  }

  /// The broadcasts that belong to a row.
  Values addInits(const Row &row, Values entries) {
    if (!nest.ends.nodeInits.empty()) {
      const DeviceTable inits(kernel, nest.ends.nodeInits);
      entries = kernel.loop(
          targets->get(kernel, target, MixNest::kNodeInits),
          targets->get(kernel, target, MixNest::kNodeInits + 1), 1,
          std::move(entries), [&](Value e, Values partial) {
            for (size_t p = 0; p < transform.permutations.size(); ++p) {
              Value place = entryAt(
                  kNodes, row, transform.permutations[p],
                  inits.get(kernel, e, MixNest::kInitOffset), [&](int b) {
                    return inits.get(kernel, e, MixNest::kInitStrides + b);
                  });
              for (int64_t v = 0; v < tile.vectors; ++v) {
                Value &entry = partial[p * tile.vectors + v];
                entry = kernel.plus(entry, columns->load(kNodes, place, v));
              }
            }
            return partial;
          });
    }
    if (!nest.ends.hasBias)
      return entries;
    Value has = kernel.isLess(kernel.index(0),
                              targets->get(kernel, target, MixNest::kNumBias));
    Value biasRow = kernel.rowOf(kBias, kernel.index(0),
                                 targets->get(kernel, target, MixNest::kBias));
    for (int64_t v = 0; v < tile.vectors; ++v) {
      Value bias = columns->load(kBias, biasRow, v);
      for (size_t p = 0; p < transform.permutations.size(); ++p) {
        Value &entry = entries[p * tile.vectors + v];
        entry = select(has, kernel.plus(entry, bias), entry);
      }
    }
    return entries;
  }

  const StrandNest &nest;
  const StrandTransform &transform;
  int order;
  DeviceKernel kernel;
  int64_t cIn, cOut;
  int64_t depth; ///< input channels that are loaded at once
  WeightColumns matrix;
  MixTile tile; ///< of it, how columns are divided
  int64_t tileRows;
  Extent letters;
  int64_t mostProducts = 1; ///< of a source and channel in a slot
  bool keepsRest = false;
  Value rowsOfSample, numRows;
  std::optional<DeviceTable> targets;
  Value target;
  SmallVector<Row> rows;
  std::optional<MixColumns> columns;
};

} // namespace

void device::emitStrands(Program &program, const LayerArrays &arrays,
                         const DeviceArray &weights, const StrandNest &nest) {
  StrandEmitter(program, arrays, weights, nest).emit();
}
