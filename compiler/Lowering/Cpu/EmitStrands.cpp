//===- EmitStrands.cpp - Mixes in the irreps of the strands' group --------===//
//
// The letters m_1 <= .. <= m_t of a sample are rows, taken in strips of m_1 and
// within a strip in chunks of rows that stay in the first-level cache:
//
//   spread[source, slot, row] = sum over permutations of matrix * view
//   mixed[target, slot, row]  = sum of spread * packed weights, per irrep
//   target[m in any order]    = inits + sum over slots of matrix^T * mixed
//
// Letters that are equal need no care: their entries are computed, and written,
// more than once.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitStrands.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/MixTables.h"
#include "compiler/Lowering/Cpu/StrandRows.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"
#include "compiler/Lowering/Nests/StrandNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

class StrandEmitter {
public:
  StrandEmitter(KernelBuilder &kernel, PlanArrays &arrays,
                const StrandNest &nest, const StrandSchedule &schedule)
      : kernel(kernel), arrays(arrays), nest(nest), schedule(schedule),
        transform(nest.transform), order(nest.transform.order),
        tables(kernel, nest.ends), sources(kernel, nest.sources),
        blocks(kernel, nest.blocks), target(arrays[nest.ends.target]),
        tiling(schedule.columns),
        rows(kernel, order, nest.ends.axes.front().extent,
             schedule.stripLetters) {}

  void emit() {
    makeScratch();
    const std::pair<Value, Value> share = kernel.share(rows.numStrips());
    KernelArray *threaded[] = {&target, &spread, &mixed};
    kernel.forRange(threaded, kernel.index(0), kernel.count(), 1,
                    [&](Value sample) {
                      kernel.forRange(threaded, share.first, share.second, 1,
                                      [&](Value number) {
                                        emitStrip(sample, rows.strip(number));
                                      });
                    });
  }

private:
  /// A chunk: `rows` rows from those of `letter` on, after `before` others of
  /// the sample.
  struct Chunk {
    Value sample;
    StrandRows::Strip strip;
    Values letter;
    Value before, rows;
  };

  /// Both arrays hold a place for every part, because parts run at the same
  /// time. The samples of an array are its slots.
  void makeScratch() {
    // Tiles read, and mix, rows past the last one; nobody looks there.
    const Poly height(schedule.chunkRows);
    const int64_t parts = kernel.parts();
    OpBuilder::InsertionGuard guard(kernel.b);
    // Scratch belongs to the function; stages are inside its phases.
    Operation *parent = kernel.b.getInsertionBlock()->getParentOp();
    auto function = isa<func::FuncOp>(parent)
                        ? cast<func::FuncOp>(parent)
                        : parent->getParentOfType<func::FuncOp>();
    kernel.b.setInsertionPointToStart(&function.front());
    auto make = [&](int64_t patterns, int64_t channels, int64_t columns) {
      return kernel.scratch(kernel.index(parts * patterns * transform.slots),
                            height, channels, columns);
    };
    const auto numSources = sources.size();
    const auto numTargets = nest.ends.targets.size();
    spread =
        make(numSources, kernel.spec.cIn, kernel.wholeVectors(kernel.spec.cIn));
    mixed = make(numTargets, kernel.spec.cOut, tiling.columns());
    spreadFirst =
        kernel.mul(kernel.part(), kernel.index(numSources * transform.slots));
    mixedFirst =
        kernel.mul(kernel.part(), kernel.index(numTargets * transform.slots));
  }

  /// Visits the rows of a chunk and threads `array`: body(row, letters).
  /// Returns the letters past the last.
  Values forRows(KernelArray &array, const Chunk &chunk,
                 function_ref<void(Value, ArrayRef<Value>)> body) {
    Values carried = chunk.letter;
    carried.push_back(array.tensor);
    carried = kernel.accumulate(kernel.index(0), chunk.rows, std::move(carried),
                                [&](Value row, Values letter) {
                                  array.tensor = letter.pop_back_val();
                                  body(row, letter);
                                  Values next =
                                      rows.nextLetters(chunk.strip, letter);
                                  next.push_back(array.tensor);
                                  return next;
                                });
    array.tensor = carried.pop_back_val();
    return carried;
  }

