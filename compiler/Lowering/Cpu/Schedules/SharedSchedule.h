//===- SharedSchedule.h - How a CPU runs the shared plan --------*- C++ -*-===//
//
// Every choice for the stages of a shared plan, made in one place. Emitters
// look it up and make none; it can be printed without emitting anything.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_SHAREDSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_SHAREDSCHEDULE_H

#include "compiler/Lowering/Cpu/Schedules/LanesSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/StrandSchedule.h"
#include "compiler/Plan/Strands/StrandPlan.h"

namespace eqc {

/// A gather takes rows of so many samples at once, so that additions do not
/// wait on each other.
constexpr int64_t kGatherSamples = 2;

/// How a stage is carried out; each is a phase of the kernel.
enum class StageForm {
  Read,    ///< patterns of x
  Tiles,   ///< a mix as register tiles
  Strands, ///< a mix in Fourier space
  Gather,  ///< every row of y once, from all nodes that reach it
  Write,   ///< walk by walk
  Done,    ///< a write that the mix before has done
};

struct StageSchedule {
  StageForm form = StageForm::Read;
  ReadSchedule read;
  MixSchedule mix;        ///< of tiles
  StrandSchedule strands; ///< of a mix in Fourier space
};

struct SharedSchedule {
  RowsSchedule bias;                 ///< where mixes add other rows
  std::vector<StageSchedule> stages; ///< as in the plan
  /// The write after stage `mix` where that stage does it, or null.
  const WriteStage *writesOfMix(const SharedPlan &plan, size_t mix) const {
    const WriteStage *write = writeAfter(plan, mix);
    return write && stages[mix + 1].form == StageForm::Done ? write : nullptr;
  }
  /// Of a second kernel for groups of samples, if there is one.
  std::optional<LanesSchedule> lanes;
};

SharedSchedule scheduleShared(const LayerSpec &spec, const StrandPlan &plan,
                              const Machine &machine);

/// How a stage is carried out, in a few words.
std::string describe(const StageSchedule &stage);
/// A line for each stage of a plan, and what samples in lanes do.
std::string describe(const SharedSchedule &schedule, const SharedPlan &plan);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_SHAREDSCHEDULE_H
