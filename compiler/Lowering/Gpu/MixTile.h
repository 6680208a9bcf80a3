//===- MixTile.h - What a thread of a mix has in registers ------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_MIXTILE_H
#define EQC_LOWERING_GPU_MIXTILE_H

#include "compiler/Lowering/Gpu/WeightColumns.h"

namespace eqc::device {

/// Sums of some rows of a target by some columns. Neighbouring threads have
/// neighbouring vectors of columns, and every `count`-th is the same thread's,
/// so that what a warp accesses at once is contiguous.
struct MixTile {
  int64_t rows = 1;
  int64_t vectors = 1; ///< of columns
  int64_t count = 1;   ///< tiles side by side that have all columns
  /// How sums of blocks are added: they are one, in shared memory, or in
  /// registers, perhaps with what their additions round away.
  enum Totals : uint8_t { None, Shared, Registers, WithRest } totals = None;
};

/// What a tile depends on.
struct MixShape {
  int64_t elementBytes = 4;
  int64_t depth = 1;    ///< input channels that are loaded at once
  int64_t width = 1;    ///< columns of a load
  int64_t columns = 1;  ///< of the target
  int64_t stored = 1;   ///< columns of a store
  int64_t products = 1; ///< of a sum, at most
  /// Of a kernel that has all stages, which writes y once and stores no parts
  /// of sectors.
  bool isPhase = false;

  /// Whether the columns of a load are not next to each other.
  bool areDealt() const { return stored < width; }
};

MixTile mixTileOf(const MixShape &shape);

/// Of a mix with such weights, whose sums have so many products of rows of
/// which `depth` elements are loaded at once.
inline MixShape mixShapeOf(int64_t elementBytes, int64_t depth,
                           const WeightColumns &weights, int64_t products,
                           bool isPhase) {
  return {elementBytes,
          depth,
          weights.width,
          weights.length,
          weights.areDealt() ? 1 : weights.width,
          products,
          isPhase};
}

/// How the columns of a mix in Fourier space are divided.
MixTile strandTileOf(int64_t elementBytes, const WeightColumns &weights);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_MIXTILE_H
