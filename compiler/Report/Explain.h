//===- Explain.h - What a layer consists of, in words -----------*- C++ -*-===//

#ifndef EQC_REPORT_EXPLAIN_H
#define EQC_REPORT_EXPLAIN_H

#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Pipelines/Compile.h"

#include "llvm/Support/JSON.h"

#include <optional>
#include <string>

namespace eqc {

/// Appends the report of `eqc explain FILE.eq` about one layer; `measured` is
/// what was found by measuring, if anything was. False, with `failure` filled
/// in, as reportLayer.
bool explainLayer(const LayerSpec &layer, const CompileOptions &options,
                  const std::optional<LayerTuning> &measured, std::string &text,
                  CompileFailure &failure);

/// The same as data, `value`, for `eqc explain --json`.
bool explainLayer(const LayerSpec &layer, const CompileOptions &options,
                  const std::optional<LayerTuning> &measured,
                  llvm::json::Object &value, CompileFailure &failure);

/// What was found by measuring a layer, if anything was: the plan, and what is
/// said of it.
struct Measured {
  std::optional<LayerTuning> tuning;
  std::string words;
};

/// What `eqc explain FILE.eq` prints: of all layers, then of all networks.
/// `measured` has an entry for each layer, or none. False, with `failure`
/// filled in, as reportLayer.
bool explainProgram(llvm::ArrayRef<LayerSpec> layers,
                    llvm::ArrayRef<NetworkSpec> networks,
                    const CompileOptions &options,
                    llvm::ArrayRef<Measured> measured, std::string &text,
                    CompileFailure &failure);
/// The same as data: an object with "layers" and "networks".
bool explainProgram(llvm::ArrayRef<LayerSpec> layers,
                    llvm::ArrayRef<NetworkSpec> networks,
                    const CompileOptions &options,
                    llvm::ArrayRef<Measured> measured,
                    llvm::json::Object &value, CompileFailure &failure);

/// What `eqc explain E0012` prints.
std::string explainDiagnostic(const DiagnosticInfo &info);

} // namespace eqc

#endif // EQC_REPORT_EXPLAIN_H
