//===- VerifyFile.h - Does an object compute what it says? ------*- C++ -*-===//
//
// Runs the self-tests of what was compiled before, by whatever eqc, in child
// processes: code that is wrong may do anything.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_VERIFYFILE_H
#define EQC_DRIVER_VERIFYFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace eqc {

/// How a child process ended.
struct ChildResult {
  std::string output; ///< what it wrote, up to some kilobytes
  int status = 0;     ///< its exit status; -1 where it did not get to one
  std::string why;    ///< then why not, in words
};

/// Runs `work` in a child process of `seconds` at most; it writes to the
/// descriptor that it gets, and returns the exit status. Nothing that it does
/// reaches this process.
ChildResult runInChild(llvm::function_ref<int(int descriptor)> work,
                       double seconds);

/// The layers and networks of an object file or shared library for this
/// machine that can be tried. False and `error` with an exit status if there
/// are none.
struct Verifiable {
  bool isShared = false;
  std::vector<std::string> names;
};
struct VerifyFailure {
  int status = 0;
  std::string message;
};
bool findVerifiable(const std::string &path, Verifiable &found,
                    VerifyFailure &failure);

/// The self-test of one of them, with what this compiler knows of its source
/// beside it: the hash, and the fields of its description. Exit status 0, 1
/// where something is wrong, or 4 where it is too large to be tried.
ChildResult verifyOne(const std::string &path, const Verifiable &file,
                      const std::string &name, double seconds);

} // namespace eqc

#endif // EQC_DRIVER_VERIFYFILE_H
