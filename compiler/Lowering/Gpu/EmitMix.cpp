//===- EmitMix.cpp - Channel mixes as register tiles ----------------------===//
//
// A thread has the sums of a tile in registers, over all terms; see MixTile.
// Rows are those of all samples, one after the other along the axes. In f32
// four input channels at once are eight loads of rows and eight of weights for
// 256 multiply-adds. Rows of 35 channels, which begin anywhere, are loaded one
// by one from memory, and four at once from shared memory, where they are 36.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Gpu/MixColumns.h"
#include "compiler/Lowering/Nests/Summation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>
#include <numeric>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// Of layers whose n is given at run time.
constexpr int64_t kTypicalSize = 16, kLargeSize = 64;
/// With so many, finding rows is as much work as multiplying them.
constexpr int64_t kFewChannels = 16;

namespace {

enum Array : size_t { kInput, kStored, kNodes, kBias, kWeights, kTarget };

class MixEmitter {
public:
  MixEmitter(Program &program, const LayerArrays &arrays,
             const DeviceArray &weights, const MixNest &nest,
             const GatherNest *gathered)
      : nest(nest), gathered(gathered),
        kernel(program, "mix",
               {arrays.input, arrays.stored, arrays.nodes, arrays.bias, weights,
                arrays[nest.target]},
               {}, kTileThreads),
        cIn(arrays.input.channels), cOut(arrays.output.channels),
        matrix(program.columnsOf(weights, cOut)), width(matrix.width),
        tile(mixTileOf(
            mixShapeOf(program.spec.elementSize(), kernel.rowWidth(kInput),
                       matrix, cIn * (nest.mostFromInput + nest.mostFromStored),
                       program.block != nullptr))) {
    if (program.block)
      useAllThreads(*program.block);
    alongLine = divideLines();
  }

  void emit() {
    Extent rows = kernel.samples();
    for (const Axis &axis : nest.axes) {
      const Extent extent = kernel.extent(axis.extent);
      extents.push_back(extent.device);
      rows = kernel.product(rows, extent);
    }
    numRows = rows.device;
    noteAccesses();
    const Extent tiles = kernel.tiles(rows, tile.rows);
    if (kernel.program.block && !alongLine)
      kernel.atTop([&] { step = placeOf(tiles.device); });
    kernel.overItems(
        {kernel.extent(nest.targets.size()), tiles, kernel.extent(tile.count)},
        [&](ArrayRef<Value> point) { emitTile(point); });
  }

private:
  /// Fewer rows a thread, where some threads of a block would have none. Where
  /// several blocks share a processor, registers are for them to share too.
  void useAllThreads(const BlockScope &block) {
    if (block.numThreads() == kTileThreads)
      tile.rows = std::min<int64_t>(tile.rows, 4);
    const int64_t n = !kernel.spec.dynamicN() ? kernel.spec.n
                      : block.isCluster()     ? kLargeSize
                                              : kTypicalSize;
    int64_t rows = block.expectedSamples();
    for (const Axis &axis : nest.axes)
      rows *= axis.extent.at(n);
    rowsOfBlock = rows;
    // One in eight threads may have none.
    while (tile.rows > 1 && 8 * itemsOf(tile.rows) < 7 * block.numThreads())
      tile.rows /= 2;
  }
  int64_t itemsOf(int64_t rows) const {
    return nest.targets.size() * ((rowsOfBlock + rows - 1) / rows) * tile.count;
  }

  /// Whether all rows of a tile have the same indices but the last, of which
  /// each is the next one: then few channels are not outweighed by finding the
  /// rows of every term. Lines of a fixed n are divided into equal tiles.
  bool divideLines() {
    constexpr int64_t kFewestRows = 3;
    if (kernel.spec.dynamicN() || nest.axes.empty() || cIn > kFewChannels)
      return false;
    // Words of 32 bits number the rows of all arrays.
    constexpr int64_t kMostRows = 1 << 20;
    int64_t allRows = 1;
    for (const Axis &axis : nest.axes)
      allRows *= axis.extent.at(kernel.spec.n);
    if (allRows > kMostRows)
      return false;
    const int64_t length = nest.axes.back().extent.at(kernel.spec.n);
    for (int64_t rows = tile.rows; rows >= kFewestRows; --rows)
      if (length % rows == 0 && !meetInBanks(rows) && keepsRounds(rows)) {
        tile.rows = rows;
        return true;
      }
    return false;
  }
  /// Whether rows so far apart in shared memory, whose pitch is odd, are in the
  /// same banks.
  bool meetInBanks(int64_t rows) const {
    return kernel.program.block && std::gcd(rows, int64_t(8)) > tile.count;
  }

