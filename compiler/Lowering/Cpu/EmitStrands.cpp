//===- EmitStrands.cpp - Mixes in the irreps of the strands' group --------===//
//
// The letters m_1 <= .. <= m_t of a sample are rows, taken in strips of m_1 and
// within a strip in chunks of rows that stay in the first-level cache:
//
//   spread[source, slot, row] = sum over permutations of matrix * view
//   mixed[target, slot, row]  = sum of spread * packed weights, per irrep
//   target[m in any order]    = inits + sum over slots of matrix^T * mixed
//
// Either chunk after chunk, or as a pipeline: while a chunk is mixed, rows of
// the next one are spread and of the one before written.
//
// Letters that are equal need no care: their entries are computed, and written,
// more than once.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitStrands.h"
#include "compiler/Lowering/Cpu/StrandRows.h"
#include "compiler/Lowering/Cpu/StrandSteps.h"
#include "compiler/Lowering/Nests/StrandNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace mlir;

namespace {

class StrandEmitter {
public:
  StrandEmitter(KernelBuilder &kernel, PlanArrays &arrays,
                const StrandNest &nest, const StrandSchedule &schedule)
      : kernel(kernel), schedule(schedule), height(schedule.chunkRows),
        // Tiles read, and mix, rows past the last one; nobody looks there. Of a
        // pipeline two chunks at a time are in scratch.
        steps(kernel, arrays, nest, schedule,
              (schedule.pipelined ? 2 : 1) * height),
        rows(kernel, nest.transform.order, nest.ends.axes.front().extent,
             schedule.stripLetters) {}

  void emit() {
    const std::pair<Value, Value> share = kernel.share(rows.numStrips());
    SmallVector<Value *> carried = arrays();
    kernel.forCarried(
        carried, kernel.index(0), kernel.count(), 1, [&](Value sample) {
          kernel.forCarried(carried, share.first, share.second, 1,
                            [&](Value number) {
                              StrandRows::Strip strip = rows.strip(number);
                              if (schedule.pipelined)
                                emitPipeline(sample, strip);
                              else
                                emitChunks(sample, strip);
                            });
        });
  }

private:
  SmallVector<Value *> arrays() {
    return {&steps.target.tensor, &steps.spread.tensor, &steps.mixed.tensor};
  }
  static void append(SmallVector<Value *> &carried, Values &values) {
    for (Value &value : values)
      carried.push_back(&value);
  }

  //===--------------------------------------------------------------------===//
  // Chunk after chunk
  //===--------------------------------------------------------------------===//

  void emitChunks(Value sample, const StrandRows::Strip &strip) {
    Value count = rows.numRows(strip);
    Value before = rows.rowsBefore(strip);
    Value chunks =
        kernel.div(kernel.add(count, kernel.index(height - 1)), height);
    Values letter = rows.firstLetters(strip);
    SmallVector<Value *> carried = arrays();
    append(carried, letter);
    kernel.forCarried(carried, kernel.index(0), chunks, 1, [&](Value number) {
      Value done = kernel.mul(number, kernel.index(height));
      emitChunk(sample, strip, letter, kernel.add(before, done),
                kernel.min(kernel.index(height), kernel.sub(count, done)));
    });
  }

  /// `count` rows from those of `letter` on, after `before` others of the
  /// sample. Leaves the letters past them.
  void emitChunk(Value sample, const StrandRows::Strip &strip, Values &letter,
                 Value before, Value count) {
    const Values first = letter;
    // The letters start again for every source, and for every target.
    auto forRows = [&](KernelArray &array, function_ref<void(Value)> body) {
      letter = first;
      SmallVector<Value *> carried{&array.tensor};
      append(carried, letter);
      kernel.forCarried(carried, kernel.index(0), count, 1, [&](Value row) {
        body(row);
        letter = rows.nextLetters(strip, letter);
      });
    };
    kernel.forRange(steps.spread, kernel.index(steps.numSources()),
                    [&](Value source) {
                      forRows(steps.spread, [&](Value row) {
                        if (schedule.prefetchOutput)
                          steps.prefetchTargets(sample, letter);
                        steps.spreadRow(sample, source, row, letter);
                      });
                    });
    steps.forMixes(
        steps.numBlocks(), &steps.mixed.tensor,
        [&](const StrandSteps::Mix &mix) {
          const int64_t tile = steps.rowsOf(mix);
          kernel.forRange(
              steps.mixed, kernel.index(0), count, tile, [&](Value row) {
                // A little with every tile.
                if (schedule.prefetchInput)
                  steps.inFirstMix(mix, [&] {
                    steps.prefetchNext(sample, kernel.add(before, row), tile);
                  });
                steps.mixTile(mix, row);
              });
        });
    auto write = [&](Value t) {
      forRows(steps.target,
              [&](Value row) { steps.writeRow(sample, t, row, letter); });
    };
    // The last target is outside the loop, since its letters are needed.
    kernel.forRange(steps.target, kernel.index(steps.numTargets() - 1), write);
    write(kernel.index(steps.numTargets() - 1));
  }

  //===--------------------------------------------------------------------===//
  // As a pipeline
  //===--------------------------------------------------------------------===//

  /// What is done beside the products of a chunk.
  struct Beside {
    Value sample;
    StrandRows::Strip strip;
    Value before;                      ///< rows of the strips before
    Values toSpread, toWrite, toFetch; ///< letters of the next row of each
    Value spreadRow, writeRow;         ///< how many rows are done
    Value spreadEnd, writeEnd;         ///< and will be with this chunk

