//===- PackedSize.cpp - Room for packed weights ---------------------------===//
//
// Packed weights are [terms, column tiles, c_in, width] as the kernels want
// them: one term per diagram, for the schur plan one for each pair of copies,
// or for the dense plan one, its rows and columns being all positions of all
// channels.
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/DecidePlan.h"
#include "compiler/Plan/Poly.h"
#include "compiler/Target/CpuVariant.h"

#include <algorithm>

using namespace eqc;

static int64_t packedSize(const LayerSpec &spec, PlanKind plan,
                          const Machine &machine) {
  if (plan == PlanKind::Dense) {
    const int64_t columns = Poly::power(spec.l, spec.cOut).at(spec.n);
    return Poly::power(spec.k, spec.cIn).at(spec.n) *
           matrixTiling(machine, spec.elementSize(), columns).columns();
  }
  auto terms = static_cast<int64_t>(spec.diagrams.size());
  if (plan == PlanKind::Schur) {
    terms = static_cast<int64_t>(chooseSchur(spec).packed().size());
  }
  return terms * spec.cIn *
         mixTiling(machine, spec.elementSize(), spec.cOut).columns();
}

bool eqc::packedSizes(llvm::ArrayRef<LayerSpec> layers,
                      const CompileOptions &options,
                      std::vector<int64_t> &sizes, CompileFailure &failure) {
  std::vector<CpuVariant> variants;
  if (!resolveVariants(options.triple, options.cpus, variants,
                       failure.message)) {
    failure.status = 2;
    return false;
  }
  std::vector<PlanKind> plans;
  if (!decidePlans(layers, options, plans, failure))
    return false;
  sizes.assign(layers.size(), 0);
  for (size_t i = 0; i < layers.size(); ++i)
    for (const CpuVariant &variant : variants)
      sizes[i] =
          std::max(sizes[i], packedSize(layers[i], plans[i], variant.machine));
  return true;
}
