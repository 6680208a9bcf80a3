//===- Outputs.h - All outputs of a run, or none ----------------*- C++ -*-===//
//
// Collects what a run writes. Until `commit` nothing is changed; a failing
// `commit` leaves every file as it was.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_OUTPUTS_H
#define EQC_DRIVER_OUTPUTS_H

#include "compiler/Driver/OutputPath.h"
#include "compiler/Driver/Process.h"

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace eqc {

/// Why something failed; a status of 0 means that it did not.
struct Failure {
  int status = 0;
  std::string message;
  /// Nobody is there to read about it: the reader of a pipe went away.
  bool quiet = false;

  explicit operator bool() const { return status != 0; }
};

class Outputs {
public:
  /// Adds an output; "-" is standard output. A new file gets `mode` less the
  /// umask, an existing one keeps its own. Returns its index.
  size_t add(llvm::StringRef path, unsigned mode = 0666);

  /// Whether output `index` is a regular file, or will be one.
  bool isRegular(size_t index) const;

  /// Finds outputs that are the input or one another (2), then those that
  /// cannot be written (3). Creates nothing.
  Failure check(llvm::StringRef inputPath) const;

  void setContents(size_t index, llvm::StringRef bytes);

  /// Writes everything.
  Failure commit();

private:
  struct Output {
    std::string path; ///< as the user wrote it
    unsigned mode = 0666;
    Place place;
    std::string problem; ///< why it cannot be written
    std::string contents;
    std::string temporary, backup; ///< in the target's directory, or empty
    Temporary temporaryGuard;
    bool renamed = false;
  };

  Failure writeTemporary(Output &output);
  Failure writeInPlace(Output &output);
  Failure moveIntoPlace(Output &output, bool last);
  void undo();

  std::vector<Output> outputs;
};

/// Writes all of `text` to standard output.
Failure writeStdout(llvm::StringRef text);

} // namespace eqc

#endif // EQC_DRIVER_OUTPUTS_H
