//===- Tiling.h - Register tiles of a matrix product ------------*- C++ -*-===//
//
// How the rows and columns of products are cut into tiles that stay in the
// registers of a machine. The cost model, the emitters and what a caller must
// know of a kernel follow from the same tiles.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_MACHINE_TILING_H
#define EQC_MACHINE_TILING_H

#include "compiler/Machine/Machine.h"

#include <cstdint>
#include <vector>

namespace eqc {

/// How many vectors wide the column tiles for `channels` channels are: wide
/// enough to reuse each broadcast operand.
int64_t columnVectors(const Machine &machine, int64_t lanes, int64_t channels);

/// Columns in tiles of `width`, of `vectors` vectors; what is left of them in a
/// tile of fewer vectors, and in one of dots. Kernels are emitted for it and
/// the room for packed weights, `width` columns for every tile, follows from
/// it.
struct ColumnTiling {
  int64_t vectors, width;
  int64_t tiles; ///< of all kinds
  int64_t lastVectors =
      0; ///< of the tile after the whole ones; 0: there is none
  /// Of the last tile: columns beyond whole vectors, so few that each is
  /// computed as products of vectors along c_in. Its weights stand column after
  /// column, each in whole vectors.
  int64_t dots = 0;

  int64_t lanes() const { return width / vectors; }
  int64_t whole() const { return tiles - (lastVectors > 0) - (dots > 0); }
  /// Whether there is a last tile, as wide as the whole ones.
  bool lastIsAsWide() const { return lastVectors == vectors && dots == 0; }
  /// Columns from the first to the last, whole vectors.
  int64_t columns() const {
    return whole() * width + (lastVectors + (dots > 0)) * lanes();
  }
};
/// The tiling of `columns` columns without dots.
ColumnTiling columnTiling(const Machine &machine, int64_t elementBytes,
                          int64_t columns);
/// The tiling of the output channels of a mix.
ColumnTiling mixTiling(const Machine &machine, int64_t elementBytes,
                       int64_t inputChannels, int64_t outputChannels);
/// The tiling of a dense plan's matrix of `columns` columns. A long matrix of
/// a few columns is not padded to a whole vector.
ColumnTiling matrixTiling(const Machine &machine, int64_t elementBytes,
                          int64_t columns);

/// The most rows whose accumulators, `vectors` vectors each, stay in registers
/// beside the operands.
int64_t maxTileRows(const Machine &machine, int64_t vectors);

/// The rows of a tile along an axis of `extent` entries that cover it in the
/// least time; if they do not divide it, the last tile overlaps. `aliasing`
/// says that rows share a set of the first-level cache somewhere: no more than
/// it has ways fit.
int64_t tileRows(const Machine &machine, int64_t vectors, int64_t extent,
                 bool aliasing = false);
/// The same for several stretches that are covered one by one.
int64_t tileRows(const Machine &machine, int64_t vectors,
                 const std::vector<int64_t> &extents, bool aliasing = false);

/// The rows of a tile that runs along samples: a power of two up to eight.
int64_t sampleTileRows(const Machine &machine, int64_t vectors);

/// The sums of a gradient of weights in tiles: those of one diagram are
/// `tiles` tiles of `rows` input channels each, by the columns of the output
/// channels. The last tile starts where it ends with the last channel, so it
/// may repeat channels of the tile before.
struct SumTiling {
  int64_t rows, tiles;
  ColumnTiling columns;
  int64_t rowsOfDiagram() const { return rows * tiles; }
  /// The row, of those of a diagram, of one of `inputChannels` channels.
  int64_t rowOf(int64_t channel, int64_t inputChannels) const {
    return channel < rows * (tiles - 1)
               ? channel
               : channel + rowsOfDiagram() - inputChannels;
  }
};
SumTiling sumTiling(const Machine &machine, int64_t elementBytes,
                    int64_t inputChannels, int64_t outputChannels);

/// The matrix of all sums as a kernel lays it out: `diagramRows` rows for each
/// of `terms` diagrams, or packed weights, one per input channel, then a row
/// for each bias. Channels from `shiftedFrom` on, those of the last tile, stand
/// at the end.
struct SumMatrix {
  int64_t rows = 0, columns = 0, diagramRows = 0, shiftedFrom = 0, terms = 0;
  /// Matrices of this shape that follow each other: EQC_SUM_PLANES of the
  /// runtime.
  static constexpr int64_t kPlanes = 3;
};
SumMatrix sumMatrix(const SumTiling &tiling, int64_t terms, int64_t biases);

} // namespace eqc

#endif // EQC_MACHINE_TILING_H
