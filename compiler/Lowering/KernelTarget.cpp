//===- KernelTarget.cpp - The list of kinds of targets --------------------===//

#include "compiler/Lowering/KernelTarget.h"

#include <cassert>

using namespace eqc;

llvm::ArrayRef<const KernelTarget *> eqc::kernelTargets() {
  static const KernelTarget *const targets[] = {
#define EQC_TARGET(KIND, FOLDER, TARGET) &TARGET(),
#include "compiler/Lowering/Targets.def"
  };
  return targets;
}

const KernelTarget *eqc::findKernelTarget(llvm::StringRef kind) {
#define EQC_TARGET(KIND, FOLDER, TARGET)                                       \
  if (kind == #KIND)                                                           \
    return &TARGET();
#include "compiler/Lowering/Targets.def"
  return nullptr;
}

llvm::StringRef eqc::kindOf(const KernelTarget &target) {
#define EQC_TARGET(KIND, FOLDER, TARGET)                                       \
  if (&target == &TARGET())                                                    \
    return #KIND;
#include "compiler/Lowering/Targets.def"
  return "";
}

const KernelTarget &eqc::kernelTargetOf(llvm::StringRef triple) {
  const KernelTarget *host = nullptr;
  for (const KernelTarget *target : kernelTargets()) {
    if (!target->device())
      host = target;
    else if (kindOf(*target) == triple)
      return *target;
  }
  assert(host && "there is a kind of hosts");
  return *host;
}

CostTarget eqc::costTargetOf(const KernelTarget &target,
                             const CpuVariant &variant) {
  CostTarget cost = target.costTarget(variant);
  cost.kind = &target;
  return cost;
}

CostTarget eqc::costTargetOf(const Machine &machine) {
  CpuVariant variant;
  variant.machine = machine;
  return costTargetOf(kernelTargetOf(""), variant);
}

bool eqc::resolveVariants(const std::string &triple,
                          const std::vector<std::string> &names,
                          std::vector<CpuVariant> &variants,
                          std::string &error) {
  const KernelTarget &target = kernelTargetOf(triple);
  if (!target.resolve(triple, names, variants, error))
    return false;
  for (CpuVariant &variant : variants)
    variant.kind = kindOf(target);
  return true;
}

KernelTarget::Kernels KernelTarget::emitBilinear(const KernelSite &,
                                                 const LayerSpec &,
                                                 const BilinearPlan &) const {
  llvm_unreachable("a target without kernels for layers of two inputs");
}
