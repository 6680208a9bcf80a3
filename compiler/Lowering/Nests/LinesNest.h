//===- LinesNest.h - What writing output patterns by lines does -*- C++ -*-===//
//
// target[line of the output] += sign * source[inner of the letters], for one
// line, along the first axis, and all walks of a stage
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_LINESNEST_H
#define EQC_LOWERING_NESTS_LINESNEST_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/WalkNest.h"
#include "compiler/Plan/Stages.h"

namespace eqc {

/// The lines are parallel. n is fixed.
struct LinesNest {
  /// Whether one letter of every walk alone moves along the lines.
  static bool serves(const LayerSpec &spec, const WriteStage &stage);

  LinesNest(const LayerSpec &spec, const WriteStage &stage);

  /// What one line is further, within the line and in the source.
  enum StepField : int64_t { kRow, kSource, kNumStepFields };

  WalkNest walks; ///< without the letter along the lines
  Table steps;    ///< one for each walk
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_LINESNEST_H
