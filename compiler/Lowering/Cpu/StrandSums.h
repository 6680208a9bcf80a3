//===- StrandSums.h - Weights' gradients over strands -----------*- C++ -*-===//
//
// The letters m_1 <= .. <= m_t of a sample are rows, taken in strips of m_1 and
// within a strip in chunks of rows that stay in the first-level cache. Of a
// chunk both sides are spread, while the sums of every packed weight are taken
// over the one before.
//
// Parts share the strips of large samples, in groups that have sums of their
// own until these are added up, in order and whoever took them. Of small
// samples they share the sums.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_STRANDSUMS_H
#define EQC_LOWERING_CPU_STRANDSUMS_H

#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/Cpu/StrandRows.h"
#include "compiler/Lowering/Cpu/StrandSpread.h"
#include "compiler/Lowering/Cpu/SumTiles.h"

namespace eqc {

/// sums[packed weight, ci, co] += x[slot, row, ci] * grad_y[slot, row, co] over
/// the rows of one propagating order.
class StrandSums {
public:
  /// `x` and `gradY` are what is read of either side.
  StrandSums(KernelBuilder &kernel, const GradientStage &stage,
             const GradientStageSchedule &schedule, const SumTiling &tiling,
             PlanArrays &x, PlanArrays &gradY, SumPlanes &planes);

  /// The sums of groups: in scratch from add() to addGroups().
  KernelArray groupSums;
  bool hasGroups() const { return schedule.groups > 1; }

  void add();
  /// A phase of its own. Where all phases are done at once add() does it.
  void addGroups();

private:
  /// Where rows are spread.
  struct Spreading {
    mlir::Value sample;
    StrandRows::Strip strip;
    Values letter, toFetch; ///< of the next row, and of those fetched with it
    mlir::Value before;     ///< rows of the strips before
    mlir::Value row, end;   ///< how many of the strip are done, and will be
                            ///< with this chunk

    llvm::SmallVector<mlir::Value *> values();
  };
  /// Whose sums are taken: all rows of a range of items.
  struct Target {
    SumPlanes &planes;
    SumTiles tiles;
    mlir::Value firstItem, endItem;
    int64_t firstRow; ///< of the matrix of all sums that it begins with
  };

  mlir::Value numGroups();
  void addSamples(Target &target, mlir::Value firstStrip, mlir::Value endStrip,
                  bool inGroup);
  void addStrip(Target &target, mlir::Value sample,
                const StrandRows::Strip &strip, mlir::Value &chunks);
  void addItems(Target &target, Spreading &spreading, mlir::Value endItem,
                mlir::Value first, mlir::Value count);
  void addItem(Target &target, mlir::Value item, mlir::Value first,
               mlir::Value count);
  void advance(Spreading &spreading, mlir::Value end);
  void endBlocks(Target &target);
  void inGroups();
  void addGroup(mlir::Value place, mlir::Value firstRow, mlir::Value endRow);
  Target makeTarget(SumPlanes &sums, mlir::Value firstItem, mlir::Value endItem,
                    int64_t firstRow);
  mlir::Value field(mlir::Value item, StrandSumsNest::ItemField name);
  mlir::Value scratchRow(mlir::Value row);
  llvm::SmallVector<mlir::Value *> arrays(Target &target);
  mlir::Value numItems();

  KernelBuilder &kernel;
  const StrandSumsNest nest;
  const GradientStageSchedule &schedule;
  const int64_t height; ///< of a chunk
  const SumTiling &tiling;
  SumPlanes &planes;
  const int64_t sumsRow, numRows; ///< of the stage, in the matrix of all sums
  IndexTable items;               ///< as in StrandSumsNest
  StrandSpread x, gradY;
  StrandRows rows;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_STRANDSUMS_H
