//===- StrandSteps.h - The steps of a mix in Fourier space ------*- C++ -*-===//
//
// A row of letters is spread, tiles of rows are mixed, and a row of what is
// mixed is written. In which order that happens is the emitter's business; see
// EmitStrands.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_STRANDSTEPS_H
#define EQC_LOWERING_CPU_STRANDSTEPS_H

#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/MixTables.h"
#include "compiler/Lowering/Cpu/Schedules/StrandSchedule.h"
#include "compiler/Lowering/Cpu/StrandSpread.h"
#include "compiler/Lowering/Cpu/Tile.h"

namespace eqc {

class StrandSteps {
public:
  /// Makes scratch for `rows` rows in work at a time.
  StrandSteps(KernelBuilder &kernel, PlanArrays &arrays, const StrandNest &nest,
              const StrandSchedule &schedule, int64_t rows);

  KernelArray &target;

  int64_t numTargets() const { return nest.ends.targets.size(); }
  int64_t numSources() const { return spreading.numSources(); }

  /// spread[source, every slot, row] from x or what is stored.
  void spreadRow(mlir::Value sample, mlir::Value source, mlir::Value row,
                 llvm::ArrayRef<mlir::Value> letter) {
    spreading.spreadRow(sample, source, row, letter);
  }
  /// The rows of target `t`, with the letters in any order, from mixed[t, every
  /// slot, row].
  void writeRow(mlir::Value sample, mlir::Value t, mlir::Value row,
                llvm::ArrayRef<mlir::Value> letter);

  /// A column of an irrep of a target, in a tile of columns.
  struct Mix {
    mlir::Value block;     ///< of StrandNest
    mlir::Value dimension; ///< of the irrep
    mlir::Value irrepRow;
    ColumnTile column;
  };
  /// Calls body(mix) for all that are mixed, inside loops that carry `carried`:
  /// none of them where `count`, the number of blocks, is zero.
  void forMixes(mlir::Value count, llvm::ArrayRef<mlir::Value *> carried,
                llvm::function_ref<void(const Mix &)> body);
  mlir::Value numBlocks() { return kernel.index(blocks.size()); }
  /// How many rows a tile of a mix has.
  int64_t rowsOf(const Mix &mix) const {
    return schedule.rowsOf(mix.column.width / kernel.lanes, mix.column.dots);
  }
  /// mixed[.., row] of a tile of rows from spread, with `between` after every
  /// schedule.groupChannels channels if that is given, which may change spread
  /// in other rows.
  void mixTile(const Mix &mix, mlir::Value row,
               llvm::function_ref<void()> between = nullptr);
  /// Runs for the first of all mixes only; the body writes no array.
  void inFirstMix(const Mix &mix, llvm::function_ref<void()> body);

  /// Fetches the rows of y that a row is written to: stores along a column of
  /// y would wait for lines that no stream announces.
  void prefetchTargets(mlir::Value sample, llvm::ArrayRef<mlir::Value> letter);
  /// Fetches the rows of x that a row is spread from, to where they are read
  /// from soon.
  void prefetchSources(mlir::Value sample, llvm::ArrayRef<mlir::Value> letter) {
    spreading.prefetch(sample, letter);
  }
  /// Fetches what the next sample of x has in the place of `count` rows from
  /// `row` on, as far as the second-level cache holds both: the sums over it
  /// would wait for memory.
  void prefetchNext(mlir::Value sample, mlir::Value row, int64_t count) {
    spreading.prefetchNext(sample, row, count, StrandSchedule::kBytesOfTwo);
  }

private:
  struct Columns {
    mlir::Value first;
    int64_t width, valid;
  };

  mlir::Value targetRow(mlir::Value t, llvm::ArrayRef<mlir::Value> letter,
                        const std::vector<int> &permutation);
  mlir::Value mixedSlot(mlir::Value target, mlir::Value slot);
  void writeColumns(mlir::Value sample, mlir::Value t, mlir::Value row,
                    llvm::ArrayRef<mlir::Value> letter, const Columns &columns);
  Values addInits(mlir::Value sample, mlir::Value t,
                  llvm::ArrayRef<mlir::Value> letter, const Columns &columns,
                  Values entries);
  Values addDiagonals(mlir::Value sample, llvm::ArrayRef<mlir::Value> letter,
                      const Columns &columns, Values entries);

  KernelBuilder &kernel;
  PlanArrays &arrays;
  const StrandNest &nest;
  const StrandSchedule &schedule;
  const StrandTransform &transform;
  MixTables tables;             ///< of the targets
  IndexTable blocks, diagonals; ///< as in StrandNest
  StrandSpread spreading;
  mlir::Value mixedFirst; ///< slot of this part

public:
  KernelArray &spread, mixed; ///< their samples are slots
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_STRANDSTEPS_H
