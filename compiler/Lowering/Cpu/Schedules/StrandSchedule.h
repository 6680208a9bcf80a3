//===- StrandSchedule.h - How a CPU mixes in Fourier space ------*- C++ -*-===//
//
// The letters m_1 <= .. <= m_t of a sample are rows, taken in strips of m_1 and
// within a strip in chunks of rows that stay in the first-level cache.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_STRANDSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_STRANDSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/StrandNest.h"
#include "compiler/Machine/Tiling.h"

#include <string>

namespace eqc {

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
  /// Of channels that change basis at once: all permutations of a row and
  /// their sums stay in registers.
  int64_t transformVectors = 1;
  /// What is fetched ahead: rows of y before they are written, and x of the
  /// next sample beside the products.
  bool prefetchOutput = false, prefetchInput = false;
};

StrandSchedule scheduleStrands(const LayerSpec &spec, const Machine &machine,
                               const StrandNest &nest);

/// "strands in Fourier space, strips of 16, chunks of 48 rows, tiles of ..".
std::string describe(const StrandSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_STRANDSCHEDULE_H
