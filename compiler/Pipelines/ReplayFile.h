//===- ReplayFile.h - The pass that runs, for eqc-opt to repeat -*- C++ -*-===//

#ifndef EQC_PIPELINES_REPLAYFILE_H
#define EQC_PIPELINES_REPLAYFILE_H

#include "mlir/Pass/Pass.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace eqc {

/// How the file of a pass is called, and that of what LLVM is given.
inline constexpr const char *kReplayPass = "pass.mlir";
inline constexpr const char *kReplayLLVM = "llvm.ll";

/// Counts the passes of a process, and keeps what one of them is given for as
/// long as it runs, or what LLVM works on.
struct PassRecorder {
  std::atomic<int64_t> begun{0};
  int64_t kept = 0; ///< the number of the pass, from 1; 0: none
  std::string folder;
};

/// Writes the module that `op` is in, and that `pass` runs on it, to FOLDER's
/// `kReplayPass`, as `eqc-opt --run-reproducer` reads it. What cannot be
/// written is left out.
void writeReplayFile(const std::string &folder, mlir::Pass &pass,
                     mlir::Operation *op);

} // namespace eqc

#endif // EQC_PIPELINES_REPLAYFILE_H
