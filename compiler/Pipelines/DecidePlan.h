//===- DecidePlan.h - Which plan a layer is compiled with -------*- C++ -*-===//

#ifndef EQC_PIPELINES_DECIDEPLAN_H
#define EQC_PIPELINES_DECIDEPLAN_H

#include "compiler/Pipelines/Compile.h"

namespace eqc {

/// The plan of every layer: the one asked for, or the one predicted to be the
/// fastest on the most able CPU compiled for. False, with `failure` filled in,
/// where the dense plan was asked for and is not possible.
bool decidePlans(llvm::ArrayRef<LayerSpec> layers,
                 const CompileOptions &options, std::vector<PlanKind> &plans,
                 CompileFailure &failure);

} // namespace eqc

#endif // EQC_PIPELINES_DECIDEPLAN_H
