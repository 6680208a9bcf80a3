//===- ChoosePlans.h - Which plan each layer is compiled with ---*- C++ -*-===//

#ifndef EQC_TRANSFORMS_CHOOSEPLANS_H
#define EQC_TRANSFORMS_CHOOSEPLANS_H

#include "compiler/Plan/CostModel.h"
#include "compiler/Transforms/Passes.h"

namespace eqc {

/// `eqc-choose-plans` with other rates than the built-in ones of its CPUs.
std::unique_ptr<mlir::Pass>
createChoosePlansPass(const ChoosePlansPassOptions &options,
                      const CostTarget &target);

} // namespace eqc

#endif // EQC_TRANSFORMS_CHOOSEPLANS_H
