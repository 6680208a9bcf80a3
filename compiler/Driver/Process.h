//===- Process.h - Signals, crashes and temporary files ---------*- C++ -*-===//
//
// What keeps a run that is interrupted, runs out of memory or crashes from
// leaving anything behind, and gives it the promised exit status.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_PROCESS_H
#define EQC_DRIVER_PROCESS_H

#include "llvm/ADT/StringRef.h"

#include <csignal>
#include <memory>
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

/// From now on no memory ends the process with status 4. Once per process; safe
/// before any constructor has run.
void catchOutOfMemory();

/// Does that now, where somebody else was refused memory. Allocates nothing.
[[noreturn]] void endOutOfMemory();

/// Installs the other handlers. Writing to a closed pipe or past a file size
/// limit becomes an error of the write; crashes and LLVM's fatal errors end
/// with status 70. Once per process, at its start.
void setUpProcess(const char *program);

/// While one exists, files are written through maps, by LLD, and a disk that is
/// full ends the process with status 3.
class MapsMayFill {
public:
  MapsMayFill();
  ~MapsMayFill();
  MapsMayFill(const MapsMayFill &) = delete;
  MapsMayFill &operator=(const MapsMayFill &) = delete;

private:
  struct sigaction before;
};

/// Ends the process with status 4 when it takes longer, nothing left behind.
void limitTime(double seconds);

/// Whether standard output was open when the process started.
bool stdoutWasOpen();

/// A file or an empty directory that is removed if the process ends early.
/// Removing it in the ordinary way is the owner's business.
class Temporary {
public:
  using Path = std::unique_ptr<char, void (*)(void *)>;

  Temporary() = default;
  explicit Temporary(llvm::StringRef path);
  /// Needs no memory, so that nothing can come between a file's creation and
  /// this.
  explicit Temporary(Path path);
  static Path keep(llvm::StringRef path);
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
