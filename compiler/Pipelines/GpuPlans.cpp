//===- GpuPlans.cpp - Which plans GPUs have kernels for -------------------===//

#include "compiler/Pipelines/GpuPlans.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/SchurChoice.h"

using namespace eqc;

PlanKind eqc::planOfGpu(PlanKind asked) {
  return asked == PlanKind::Auto ? PlanKind::Shared : asked;
}

bool eqc::isServedByGpu(llvm::ArrayRef<LayerSpec> layers,
                        const CompileOptions &options,
                        CompileFailure &failure) {
  for (size_t i = 0; i < layers.size(); ++i) {
    std::string what;
    if (options.plan == PlanKind::Factored)
      what = "the factored plan";
    if (options.plan == PlanKind::Schur) {
      std::vector<LayerSpec> specs{layers[i]};
      if (options.gradients)
        specs.push_back(gradientLayer(layers[i]));
      for (const LayerSpec &spec : specs) {
        const SchurChoice choice = chooseSchur(spec);
        if (!choice.isotypic && choice.strands.hasStrands())
          what = "the schur plan in the basis of strands";
      }
    }
    if (what.empty())
      continue;
    failure.status = 1;
    failure.layer = static_cast<int>(i);
    failure.id = "E0052";
    failure.message = "layer '" + layers[i].name + "' cannot have " + what +
                      " on a GPU; choose '--plan=shared'";
    return false;
  }
  return true;
}
