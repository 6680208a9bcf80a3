//===- StrandSchedule.h - How a CPU mixes in Fourier space ------*- C++ -*-===//
//
// The letters m_1 <= .. <= m_t of a sample are rows, taken in strips of m_1 and
// within a strip in chunks of rows that stay in the first-level cache. Where
// there are many chunks they are a pipeline: loads and stores beside products
// wait for memory without anyone waiting for them.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_STRANDSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_STRANDSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/StrandNest.h"
#include "compiler/Machine/Tiling.h"

#include <string>

namespace eqc {

/// The values of m_1 in a strip.
int64_t lettersOfStrip(const LayerSpec &spec, const Machine &machine);
/// Of channels that change basis at once: all permutations of a row and their
/// sums stay in registers.
inline int64_t transformVectorsOf(int order) { return order == 2 ? 2 : 1; }

struct StrandSchedule {
  ColumnTiling columns;
  int64_t stripLetters = 1; ///< values of m_1
  int64_t tileRows = 1;
  /// The same of tiles of columns.lastVectors vectors, and of dots.
  int64_t lastRows = 1, dotRows = 1;
  int64_t chunkRows = 1; ///< whole tiles of each kind
  int64_t rowsOf(int64_t vectors, bool ofDots) const {
    return ofDots ? dotRows : vectors == columns.vectors ? tileRows : lastRows;
  }
  /// Whether the next chunk is spread, and the one before written, while one is
  /// mixed: so many rows of each after so many channels of a tile's products.
  bool pipelined = false;
  int64_t rowsBetween = 0, groupChannels = 0;
  int64_t transformVectors = 1;
  /// What is fetched ahead: rows of y before they are written, and x of the
  /// next sample beside the products.
  bool prefetchOutput = false, prefetchInput = false;
  /// Of the next sample of x, as much as fits beside this one in so many bytes:
  /// the second-level caches of today's servers have 1 to 2 MB.
  static constexpr int64_t kBytesOfTwo = 1700 * 1000;
};

StrandSchedule scheduleStrands(const LayerSpec &spec, const Machine &machine,
                               const StrandNest &nest);

/// "strands in Fourier space, strips of 16, chunks of 48 rows, tiles of ..".
std::string describe(const StrandSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_STRANDSCHEDULE_H
