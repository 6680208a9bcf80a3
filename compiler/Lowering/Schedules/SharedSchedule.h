//===- SharedSchedule.h - How a CPU runs the shared plan --------*- C++ -*-===//
//
// Every choice for the stages of a shared plan, made in one place. Emitters
// look it up and make none; it can be printed without emitting anything.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_SCHEDULES_SHAREDSCHEDULE_H
#define EQC_LOWERING_SCHEDULES_SHAREDSCHEDULE_H

#include "compiler/Lowering/Schedules/MixSchedule.h"
#include "compiler/Lowering/Schedules/StrandSchedule.h"
#include "compiler/Plan/Strands/StrandPlan.h"

namespace eqc {

/// How a stage is carried out; each is a phase of the kernel.
enum class StageForm {
  Read,    ///< entry by entry, which parts share
  Sweep,   ///< x in one pass for all entries; with parts, entry by entry
  Tiles,   ///< a mix as register tiles
  Strands, ///< a mix in Fourier space
  Gather,  ///< every row of y once, from all nodes that reach it
  Write,   ///< walk by walk
  Done,    ///< a write that the gather before has done
};

struct StageSchedule {
  StageForm form = StageForm::Read;
  MixSchedule mix;        ///< of tiles
  StrandSchedule strands; ///< of a mix in Fourier space
};

struct SharedSchedule {
  std::vector<StageSchedule> stages; ///< as in the plan
  /// Whether there is a second kernel for groups of samples in the lanes of
  /// vectors.
  bool lanes = false;
};

/// How a stage of reads is carried out.
StageForm scheduleRead(const SharedPlan &plan, const ReadStage &stage);

/// The stage that adds to what the mix at `mix` has made, or null.
const WriteStage *writeAfter(const SharedPlan &plan, size_t mix);

/// Whether groups of samples, one in each lane of a vector, are the better way
/// to run a plan: vectors of channels would be mostly padding, and a group
/// stays in the second-level cache.
bool wantsLanes(const LayerSpec &spec, const SharedPlan &plan,
                const Machine &machine);

SharedSchedule scheduleShared(const LayerSpec &spec, const StrandPlan &plan,
                              const Machine &machine);

/// How a stage is carried out, in a few words.
std::string describe(const StageSchedule &stage);
/// A line for each stage of a plan, and whether samples run in lanes.
std::string describe(const SharedSchedule &schedule, const SharedPlan &plan);

} // namespace eqc

#endif // EQC_LOWERING_SCHEDULES_SHAREDSCHEDULE_H
