//===- CostTarget.cpp - The CPU that plans are chosen for -----------------===//

#include "compiler/Pipelines/Compile.h"
#include "compiler/Target/CpuVariant.h"

using namespace eqc;

CostTarget eqc::costTarget(const CompileOptions &options) {
  std::vector<CpuVariant> variants;
  std::string error;
  // An unknown target is reported by whoever compiles for it.
  if (!resolveVariants(resolveTriple(options.triple), options.cpus, variants,
                       error))
    return costTargetOf(TargetShape());
  return costTargetOf(variants.back().shape);
}