  /// Whether the threads of a block are not busy for longer with such tiles.
  bool keepsRounds(int64_t rows) const {
    if (!kernel.program.block)
      return true;
    const int64_t threads = kernel.program.block->numThreads();
    auto timeOf = [&](int64_t some) {
      return (itemsOf(some) + threads - 1) / threads * some;
    };
    return timeOf(rows) <= timeOf(tile.rows);
  }

  void noteAccesses() {
    auto stepsOf = [&](const std::vector<Poly> &row, int64_t firstStride) {
      std::vector<std::pair<Poly, Poly>> steps;
      for (size_t a = 0; a < nest.axes.size(); ++a)
        steps.emplace_back(nest.axes[a].extent,
                           static_cast<int>(a) < nest.strided
                               ? row[firstStride + a]
                               : Poly(1));
      return steps;
    };
    if (!nest.inputTerms.empty())
      kernel.reads(kInput);
    for (int64_t t = 0; t < nest.storedTerms.size(); ++t) {
      const std::vector<Poly> &term = nest.storedTerms.row(t);
      kernel.reads(kStored, term[MixNest::kTermOffset],
                   stepsOf(term, MixNest::kTermStrides));
    }
    for (int64_t i = 0; i < nest.nodeInits.size(); ++i) {
      const std::vector<Poly> &init = nest.nodeInits.row(i);
      kernel.reads(kNodes, init[MixNest::kInitOffset],
                   stepsOf(init, MixNest::kInitStrides));
    }
    if (gathered)
      kernel.reads(kNodes);
    if (nest.hasBias)
      kernel.reads(kBias);
    for (int64_t t = 0; t < nest.targets.size(); ++t)
      kernel.writes(kTarget, nest.targets.row(t)[MixNest::kOffset],
                    stepsOf(nest.targetStrides, 0));
  }

  /// Where a row of the tile is. Indices of axes are words of 32 bits: of two
  /// axes that are longer, no memory has the rows.
  struct Row {
    Value number; ///< of all
    Value sample;
    SmallVector<Value> axes;
    Value exists; ///< null: always
  };

  void emitTile(ArrayRef<Value> point) {
    targets.emplace(kernel, nest.targets);
    target = point[0];
    first = placeOf(step ? point[1]
                         : kernel.mul(point[1], kernel.index(tile.rows)));
    columns.emplace(kernel, matrix, tile);
    columns->find(point[2]);
    const DeviceTable inputTerms(kernel, nest.inputTerms);
    const DeviceTable storedTerms(kernel, nest.storedTerms);
    Values sums;
    if (tile.totals == MixTile::None) {
      sums = emitBlock(inputTerms, kInput, MixNest::kInputTerms, zeros());
      sums = emitBlock(storedTerms, kStored, MixNest::kStoredTerms,
                       std::move(sums));
    } else {
      sums = startTotals();
      sums = emitTerms(inputTerms, kInput, MixNest::kInputTerms, sums);
      sums = emitTerms(storedTerms, kStored, MixNest::kStoredTerms, sums);
      sums = finishTotals(std::move(sums));
    }
    const SmallVector<Row> rows = findRows();
    addInits(rows, sums);
    if (gathered)
      addGathered(rows, sums);
    for (int64_t r = 0; r < tile.rows; ++r)
      storeRow(rows[r], r, sums);
  }

  /// What stands where in the order of rows.
  Row placeOf(Value number) {
    Row row;
    row.number = row.sample = number;
    for (size_t a = extents.size(); a-- > 0;) {
      row.axes.insert(row.axes.begin(),
                      narrow(kernel.remainder(row.sample, extents[a])));
      row.sample = kernel.quotient(row.sample, extents[a]);
    }
    return row;
  }

