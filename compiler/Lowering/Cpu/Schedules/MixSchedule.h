//===- MixSchedule.h - How a CPU mixes channels -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_MIXSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_MIXSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/MixNest.h"
#include "compiler/Machine/Tiling.h"

#include <string>

namespace eqc {

/// The output channels of a mix in tiles.
ColumnTiling columnTiling(const LayerSpec &spec, const Machine &machine);

/// The most rows of a tile of dots: as many sums as hide their latency. More
/// would be more code, not less time.
int64_t mostRowsOfDots(const Machine &machine, int64_t dots);

/// The rows of a register tile. They run along the last axis and, where that is
/// short, along several samples of the block as well.
struct TileRows {
  int64_t samples = 1;
  int64_t along = 1; ///< the last axis
};

/// The rows of tiles of one width.
struct MixRows {
  TileRows rows;
  /// Where the last axis is only known at run time and shorter than this, tiles
  /// have `shortRows`; 0: it is known.
  int64_t minAlong = 0;
  TileRows shortRows;
};

/// A mix as register tiles: rows by columns whose sums stay in registers over
/// all terms.
struct MixSchedule {
  ColumnTiling columns;
  MixRows whole; ///< of tiles of columns.vectors vectors
  MixRows last;  ///< of columns.lastVectors
  MixRows dots;  ///< of columns.dots
  const MixRows &rowsOf(int64_t vectors, bool ofDots) const {
    return ofDots ? dots : vectors == columns.vectors ? whole : last;
  }
  /// What is fetched beside the arithmetic: x for the next block, y for a later
  /// stage.
  bool prefetchInput = false, prefetchOutput = false;
  /// Whether the few tiles along the last axis are straight-line code: where
  /// nothing is multiplied, stores are all there is, and beyond the L1 cache
  /// they take 8 % less time so.
  bool unrollLines = false;
};

/// `multiplyAdds` are those of the mix, per sample and pair of channels; what
/// is `wanted` of prefetches happens if the arithmetic takes long enough to
/// hide it.
struct WantedPrefetches {
  bool input = false, output = false;
};
MixSchedule scheduleMix(const LayerSpec &spec, const Machine &machine,
                        const MixNest &nest, const Poly &multiplyAdds,
                        WantedPrefetches wanted = {});

/// "tiles of 6 rows by 2 vectors".
std::string describe(const MixSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_MIXSCHEDULE_H
