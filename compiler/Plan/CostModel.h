//===- CostModel.h - Which plan is the fastest ------------------*- C++ -*-===//
//
// Predicts the time of every plan from its exact counts and a few rates of the
// CPU, and takes the least. Nothing is measured while compiling.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_COSTMODEL_H
#define EQC_PLAN_COSTMODEL_H

#include "compiler/Machine/Machine.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Work.h"

#include <string>
#include <vector>

namespace eqc {

/// Rates of one core. Times in ns, so that bytes and flops per ns are GB/s and
/// GFLOP/s.
struct CostRates {
  double flops = 0;       ///< f32 multiply-adds, counted as two
  double cacheBytes = 0;  ///< loaded while everything stays in cache
  double memoryBytes = 0; ///< from and to memory
  double cacheSize = 0;   ///< bytes of the second-level cache
  /// Index arithmetic and loop of a row that is copied, summed or added.
  double rowNs = 0;
  /// The same for a register tile of a mix, and for each matrix it meets.
  double tileNs = 0, termNs = 0;
  double elementNs = 0; ///< an element of a dense matrix that is added to
  double callNs = 0;    ///< checks, scratch and dispatch of a call

  bool areKnown() const { return flops > 0; }
};
/// Of machines that nobody measured: no times are predicted.
inline constexpr CostRates noRates;

/// What a kind of target says of plans; see KernelTarget.
class PlanTarget {
public:
  virtual ~PlanTarget() = default;

  /// Why there are no kernels for a layer by a plan that it has; nothing: there
  /// are.
  virtual std::string whyNotServed(PlanKind plan, const LayerSpec &spec) const {
    return "";
  }

  /// Whether sums of gradients may be taken in the basis of a plan.
  virtual bool takesGradientBasis() const { return true; }

  /// Why there are no kernels for a layer at all; nothing: there are.
  virtual std::string whyNoKernels(const LayerSpec &spec) const { return ""; }
};

/// A machine as the model sees it.
struct CostTarget {
  std::string name; ///< of the row of the table of rates
  Machine machine;
  CostRates rates;
  /// Of its kind; null: every plan is served.
  const PlanTarget *kind = nullptr;
  /// What a core does for a layer by a plan, in calls of `batch` samples of
  /// size n, under the schedules of its kind; where rates are known.
  PlanWork (*countWork)(const LayerSpec &spec, const KeptPlan &plan,
                        const Machine &machine, int64_t n,
                        int64_t batch) = nullptr;
};

/// What is assumed where a layer leaves it to the caller.
constexpr int64_t typicalN = 32;
constexpr int64_t typicalBatch = 32;
/// The batch to have in mind: `wanted` or, if that is 0, the layer's, else a
/// typical one.
int64_t batchToAssume(const LayerSpec &spec, int64_t wanted);

/// One plan with its numbers, or why it cannot be used.
struct PlanCandidate {
  PlanKind kind = PlanKind::Auto; ///< set by whoever makes one
  std::string refused;            ///< empty for a candidate
  CountedPlan counted;
  Operations operations;    ///< of one sample
  int64_t scratchBytes = 0; ///< per sample
  PlanWork work;
  double packNs = 0;   ///< predicted, once per call
  double sampleNs = 0; ///< predicted, per sample
  double callNs = 0;   ///< predicted, a whole call at the assumed batch
};

struct PlanChoice {
  int64_t n = 1;     ///< the size at which plans were compared
  int64_t batch = 1; ///< and the batch
  std::string target;
  bool isPredicted = true; ///< times are; else there are operations alone
  std::vector<PlanCandidate> candidates;
  size_t chosen = 0;
  std::string reason; ///< a sentence

  const PlanCandidate &winner() const { return candidates[chosen]; }
};

/// Counts the work of a plan at a size and batch, and predicts its times.
void predictTimes(const LayerSpec &spec, const CostTarget &target, int64_t n,
                  int64_t batch, PlanCandidate &candidate);

/// Predicts times anew for other rates; the work is counted.
void priceWork(const CostRates &rates, const Machine &machine, int64_t batch,
               PlanCandidate &candidate);

/// Why a plan cannot be had: the layer has none, or the target does not serve
/// it.
PlanRefusal whyNot(PlanKind plan, const LayerSpec &spec,
                   const CostTarget &target);

/// Takes the first of the fastest candidates, and says why.
void chooseAmong(PlanChoice &choice);

/// Compares the plans of a layer, for calls of `batch` samples; 0: the layer's
/// batch, else a typical one. Without rates the first that is possible is
/// taken. The gradient of x of a layer with the plan `gradientOf` takes none
/// that promises less.
PlanChoice choosePlan(const LayerSpec &spec, const CostTarget &target,
                      BuiltPlans &built, int64_t batch = 0,
                      PlanKind gradientOf = PlanKind::Auto);
/// The same with nothing built before or kept.
PlanChoice choosePlan(const LayerSpec &spec, const CostTarget &target,
                      int64_t batch = 0, PlanKind gradientOf = PlanKind::Auto);

} // namespace eqc

#endif // EQC_PLAN_COSTMODEL_H
