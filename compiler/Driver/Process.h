//===- Process.h - Signals, crashes and temporary files ---------*- C++ -*-===//
//
// What keeps a run that is interrupted, runs out of memory or crashes from
// leaving anything behind, and gives it the promised exit status.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_PROCESS_H
#define EQC_DRIVER_PROCESS_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace eqc {

/// Exit statuses of the command line.
enum ExitStatus {
  StatusDone = 0,
  StatusRefused = 1,
  StatusUsage = 2,
  StatusFile = 3,
  StatusLimit = 4,
  StatusInternal = 70,
};

/// Installs the handlers. Writing to a closed pipe or past a file size limit
/// becomes an error of the write; out of memory ends with status 4; crashes and
/// LLVM's fatal errors end with status 70. Once per process, at its start.
void setUpProcess(const char *program);

/// Ends the process with status 4 when it takes longer, nothing left behind.
void limitTime(double seconds);

/// Whether standard output was open when the process started.
bool stdoutWasOpen();

/// A file or an empty directory that is removed if the process ends early.
/// Removing it in the ordinary way is the owner's business.
class Temporary {
public:
  Temporary() = default;
  explicit Temporary(llvm::StringRef path);
  Temporary(Temporary &&other) noexcept;
  Temporary &operator=(Temporary &&other) noexcept;
  ~Temporary() { release(); }

  /// Nothing is left to be removed.
  void release();

private:
  int slot = -1;
};

/// Keeps interrupts away while several files change places.
class InterruptsHeld {
public:
  InterruptsHeld();
  ~InterruptsHeld();
  InterruptsHeld(const InterruptsHeld &) = delete;
  InterruptsHeld &operator=(const InterruptsHeld &) = delete;
};

/// A directory of our own, removed with all it holds.
class PrivateDirectory {
public:
  PrivateDirectory() = default;
  PrivateDirectory(const PrivateDirectory &) = delete;
  PrivateDirectory &operator=(const PrivateDirectory &) = delete;
  ~PrivateDirectory();

  /// Makes it in TMPDIR or, where that is not possible, in /tmp. On failure
  /// returns why, otherwise an empty string.
  std::string create();
  /// The path of a file in it, `name` a plain name. At most four.
  std::string file(llvm::StringRef name);

private:
  static constexpr int maxFiles = 4;
  std::string path;
  std::string files[maxFiles];
  Temporary temporaries[maxFiles + 1];
  int numFiles = 0;
};

} // namespace eqc

#endif // EQC_DRIVER_PROCESS_H
