//===- Lanes.h - Samples in the lanes of vectors ----------------*- C++ -*-===//
//
// The parts of a kernel whose vectors hold one element of as many samples as
// they have lanes; see EmitLanes.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_LANES_H
#define EQC_CONVERSION_LANES_H

#include "compiler/Conversion/EqcToLoops/MixTables.h"

namespace eqc {

/// One mix of a group of samples: target[co, j..] = inits + sum over terms, ci
/// of view[ci, j..] * weight[term, ci, co], for all lanes at once.
class LaneMix {
public:
  LaneMix(KernelBuilder &kernel, const MixStage &stage, int64_t firstTerm);

  /// All targets.
  void emit();
  /// The first target where its first axis is at `line`; the rows of the target
  /// array begin at row `firstRow` of the whole.
  void emitLine(mlir::Value line, mlir::Value firstRow);

private:
  using Values = KernelBuilder::Values;

  /// The target at `prefix` and all values of the axes after that.
  void emitAfter(mlir::Value t, llvm::ArrayRef<mlir::Value> prefix,
                 mlir::Value firstRow);
  int64_t tileRows(mlir::Value extent) const;
  void emitTile(mlir::Value t, llvm::ArrayRef<mlir::Value> index, int64_t rows,
                mlir::Value firstRow);
  Values addInits(mlir::Value t, llvm::ArrayRef<mlir::Value> index,
                  int64_t rows, Values sums);
  Values addTerms(const KernelTable &terms, PlanArray array, mlir::Value t,
                  int64_t rangeField, llvm::ArrayRef<mlir::Value> index,
                  int64_t rows, Values sums);
  mlir::Value readLanes(PlanArray array, mlir::Value channel, mlir::Value row);
  mlir::Value broadcast(mlir::Value scalar);

  KernelBuilder &kernel;
  const MixStage &stage;
  MixTables tables;
  KernelArray &target;
  int64_t cOut;
};

/// A scratch array of outer x inner vectors of one element of all samples.
KernelArray makeLaneArray(KernelBuilder &kernel, int64_t outer, int64_t inner);

/// Moves a group of samples between an argument, samples of `channels` x rows
/// elements in either order, and arrays with the samples in their lanes.
/// Square tiles of elements that follow each other in a sample are transposed.
class LaneTranspose {
public:
  LaneTranspose(KernelBuilder &kernel, mlir::Value firstSample,
                int64_t channels, int64_t rows);

  /// An array of `rows` rows that are written to samples: its vectors follow
  /// each other as the elements of a sample do.
  KernelArray makeElements(int64_t rows) const;

  /// Reads rows first .. first+count-1 of the samples, [batch, elements], into
  /// an array with a plane per channel.
  void load(mlir::Value samples, mlir::Value first, int64_t count,
            KernelArray &planes);
  /// Writes the first `count` rows of `elements` to the samples of `argument`,
  /// from row `first` on. What is written next is fetched meanwhile if
  /// `samples`, the argument in memory, isn't null: stores would wait for it.
  void store(const KernelArray &elements, mlir::Value first, int64_t count,
             KernelArray &argument, mlir::Value samples);

private:
  /// Calls body(plane, row, tile, valid) for the tiles of rows 0 .. count-1:
  /// tile number `tile` of those that begin at row `row`, of which `valid`
  /// elements mean something.
  void
  forTiles(int64_t count, KernelArray &threaded,
           llvm::function_ref<void(mlir::Value, mlir::Value, int64_t, int64_t)>
               body);
  mlir::Value elementOf(mlir::Value plane, mlir::Value row, int64_t tile) const;
  mlir::VectorType tileType() const;

  KernelBuilder &kernel;
  mlir::Value firstSample;
  int64_t rows;
  int64_t planes;      ///< of a sample
  int64_t interleaved; ///< channels in each
};

} // namespace eqc

#endif // EQC_CONVERSION_LANES_H
