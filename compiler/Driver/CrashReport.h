//===- CrashReport.h - What is kept of an internal error --------*- C++ -*-===//
//
// After a crash or an internal error eqc runs the same command once more, with
// another process that writes down what the failing pass is given before it
// begins. An ordinary run only counts passes, and it does not matter what the
// crash has left of the process.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_CRASHREPORT_H
#define EQC_DRIVER_CRASHREPORT_H

#include "llvm/ADT/StringRef.h"

namespace eqc {

struct PassRecorder;

/// Whether this process is the second one.
bool isCrashReport();

/// Counts passes, and keeps what the failing one is given in the second
/// process.
PassRecorder &crashRecorder();

/// Remembers the command, for the second run. Without this nothing is kept.
void setCrashCommand(int argc, char **argv);

/// Remembers the source, which lives as long as the process, and whether its
/// path gives the same text again.
void setCrashSource(llvm::StringRef text, bool fromStdin);

/// Makes the folder with the source and the command, runs the command again,
/// and tells on standard error what there is. Safe in signal handlers. Once per
/// process.
void keepForReport();

} // namespace eqc

#endif // EQC_DRIVER_CRASHREPORT_H