    SmallVector<Value *> values() {
      SmallVector<Value *> all{&spreadRow, &writeRow};
      for (Values *letters : {&toSpread, &toWrite, &toFetch})
        append(all, *letters);
      return all;
    }
  };

  /// While chunk s - 1 is mixed, s is spread and s - 2 written. What loads and
  /// stores wait for is hidden by the products.
  void emitPipeline(Value sample, const StrandRows::Strip &strip) {
    Value zero = kernel.index(0), chunkRows = kernel.index(height);
    Value count = rows.numRows(strip);
    Value chunks =
        kernel.div(kernel.add(count, kernel.index(height - 1)), height);
    Beside beside;
    beside.sample = sample;
    beside.strip = strip;
    beside.before = rows.rowsBefore(strip);
    beside.spreadRow = beside.writeRow = zero;
    beside.toSpread = beside.toWrite = beside.toFetch =
        rows.firstLetters(strip);
    beside.toFetch = kernel.accumulateInLoop(
        zero, chunkRows, std::move(beside.toFetch),
        [&](Value, Values letter) { return rows.nextLetters(strip, letter); });
    SmallVector<Value *> carried = beside.values();
    carried.append(arrays());
    kernel.forCarried(
        carried, zero, kernel.add(chunks, kernel.index(2)), 1, [&](Value s) {
          Value first = kernel.mul(s, chunkRows);
          Value mixed = kernel.sub(first, chunkRows);
          beside.spreadEnd = kernel.min(count, kernel.add(first, chunkRows));
          beside.writeEnd = kernel.min(count, mixed);
          // Nothing is mixed with the first and the last s.
          Value mixes = arith::CmpIOp::create(
              kernel.b, kernel.loc, arith::CmpIPredicate::ult,
              kernel.sub(s, kernel.index(1)), chunks);
          Value blocks = arith::SelectOp::create(kernel.b, kernel.loc, mixes,
                                                 steps.numBlocks(), zero);
          emitMixes(beside, blocks, mixed, kernel.sub(count, mixed));
          advance(beside, beside.spreadEnd, beside.writeEnd);
        });
  }

  /// Mixes the chunk of the strip's row `first`, `count` or more rows.
  void emitMixes(Beside &beside, Value blocks, Value first, Value count) {
    SmallVector<Value *> carried = beside.values();
    carried.append(arrays());
    auto few = [&](Value done, Value end) {
      return kernel.min(end,
                        kernel.add(done, kernel.index(schedule.rowsBetween)));
    };
    auto between = [&] {
      advance(beside, few(beside.spreadRow, beside.spreadEnd),
              few(beside.writeRow, beside.writeEnd));
    };
    steps.forMixes(blocks, carried, [&](const StrandSteps::Mix &mix) {
      kernel.forCarried(
          carried, kernel.index(0), kernel.min(kernel.index(height), count),
          steps.rowsOf(mix), [&](Value row) {
            steps.mixTile(mix, kernel.add(scratchRow(first), row), between);
            between();
          });
    });
  }

  /// Where in scratch a row is of which a pipeline has two chunks.
  Value scratchRow(Value row) { return kernel.rem(row, 2 * height); }

  /// Spreads and writes rows up to these.
  void advance(Beside &beside, Value spreadEnd, Value writeEnd) {
    SmallVector<Value *> spreading{&steps.spread.tensor};
    append(spreading, beside.toSpread);
    append(spreading, beside.toFetch);
    kernel.forCarried(
        spreading, beside.spreadRow, spreadEnd, 1, [&](Value row) {
          if (schedule.prefetchOutput)
            steps.prefetchTargets(beside.sample, beside.toSpread);
          if (schedule.prefetchInput) {
            steps.prefetchSources(beside.sample, beside.toFetch);
            steps.prefetchNext(beside.sample, kernel.add(beside.before, row),
                               1);
          }
          kernel.forRange(steps.spread, kernel.index(steps.numSources()),
                          [&](Value source) {
                            steps.spreadRow(beside.sample, source,
                                            scratchRow(row), beside.toSpread);
                          });
          beside.toSpread = rows.nextLetters(beside.strip, beside.toSpread);
          beside.toFetch = rows.nextLetters(beside.strip, beside.toFetch);
        });
    beside.spreadRow = kernel.max(beside.spreadRow, spreadEnd);
    SmallVector<Value *> writing{&steps.target.tensor};
    append(writing, beside.toWrite);
    kernel.forCarried(writing, beside.writeRow, writeEnd, 1, [&](Value row) {
      kernel.forRange(
          steps.target, kernel.index(steps.numTargets()), [&](Value t) {
            steps.writeRow(beside.sample, t, scratchRow(row), beside.toWrite);
          });
      beside.toWrite = rows.nextLetters(beside.strip, beside.toWrite);
    });
    beside.writeRow = kernel.max(beside.writeRow, writeEnd);
  }

  KernelBuilder &kernel;
  const StrandSchedule &schedule;
  const int64_t height; ///< of a chunk
  StrandSteps steps;
  StrandRows rows;
};

} // namespace

void eqc::emitStrands(KernelBuilder &kernel, PlanArrays &arrays,
                      const StrandNest &nest, const StrandSchedule &schedule) {
  StrandEmitter(kernel, arrays, nest, schedule).emit();
}