  /// offset + sum over b of letter[permutation[b]] * stride b.
  Value rowAt(Value offset, ArrayRef<Value> letter,
              const std::vector<int> &permutation,
              function_ref<Value(int)> strideOf) {
    Value row = offset;
    for (int b = 0; b < order; ++b)
      row = kernel.add(row, kernel.mul(letter[permutation[b]], strideOf(b)));
    return row;
  }

  /// sum over i of factor(i) * values[i].
  Value combine(const Values &values, function_ref<double(size_t)> factor) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    auto contract = arith::FastMathFlagsAttr::get(
        b.getContext(), arith::FastMathFlags::contract);
    Value sum;
    // Factors of one first, so that the sum starts without a product.
    for (bool plain : {true, false})
      for (size_t i = 0; i < values.size(); ++i) {
        const double f = factor(i);
        if (f == 0 || plain != (f == 1 || f == -1))
          continue;
        if (plain && sum && f > 0) {
          sum = arith::AddFOp::create(b, loc, sum, values[i]);
        } else if (plain && sum) {
          sum = arith::SubFOp::create(b, loc, sum, values[i]);
        } else if (plain && f > 0) {
          sum = values[i];
        } else {
          auto type = cast<VectorType>(values[i].getType());
          Value scale = arith::ConstantOp::create(
              b, loc,
              DenseElementsAttr::get(
                  type, Attribute(b.getFloatAttr(kernel.element, f))));
          Value product =
              arith::MulFOp::create(b, loc, values[i], scale, contract);
          sum = sum ? arith::AddFOp::create(b, loc, sum, product, contract)
                          .getResult()
                    : product;
        }
      }
    return sum;
  }

  void emitStrip(Value sample, const StrandRows::Strip &strip) {
    Value count = rows.numRows(strip);
    Value before = rows.rowsBefore(strip);
    Value chunks =
        kernel.div(kernel.add(count, kernel.index(schedule.chunkRows - 1)),
                   schedule.chunkRows);
    KernelArray *threaded[] = {&target, &spread, &mixed};
    Values carried = rows.firstLetters(strip);
    for (KernelArray *array : threaded)
      carried.push_back(array->tensor);
    auto take = [&](Values &values) {
      for (KernelArray *array : llvm::reverse(threaded))
        array->tensor = values.pop_back_val();
    };
    carried = kernel.accumulate(
        kernel.index(0), chunks, std::move(carried),
        [&](Value number, Values letter) {
          take(letter);
          Value done = kernel.mul(number, kernel.index(schedule.chunkRows));
          Chunk chunk{sample, strip, std::move(letter),
                      kernel.add(before, done),
                      kernel.min(kernel.index(schedule.chunkRows),
                                 kernel.sub(count, done))};
          emitSpread(chunk);
          emitMixed(chunk);
          Values next = emitTargets(chunk);
          for (KernelArray *array : threaded)
            next.push_back(array->tensor);
          return next;
        });
    take(carried);
  }

  void emitSpread(const Chunk &chunk) {
    kernel.forRange(spread, kernel.index(sources.size()), [&](Value source) {
      forRows(spread, chunk, [&](Value row, ArrayRef<Value> letter) {
        if (schedule.prefetchOutput)
          prefetchTargets(chunk, letter);
        kernel.forColumnChunks(spread, kernel.spec.cIn,
                               schedule.transformVectors,
                               [&](Value column, int64_t width, int64_t valid) {
                                 spreadRow(chunk.sample, source, row, letter,
                                           {column, width, valid});
                               });
      });
    });
  }

  struct Columns {
    Value first;
    int64_t width, valid;
  };

  void spreadRow(Value sample, Value source, Value row, ArrayRef<Value> letter,
                 const Columns &columns) {
    // All sources of a stage may not lie in the same array.
    auto read = [&](PlanArray from) {
      const KernelArray &array = arrays[from];
      Values entries;
      for (const std::vector<int> &permutation : transform.permutations)
        entries.push_back(kernel.readRow(
            array.tensor,
            {kernel.sampleOf(arrays[from], sample),
             rowAt(sources.get(kernel, source, StrandNest::kOffset), letter,
                   permutation,
                   [&](int b) {
                     return sources.get(kernel, source,
                                        StrandNest::kStrides + b);
                   })},
            columns.first, columns.width,
            array.present(columns.width, columns.valid)));
      return entries;
    };
    auto write = [&](const Values &entries) {
      for (int s = 0; s < transform.slots; ++s)
        spread.tensor = kernel.writeRow(
            combine(entries, [&](size_t p) { return transform.matrix[s][p]; }),
            spread.tensor, {slotOf(spreadFirst, source, kernel.index(s)), row},
            columns.first, columns.width);
    };
    if (nest.inputSources == 0 || nest.inputSources == sources.size())
      return write(
          read(nest.inputSources > 0 ? PlanArray::Input : PlanArray::Stored));
    Value fromInput =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::slt,
                              source, kernel.index(nest.inputSources));
    kernel.ifElse(
        spread, fromInput, [&] { write(read(PlanArray::Input)); },
        [&] { write(read(PlanArray::Stored)); });
  }

  Value slotOf(Value first, Value pattern, Value slot) {
    return kernel.add(
        first,
        kernel.add(kernel.mul(pattern, kernel.index(transform.slots)), slot));
  }

  /// Fetches the rows of y that a row is written to: stores along a column of
  /// y would wait for lines that no stream announces.
  void prefetchTargets(const Chunk &chunk, ArrayRef<Value> letter) {
    for (const std::vector<int> &permutation : transform.permutations) {
      Value row = targetRow(kernel.index(0), letter, permutation);
      for (int64_t column = 0; column < target.channels;
           column += kLineBytes / kernel.spec.elementSize())
        eqc::prefetch(
            kernel, kArgY,
            {kernel.sampleOf(target, chunk.sample), row, kernel.index(column)});
    }
  }

  Value targetRow(Value t, ArrayRef<Value> letter,
                  const std::vector<int> &permutation) {
    return rowAt(tables.targets.get(kernel, t, MixNest::kOffset), letter,
                 permutation, [&](int b) { return tables.targetStride(b); });
  }

  /// Fetches what the next sample of x has in the place of some rows, a little
  /// with every tile: the sums over it would wait for memory. `before` is how
  /// many rows the chunks before have.
  void prefetchNext(Value sample, Value before, Value row, int64_t height) {
    const KernelArray &x = arrays[PlanArray::Input];
    Value next = kernel.add(kernel.sampleOf(arrays[PlanArray::Input], sample),
                            kernel.index(1));
    Value start =
        kernel.mul(kernel.add(before, row), kernel.index(transform.slots));
    for (int64_t r = 0; r < height * transform.slots; ++r)
      for (int64_t column = 0; column < x.channels;
           column += kLineBytes / kernel.spec.elementSize())
        eqc::prefetch(
            kernel, kArgX,
            {next, kernel.add(start, kernel.index(r)), kernel.index(column)});
  }

  void inFirstBlock(Value block, Value irrepRow, Value tile,
                    function_ref<void()> body) {
    Value first = arith::CmpIOp::create(
        kernel.b, kernel.loc, arith::CmpIPredicate::eq,
        kernel.add(block, kernel.add(irrepRow, tile)), kernel.index(0));
    kernel.ifElse(mixed, first, body, [] {});
  }

  void emitMixed(const Chunk &chunk) {
    kernel.forRange(mixed, kernel.index(blocks.size()), [&](Value block) {
      Value dimension = blocks.get(kernel, block, StrandNest::kDimension);
      kernel.forRange(mixed, dimension, [&](Value irrepRow) {
        auto mixColumns = [&](const ColumnTile &column) {
          const int64_t height =
              schedule.rowsOf(column.width / kernel.lanes, column.dots);
          kernel.forRange(
              mixed, kernel.index(0), chunk.rows, height, [&](Value row) {
                if (schedule.prefetchInput)
                  inFirstBlock(block, irrepRow, column.index, [&] {
                    prefetchNext(chunk.sample, chunk.before, row, height);
                  });
                mixTile(block, dimension, irrepRow, column, row, height);
              });
        };
        forColumnTiles(kernel, &mixed, tiling, kernel.spec.cOut,
                       /*padded=*/true, mixColumns);
      });
    });
  }

  void mixTile(Value block, Value dimension, Value irrepRow,
               const ColumnTile &column, Value row, int64_t height) {
    Value firstSlot =
        kernel.add(blocks.get(kernel, block, StrandNest::kFirstSlot),
                   kernel.mul(irrepRow, dimension));
    TileSums tile(kernel, column);
    // A source is a term of an irrep's dimension times c_in products.
    Values sums = emitMixedTerms(
        kernel, kernel.index(0), kernel.index(sources.size()), sources.size(),
        tile.begin(kernel.zeroVector(
            VectorType::get({height, column.width}, kernel.element))),
        [&](Value source, Values outer) {
          Value term =
              kernel.add(blocks.get(kernel, block, StrandNest::kFirstTerm),
                         kernel.mul(source, dimension));
          return kernel.accumulate(
              kernel.index(0), dimension, std::move(outer),
              [&](Value c, Values partial) {
                Value from =
                    slotOf(spreadFirst, source, kernel.add(firstSlot, c));
                return tile.add(std::move(partial), kernel.spec.cIn,
                                {spread.tensor, {from, row}, Value()},
                                {kernel.add(term, c), column.index});
              });
        });
    Value slot = slotOf(
        mixedFirst, blocks.get(kernel, block, StrandNest::kTarget),
        kernel.add(firstSlot, blocks.get(kernel, block, StrandNest::kColumn)));
    writeTile(kernel, tile.end(sums), mixed, {slot, row}, column.column,
              column.width);
  }

  /// Returns the letters past the chunk.
  Values emitTargets(const Chunk &chunk) {
    Values next;
    auto write = [&](Value t) {
      next = forRows(target, chunk, [&](Value row, ArrayRef<Value> letter) {
        kernel.forColumnChunks(
            target, target.channels, schedule.transformVectors,
            [&](Value column, int64_t width, int64_t valid) {
              writeRows(chunk.sample, t, row, letter, {column, width, valid});
            });
      });
    };
    // The last target is outside the loop, since its letters are needed.
    const auto last = nest.ends.targets.size() - 1;
    kernel.forRange(target, kernel.index(last), write);
    write(kernel.index(last));
    return next;
  }

  void writeRows(Value sample, Value t, Value row, ArrayRef<Value> letter,
                 const Columns &columns) {
    Values slots, entries;
    for (int s = 0; s < transform.slots; ++s)
      slots.push_back(kernel.readRow(
          mixed.tensor, {slotOf(mixedFirst, t, kernel.index(s)), row},
          columns.first, columns.width, columns.width));
    for (size_t p = 0; p < transform.permutations.size(); ++p)
      entries.push_back(
          combine(slots, [&](size_t s) { return transform.matrix[s][p]; }));
    entries = addInits(sample, t, letter, columns, std::move(entries));
    for (size_t p = 0; p < transform.permutations.size(); ++p)
      target.tensor = kernel.writeRow(
          entries[p], target.tensor,
          {kernel.sampleOf(target, sample),
           targetRow(t, letter, transform.permutations[p])},
          columns.first, target.present(columns.width, columns.valid));
  }

  Values addInits(Value sample, Value t, ArrayRef<Value> letter,
                  const Columns &columns, Values entries) {
    auto add = [&](Value &entry, Value value) {
      entry = arith::AddFOp::create(kernel.b, kernel.loc, entry, value);
    };
    return tables.addInits(
        t, std::move(entries),
        [&](Value offset, MixTables::StrideOf strideOf, Values partial) {
          for (size_t p = 0; p < transform.permutations.size(); ++p) {
            Value at =
                rowAt(offset, letter, transform.permutations[p], strideOf);
            add(partial[p],
                kernel.readRow(arrays[PlanArray::Nodes].tensor, {sample, at},
                               columns.first, columns.width, columns.width));
          }
          return partial;
        },
        [&](Value row, Values partial) {
          // A bias row ends within a vector, like one of y.
          Value bias = kernel.readRow(arrays[PlanArray::Bias].tensor,
                                      {kernel.index(0), row}, columns.first,
                                      columns.width, columns.valid);
          for (Value &entry : partial)
            add(entry, bias);
          return partial;
        });
  }

  KernelBuilder &kernel;
  PlanArrays &arrays;
  const StrandNest &nest;
  const StrandSchedule &schedule;
  const StrandTransform &transform;
  int order;
  MixTables tables;           ///< of the targets
  IndexTable sources, blocks; ///< as in StrandNest
  KernelArray &target;
  KernelArray spread, mixed;
  ColumnTiling tiling;
  StrandRows rows;
  Value spreadFirst, mixedFirst; ///< first slot of this part
};

} // namespace

void eqc::emitStrands(KernelBuilder &kernel, PlanArrays &arrays,
                      const StrandNest &nest, const StrandSchedule &schedule) {
  StrandEmitter(kernel, arrays, nest, schedule).emit();
}
