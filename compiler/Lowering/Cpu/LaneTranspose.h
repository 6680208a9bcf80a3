//===- LaneTranspose.h - Between samples and lanes --------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_LANETRANSPOSE_H
#define EQC_LOWERING_CPU_LANETRANSPOSE_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// An argument with the elements of each sample in one dimension.
mlir::Value flattenSamples(KernelBuilder &kernel, mlir::Value argument);

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

#endif // EQC_LOWERING_CPU_LANETRANSPOSE_H