  /// All rows. Those past the last are the last one again, which is read and
  /// not written. They are found anew wherever they are needed: the sums leave
  /// no registers to keep them in.
  SmallVector<Row> findRows() {
    Row row = first;
    // Of rows of a few channels, of which each is a sample, there are some.
    const bool areSamples = extents.empty() && cIn <= kFewChannels &&
                            width > 1 && kernel.spec.elementSize() == 4;
    if (!areSamples || kernel.program.block) {
      row.number = kernel.opaque(first.number);
      row.sample = kernel.opaque(first.sample);
      for (Value &axis : row.axes)
        axis = kernel.opaque(axis);
    }
    SmallVector<Row> rows;
    for (int64_t r = 0; r < tile.rows; ++r) {
      if (r > 0)
        row.number =
            kernel.add(row.number, step ? step->number : kernel.index(1));
      if (!alongLine)
        row.exists = kernel.isLess(row.number, numRows);
      if (r > 0)
        advance(row);
      rows.push_back(row);
    }
    return rows;
  }

  void advance(Row &row) {
    OpBuilder &b = kernel.b;
    const Location loc = kernel.loc;
    if (alongLine) {
      Value one =
          arith::ConstantOp::create(b, loc, b.getIntegerAttr(indexType(), 1));
      row.axes.back() = kernel.add(row.axes.back(), one);
      return;
    }
    // What is carried to the next axis, 0 or 1; of a step of 1, to the last.
    Value carry = row.exists;
    if (step)
      carry = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
    for (size_t a = extents.size(); a-- > 0;) {
      Value next = kernel.add(row.axes[a], asNumber(carry, indexType()));
      if (step)
        next = kernel.add(next, whereExists(row, step->axes[a]));
      Value extent = narrow(extents[a]);
      Value wraps = b.createOrFold<arith::CmpIOp>(
          loc, arith::CmpIPredicate::uge, next, extent);
      row.axes[a] = arith::SelectOp::create(b, loc, wraps,
                                            kernel.sub(next, extent), next);
      carry = wraps;
    }
    Value steps = asNumber(carry, b.getIndexType());
    if (step)
      steps = kernel.add(steps, whereExists(row, step->sample));
    row.sample = kernel.add(row.sample, steps);
  }
  Value whereExists(const Row &row, Value number) {
    Value zero = arith::ConstantOp::create(
        kernel.b, kernel.loc, kernel.b.getZeroAttr(number.getType()));
    return arith::SelectOp::create(kernel.b, kernel.loc, row.exists, number,
                                   zero);
  }

  Value asNumber(Value condition, Type type) {
    auto number = [&](int64_t value) {
      return arith::ConstantOp::create(kernel.b, kernel.loc,
                                       kernel.b.getIntegerAttr(type, value));
    };
    return arith::SelectOp::create(kernel.b, kernel.loc, condition, number(1),
                                   number(0));
  }

  /// A single axis may be longer.
  bool isNarrow() const { return extents.size() > 1; }
  Type indexType() {
    return isNarrow() ? Type(kernel.b.getI32Type()) : kernel.b.getIndexType();
  }
  Value narrow(Value index) {
    return isNarrow() ? kernel.b.createOrFold<arith::IndexCastUIOp>(
                            kernel.loc, indexType(), index)
                      : index;
  }
  Value widen(Value index) {
    return isNarrow() ? kernel.b.createOrFold<arith::IndexCastUIOp>(
                            kernel.loc, kernel.b.getIndexType(), index)
                      : index;
  }

  Values zeros() {
    return Values(tile.rows * tile.vectors, kernel.real(0, width));
  }

  /// The number of a row of a view. Where all are less than 2^31, words of 32
  /// bits do.
  Value placeInView(const Row &row, Value offset,
                    function_ref<Value(int64_t)> strideOf) {
    const auto strided = static_cast<size_t>(nest.strided);
    const bool inWords = alongLine && isNarrow();
    auto number = [&](Value index) { return inWords ? narrow(index) : index; };
    auto axis = [&](Value index) { return inWords ? index : widen(index); };
    Value at = number(offset);
    for (size_t a = 0; a < strided; ++a)
      at =
          kernel.add(at, kernel.mul(axis(row.axes[a]),
                                    number(strideOf(static_cast<int64_t>(a)))));
    if (row.axes.size() > strided)
      at = kernel.add(at, axis(row.axes.back()));
    return inWords ? widen(at) : at;
  }

