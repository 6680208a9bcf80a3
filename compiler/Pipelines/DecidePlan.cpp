//===- DecidePlan.cpp - Which plan a layer is compiled with ---------------===//

#include "compiler/Pipelines/DecidePlan.h"
#include "compiler/Target/CpuVariant.h"

using namespace eqc;

CostTarget eqc::costTarget(const CompileOptions &options) {
  std::vector<CpuVariant> variants;
  std::string error;
  // An unknown target is reported by whoever compiles for it.
  if (!resolveVariants(options.triple, options.cpus, variants, error))
    return costTargetOf(Machine());
  const Machine &machine = variants.back().machine;
  for (const CostTarget &measured : options.rates)
    if (measured.machine == machine)
      return measured;
  return costTargetOf(machine);
}

bool eqc::decidePlans(llvm::ArrayRef<LayerSpec> layers,
                      const CompileOptions &options,
                      std::vector<PlanKind> &plans, CompileFailure &failure) {
  plans.assign(layers.size(), options.plan);
  if (!options.tuning.empty()) {
    for (size_t i = 0; i < layers.size(); ++i)
      plans[i] = options.tuning[i].plan;
    return true;
  }
  if (options.plan == PlanKind::Auto) {
    const CostTarget target = costTarget(options);
    for (size_t i = 0; i < layers.size(); ++i)
      plans[i] = choosePlan(layers[i], target, options.batch).winner().kind;
    return true;
  }
  if (options.plan != PlanKind::Dense)
    return true;
  // A layer that has no dense plan at all comes before one that is too large.
  bool possible = true;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string why = whyNotDense(layers[i]);
    const int status = layers[i].dynamicN() ? 1 : 4;
    if (why.empty() || (!possible && failure.status <= status))
      continue;
    possible = false;
    failure.status = status;
    failure.layer = static_cast<int>(i);
    failure.id = status == 1 ? "E0050" : "E0095";
    failure.message =
        "the dense plan of '" + layers[i].name + "' is not possible: " + why;
  }
  return possible;
}
