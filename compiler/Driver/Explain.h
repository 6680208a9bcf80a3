//===- Explain.h - What a layer consists of, in words -----------*- C++ -*-===//

#ifndef EQC_DRIVER_EXPLAIN_H
#define EQC_DRIVER_EXPLAIN_H

#include "compiler/Frontend/Diagnostics.h"

#include <string>

namespace eqc {

/// The report of `eqc explain FILE.eq` about one layer.
std::string explainLayer(const LayerSpec &layer);

/// The part of it about operations and memory.
std::string explainCost(const LayerSpec &layer);

/// What `eqc explain E0012` prints.
std::string explainDiagnostic(const DiagnosticInfo &info);

} // namespace eqc

#endif // EQC_DRIVER_EXPLAIN_H
