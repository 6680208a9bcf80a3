//===- Input.h - Reading a source -------------------------------*- C++ -*-===//

#ifndef EQC_DRIVER_INPUT_H
#define EQC_DRIVER_INPUT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <string>

namespace eqc {

/// Whether `path` means standard input.
bool isStdin(llvm::StringRef path);

/// How messages name the input: the path, or `<stdin>`.
std::string displayName(llvm::StringRef path);

/// Reads a file, a FIFO or standard input, but never much more than `limit`
/// bytes: a source above the limit comes back longer than it, cut off. Null and
/// `error` on failure.
std::unique_ptr<llvm::MemoryBuffer>
readInput(llvm::StringRef path, uint64_t limit, std::string &error);

} // namespace eqc

#endif // EQC_DRIVER_INPUT_H
