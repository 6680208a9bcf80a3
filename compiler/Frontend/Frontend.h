//===- Frontend.h - From a source to checked layers -------------*- C++ -*-===//
//
// The front end's one entry point.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_FRONTEND_H
#define EQC_FRONTEND_FRONTEND_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Frontend/Diagnostics.h"

#include <cstdint>
#include <string>
#include <vector>

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace eqc {

struct FrontendOptions {
  /// Bounds a layer's diagrams, and its bias diagrams, before pruning.
  uint64_t maxDiagrams = 32768;
  uint64_t maxSourceBytes = uint64_t(16) << 20;
  /// Whether functions for ragged batches are asked for, which some layer must
  /// be able to have.
  bool ragged = false;
  /// What the names of files in a source are relative to and must lie in, or in
  /// one of the others; empty: the working folder.
  std::string folder;
  std::vector<std::string> includeFolders;
  /// Where the files that were read are listed, if anywhere.
  std::vector<std::string> *filesRead = nullptr;
};

struct FrontendResult {
  /// The layers in the order of the source; empty unless `status` is 0.
  std::vector<LayerSpec> layers;
  std::vector<NetworkSpec> networks;
  /// The exit status: 0, 1 (refused) or 4 (a limit was reached).
  int status = 0;
};

/// Reads the layers of a buffer. `displayName` is how messages name the file.
/// The buffer must outlive the engine's printing.
FrontendResult parseLayers(llvm::SourceMgr &sources, unsigned bufferId,
                           llvm::StringRef displayName,
                           const FrontendOptions &options,
                           DiagnosticEngine &diags);

} // namespace eqc

#endif // EQC_FRONTEND_FRONTEND_H