  /// The first elements of rows of a view.
  SmallVector<Value> viewRows(Array array, ArrayRef<Row> rows, Value offset,
                              function_ref<Value(int64_t)> strideOf) {
    const auto strided = static_cast<size_t>(nest.strided);
    SmallVector<Value> found;
    Value at, step;
    for (const Row &row : rows) {
      if (found.empty() || !alongLine) {
        at = placeInView(row, offset, strideOf);
      } else {
        if (!step)
          step = row.axes.size() > strided ? kernel.index(1)
                                           : strideOf(nest.strided - 1);
        if (!kernel.isShared(array)) {
          found.push_back(
              kernel.add(found.back(),
                         kernel.mul(step, kernel.index(kernel.pitch(array)))));
          continue;
        }
        at = kernel.add(at, step);
      }
      found.push_back(kernel.rowOf(array, row.sample, at));
    }
    return found;
  }

  /// Adds the broadcasts.
  void addInits(ArrayRef<Row> rows, Values &sums) {
    if (!nest.nodeInits.empty()) {
      const DeviceTable inits(kernel, nest.nodeInits);
      sums = kernel.loop(
          targets->get(kernel, target, MixNest::kNodeInits),
          targets->get(kernel, target, MixNest::kNodeInits + 1), 1, sums,
          [&](Value e, Values partial) {
            const SmallVector<Value> nodes = viewRows(
                kNodes, rows, inits.get(kernel, e, MixNest::kInitOffset),
                [&](int64_t a) {
                  return inits.get(kernel, e, MixNest::kInitStrides + a);
                });
            for (int64_t r = 0; r < tile.rows; ++r)
              for (int64_t v = 0; v < tile.vectors; ++v) {
                Value &sum = partial[r * tile.vectors + v];
                sum = kernel.plus(sum, columns->load(kNodes, nodes[r], v));
              }
            return partial;
          });
    }
    if (!nest.hasBias)
      return;
    Value has = kernel.isLess(kernel.index(0),
                              targets->get(kernel, target, MixNest::kNumBias));
    Value row = kernel.rowOf(kBias, kernel.index(0),
                             targets->get(kernel, target, MixNest::kBias));
    for (int64_t v = 0; v < tile.vectors; ++v) {
      Value bias = columns->load(kBias, row, v);
      for (int64_t r = 0; r < tile.rows; ++r) {
        Value &sum = sums[r * tile.vectors + v];
        sum = arith::SelectOp::create(kernel.b, kernel.loc, has,
                                      kernel.plus(sum, bias), sum);
      }
    }
  }

  /// Adds the nodes that are spread over some of the rows.
  void addGathered(ArrayRef<Row> rows, Values &sums) {
    const DeviceTable ranges(kernel, gathered->rows);
    const DeviceTable sources(kernel, gathered->sources);
    for (int64_t r = 0; r < tile.rows; ++r) {
      Value row = rowInSample(rows[r]);
      Values some(sums.begin() + r * tile.vectors,
                  sums.begin() + (r + 1) * tile.vectors);
      auto add = [&](int64_t field, bool negative) {
        some = kernel.loop(
            ranges.get(kernel, row, field), ranges.get(kernel, row, field + 1),
            1, some, [&](Value e, Values partial) {
              Value node = kernel.rowOf(kNodes, rows[r].sample,
                                        sources.get(kernel, e, 0));
              for (int64_t v = 0; v < tile.vectors; ++v) {
                Value value = columns->load(kNodes, node, v);
                partial[v] = negative ? kernel.minus(partial[v], value)
                                      : kernel.plus(partial[v], value);
              }
              return partial;
            });
      };
      add(GatherNest::kFirstAdded, false);
      if (subtracts(*gathered))
        add(GatherNest::kEndAdded, true);
      std::copy(some.begin(), some.end(), sums.begin() + r * tile.vectors);
    }
  }
  /// The row of the target, of the only one.
  Value rowInSample(const Row &row) {
    Value at = targets->get(kernel, target, MixNest::kOffset);
    for (int64_t a = 0; a < nest.strided; ++a)
      at = kernel.add(at, kernel.mul(widen(row.axes[a]),
                                     kernel.poly(nest.targetStrides[a])));
    if (row.axes.size() > static_cast<size_t>(nest.strided))
      at = kernel.add(at, widen(row.axes.back()));
    return at;
  }

