//===- KernelTarget.cpp - The list of kinds of targets --------------------===//

#include "compiler/Lowering/KernelTarget.h"

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
