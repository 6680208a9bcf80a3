//===- Explain.h - What a layer consists of, in words -----------*- C++ -*-===//

#ifndef EQC_DRIVER_EXPLAIN_H
#define EQC_DRIVER_EXPLAIN_H

#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Pipelines/Compile.h"

#include <optional>
#include <string>

namespace eqc {

/// Appends the report of `eqc explain FILE.eq` about one layer; `measured` is
/// what was found by measuring, if anything was. False, with `failure` filled
/// in, as reportLayer.
bool explainLayer(const LayerSpec &layer, const CompileOptions &options,
                  const std::optional<LayerTuning> &measured, std::string &text,
                  CompileFailure &failure);

/// What `eqc explain E0012` prints.
std::string explainDiagnostic(const DiagnosticInfo &info);

} // namespace eqc

#endif // EQC_DRIVER_EXPLAIN_H
