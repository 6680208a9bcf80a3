//===- Explain.h - What a layer consists of, in words -----------*- C++ -*-===//

#ifndef EQC_DRIVER_EXPLAIN_H
#define EQC_DRIVER_EXPLAIN_H

#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Pipelines/Compile.h"

#include <optional>
#include <string>

namespace eqc {

/// The report of `eqc explain FILE.eq` about one layer; `measured` is the plan
/// that was chosen by measuring, if any was.
std::string explainLayer(const LayerSpec &layer, const CompileOptions &options,
                         std::optional<PlanKind> measured = std::nullopt);

/// What `eqc explain E0012` prints.
std::string explainDiagnostic(const DiagnosticInfo &info);

} // namespace eqc

#endif // EQC_DRIVER_EXPLAIN_H