  /// Adds all products of a target's terms from one array, one by one.
  Values emitBlock(const DeviceTable &terms, Array source, int64_t rangeField,
                   Values sums) {
    if (terms.size() == 0)
      return sums;
    return emitRange(terms, source, targets->get(kernel, target, rangeField),
                     targets->get(kernel, target, rangeField + 1),
                     std::move(sums));
  }
  Values emitRange(const DeviceTable &terms, Array source, Value from, Value to,
                   Values sums) {
    return kernel.loop(
        from, to, 1, std::move(sums), [&](Value term, Values block) {
          const View view = viewOf(terms, source, term);
          return emitProducts(view, kernel.index(0), cIn, std::move(block));
        });
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
          return addTile(std::move(totals),
                         emitRange(terms, source, from, to, zeros()));
        });
  }

  /// One term, whose channels are several blocks.
  Values emitTerm(const DeviceTable &terms, Array source, Value term,
                  Values totals) {
    const View view = viewOf(terms, source, term);
    const int64_t rest = cIn % kTermsOfBlock;
    totals = kernel.loop(
        kernel.index(0), kernel.index(cIn - rest), kTermsOfBlock,
        std::move(totals), [&](Value from, Values partial) {
          return addTile(std::move(partial),
                         emitProducts(view, from, kTermsOfBlock, zeros()));
        });
    if (rest == 0)
      return totals;
    return addTile(std::move(totals),
                   emitProducts(view, kernel.index(cIn - rest), rest, zeros()));
  }

  //===--------------------------------------------------------------------===//
  // Sums of blocks: what loops carry of them
  //===--------------------------------------------------------------------===//

  Values startTotals() {
    Values totals;
    if (tile.totals == MixTile::Shared) {
      kernel.reserveSlots(tile.rows * tile.vectors);
      for (auto [i, zero] : llvm::enumerate(zeros()))
        kernel.storeSlot(static_cast<int64_t>(i), zero);
      return totals;
    }
    totals = zeros();
    if (tile.totals == MixTile::WithRest)
      totals.append(zeros());
    return totals;
  }

  Values addTile(Values totals, const Values &block) {
    for (size_t i = 0; i < block.size(); ++i) {
      const auto slot = static_cast<int64_t>(i);
      if (tile.totals == MixTile::WithRest)
        addBlock(kernel, totals[i], totals[block.size() + i], block[i]);
      else if (tile.totals == MixTile::Registers)
        totals[i] = kernel.plus(totals[i], block[i]);
      else
        kernel.storeSlot(
            slot,
            kernel.plus(kernel.loadSlot(slot, block[i].getType()), block[i]));
    }
    return totals;
  }

  Values finishTotals(Values totals) {
    Values sums = zeros();
    for (size_t i = 0; i < sums.size(); ++i)
      if (tile.totals == MixTile::WithRest)
        sums[i] = valueOf(kernel, totals[i], totals[sums.size() + i]);
      else if (tile.totals == MixTile::Registers)
        sums[i] = totals[i];
      else
        sums[i] = kernel.loadSlot(static_cast<int64_t>(i), sums[i].getType());
    return sums;
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
    view.rows = viewRows(source, findRows(), offset,
                         [&](int64_t a) { return strides[a]; });
    view.weights = kernel.mul(terms.get(kernel, term, MixNest::kWeight),
                              kernel.index(cIn * matrix.length));
    return view;
  }

  /// Input channels from `first` on, several loads of them at once where that
  /// pays: the addresses of all rows move on less often.
  Values emitProducts(const View &view, Value first, int64_t count,
                      Values sums) {
    const int64_t depth = kernel.rowWidth(view.source);
    const int64_t together = channelsAtOnce(view, depth, count);
    const int64_t rest = count % together;
    auto add = [&](Value from, int64_t channels, Values &partial) {
      for (int64_t c = 0; c < channels;) {
        // What follows the last channel in shared memory is nobody's.
        const int64_t loaded = c + depth <= channels ? depth : 1;
        addProducts(view, kernel.add(from, kernel.index(c)), loaded, partial);
        c += loaded;
      }
    };
    Value end = kernel.add(first, kernel.index(count - rest));
    sums = kernel.loop(first, end, together, std::move(sums),
                       [&](Value c, Values partial) {
                         add(c, together, partial);
                         return partial;
                       });
    add(end, rest, sums);
    return sums;
  }

  /// Two loads of each row. Three, where columns are dealt, of which a thread
  /// has few, and a row is no whole number of two.
  int64_t loadsAtOnce(int64_t depth) const {
    if (cIn % depth != 0 || cIn % (2 * depth) == 0)
      return 2;
    const bool isThree =
        matrix.areDealt() && cIn % (3 * depth) == 0 && cIn <= kTermsOfBlock;
    return isThree ? 3 : 1;
  }

  int64_t channelsAtOnce(const View &view, int64_t depth, int64_t count) const {
    constexpr int64_t kMost = 8;
    if (depth > 1) {
      // Eight rows in shared memory move on together.
      const bool several = !kernel.program.block || tile.rows <= 4 ||
                           kernel.isShared(view.source);
      return std::min(count, several ? loadsAtOnce(depth) * depth : depth);
    }
    // Loops of a few multiply-adds are LLVM's to unroll.
    if (kernel.program.block || width == 1 || count <= kMost)
      return 1;
    for (int64_t together = kMost; together > kMost / 2; --together)
      if (count % together == 0)
        return together;
    return kMost;
  }

  /// The next `depth` channels of the rows.
  void addProducts(const View &view, Value c, int64_t depth, Values &sums) {
    SmallVector<Value> inputs;
    for (Value row : view.rows)
      inputs.push_back(kernel.load(view.source, kernel.add(row, c), depth));
    for (int64_t d = 0; d < depth; ++d) {
      Value channel = kernel.add(c, kernel.index(d));
      Value matrixRow = kernel.add(
          view.weights, kernel.mul(channel, kernel.index(matrix.length)));
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value weights = columns->loadWeights(kWeights, matrixRow, v);
        for (int64_t r = 0; r < tile.rows; ++r) {
          Value &sum = sums[r * tile.vectors + v];
          sum = kernel.fma(kernel.element(inputs[r], d), weights, sum);
        }
      }
    }
  }

  void storeRow(const Row &at, int64_t r, const Values &sums) {
    auto writeRow = [&] {
      Value row =
          viewRows(
              kTarget, at, targets->get(kernel, target, MixNest::kOffset),
              [&](int64_t a) { return kernel.poly(nest.targetStrides[a]); })
              .front();
      for (int64_t v = 0; v < tile.vectors; ++v)
        columns->store(kTarget, row, v, sums[r * tile.vectors + v]);
    };
    if (at.exists)
      kernel.when(at.exists, writeRow);
    else
      writeRow();
  }

  const MixNest &nest;
  const GatherNest *gathered;
  DeviceKernel kernel;
  int64_t cIn, cOut;
  WeightColumns matrix;
  int64_t width; ///< columns of a load
  MixTile tile;
  int64_t rowsOfBlock = 0; ///< of a block of threads, roughly
  bool alongLine = false;  ///< rows differ in their last index alone
  SmallVector<Value> extents;
  Value numRows;
  std::optional<DeviceTable> targets;
  Value target;
  Row first;
  std::optional<Row> step; ///< between the rows of a thread; none: 1
  std::optional<MixColumns> columns;
};

} // namespace

bool device::subtracts(const GatherNest &nest) {
  for (int64_t r = 0; r < nest.rows.size(); ++r)
    if (nest.rows.at(r, GatherNest::kEndAdded, 1) <
        nest.rows.at(r, GatherNest::kEndSubtracted, 1))
      return true;
  return false;
}

void device::emitMix(Program &program, const LayerArrays &arrays,
                     const DeviceArray &weights, const MixNest &nest,
                     const GatherNest *gathered) {
  MixEmitter(program, arrays, weights, nest, gathered).emit();
}
