//===- GradientSchedule.h - How a CPU sums gradients ------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_GRADIENTSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_GRADIENTSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Machine/Tiling.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// The sums of one propagating order.
struct GradientStageSchedule {
  /// Rows that stay in the first-level cache for all diagrams, and whose sums
  /// are taken on their own.
  int64_t chunkRows = 1;
  /// Whether all axes stay loops: of unrolled outer ones each copy would hold
  /// the inner loops.
  bool staysLoops = false;
  /// In Fourier space: values of m_1 in a strip, and vectors that change basis
  /// at once; see StrandSchedule.
  int64_t stripLetters = 1, transformVectors = 1;
  /// Of the next chunk so many rows are spread after each tile of sums.
  int64_t rowsBetween = 1;
  /// What is fetched so many rows ahead.
  bool prefetchX = false, prefetchGradY = false;
  int64_t rowsAhead = 6;
  /// Parts share the strips of a sample in at most so many groups of as many
  /// rows or more; 1: they share sums ..
  int64_t groups = 1;
  static constexpr int64_t kRowsOfGroup = 1024;
  /// .. as so many, since each of them spreads all rows.
  int64_t sharers = 1;
  /// With samples in lanes: rows along the last axis with sums of their own.
  int64_t laneRows = 1;
};

struct GradientSchedule {
  SumTiling tiling;
  std::vector<ReadSchedule> x, gradY; ///< how either side is read ..
  struct Basis {
    RowsSchedule x, gradY;
  };
  std::optional<Basis> basis; ///< .. or its basis changed
  std::vector<GradientStageSchedule> stages;
  int64_t biasVectors = 2; ///< of a row of the bias at once
  /// Samples that run in the lanes of vectors at once; 0: none do.
  int64_t lanes = 0;
  /// Then, input channels whose sums are in registers at the same time.
  int64_t laneChannels = 1;
};

GradientStageSchedule scheduleGradientStage(const LayerSpec &spec,
                                            const Machine &machine,
                                            const GradientNest &nest);
GradientStageSchedule scheduleStrandSums(const LayerSpec &spec,
                                         const Machine &machine,
                                         const StrandSumsNest &nest,
                                         const SumTiling &tiling);
GradientSchedule scheduleGradient(const LayerSpec &spec,
                                  const GradientPlan &plan,
                                  const Machine &machine);

/// A line for each stage of a plan.
std::string describe(const GradientSchedule &schedule,
                     const GradientPlan &plan);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_GRADIENTSCHEDULE_H
