//===- Explain.h - What a layer consists of, in words -----------*- C++ -*-===//

#ifndef EQC_DRIVER_EXPLAIN_H
#define EQC_DRIVER_EXPLAIN_H

#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Pipelines/Compile.h"

#include <string>

namespace eqc {

/// The report of `eqc explain FILE.eq` about one layer.
std::string explainLayer(const LayerSpec &layer, const CompileOptions &options);

/// What `eqc explain E0012` prints.
std::string explainDiagnostic(const DiagnosticInfo &info);

} // namespace eqc

#endif // EQC_DRIVER_EXPLAIN_H
