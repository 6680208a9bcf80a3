//===- LayerCost.cpp - What a layer must cost -----------------------------===//

#include "compiler/Bench/LayerCost.h"

#include "compiler/Bench/RandomArray.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Positions.h"

using namespace eqc;

std::vector<PlanFlops> eqc::planFlops(const LayerSpec &spec, int64_t n) {
  std::vector<PlanFlops> plans;
  BuiltPlans built;
  for (PlanKind kind : allPlans) {
    const std::string name(planName(kind));
    if (rulesOf(kind).oneMatrix) {
      // Also where it is too large; the bias is where the accumulators start.
      const auto inputs = double(countAt(positionsOfInput(spec), n));
      plans.push_back({name,
                       2 * LayerArrays::inputs(spec, n, 1) *
                           LayerArrays::outputs(spec, n, 1),
                       inputs});
      continue;
    }
    const PlanCost cost = rulesOf(kind).count(spec, built).cost;
    const auto flops = double(operationsOf(cost, spec, n).flops());
    // Without a basis that saves operations schur is the shared plan.
    if (plans.empty() || flops != plans.front().perSample)
      plans.push_back({name, flops, double(countAt(cost.inputRows, n))});
  }
  return plans;
}

double eqc::backwardFlops(const LayerSpec &spec, int64_t n, int64_t batch,
                          const std::string &plan) {
  const LayerSpec flipped = gradientLayer(spec);
  double flops = 0;
  for (const PlanFlops &each : planFlops(flipped, n))
    if (each.plan == plan)
      flops = each.perSample;
  const PlanKind kind = findPlan(plan).value_or(PlanKind::Auto);
  BuiltPlans built;
  const auto basisOf = kind == PlanKind::Auto ? nullptr : rulesOf(kind).basisOf;
  const GradientPlan sums =
      basisOf ? chooseGradientPlan(spec, basisOf(spec, built), built, batch)
              : buildGradientPlan(spec);
  const GradientFlops ofSums = flopsOf(sums, spec, n);
  return double(batch) * (flops + ofSums.sample) + ofSums.call;
}

double eqc::leastBytes(const LayerSpec &spec, int64_t n, int64_t batch) {
  LeastBytes bytes = leastBytesOf(spec, n);
  return double(bytes.perSample) * double(batch) + double(bytes.perCall);
}

double eqc::bytesOfInputRows(const LayerSpec &spec, double rows) {
  return rows * double(spec.cIn) * double(spec.storedSize());
}

Floor eqc::floorOf(double flops, double bytes, double peak, double bandwidth) {
  Floor floor;
  double compute = peak > 0 ? flops / peak : 0;
  double memory = bandwidth > 0 ? bytes / bandwidth : 0;
  floor.boundByBytes = memory > compute;
  floor.seconds = floor.boundByBytes ? memory : compute;
  return floor;
}
