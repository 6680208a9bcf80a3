//===- FuzzProgram.h - A source and how it is compiled and called -*- C++
//-*-===//
//
// What the fuzzer makes, judges and shrinks. As text it is a source that any
// tool reads, whose first line says in a comment what else there is to it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FUZZ_FUZZPROGRAM_H
#define EQC_FUZZ_FUZZPROGRAM_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eqc {

struct FuzzSettings {
  std::string plan = "auto";
  int optLevel = 3;
  std::string target;         ///< a kind of device, or empty
  std::string cpu = "native"; ///< that of the machine where it has no such CPU
  /// Which of the caps on registers that tuning tries; 0: none.
  int cap = 0;
  int threads = 1;      ///< of a call
  bool canShare = true; ///< whether calls are compiled to use several threads
  bool gradients = false;
  bool ragged = false;
  bool packed = false; ///< whether weights are packed first, with one input
  /// Sizes, where one is given at run time, and batches of calls.
  std::vector<std::pair<int64_t, int64_t>> calls = {{1, 1}};
  uint64_t data = 1; ///< what random numbers start from

  /// All of them, as words of the form name=value.
  std::string text() const;
  /// Reads such words; nothing and the first wrong one.
  bool read(llvm::StringRef text, std::string &wrong);
};

/// `space a = S(3)` without a body; `layer a` with fields, `network a` with
/// statements, one a line.
struct Declaration {
  std::string head;
  std::vector<std::string> body;

  bool isSpace() const { return llvm::StringRef(head).starts_with("space "); }
  bool isNetwork() const {
    return llvm::StringRef(head).starts_with("network ");
  }
};

struct FuzzProgram {
  std::vector<Declaration> declarations;
  FuzzSettings settings;

  /// The source alone.
  std::string source() const;
  /// The same behind the line of the settings.
  std::string text() const;
};

/// The settings on the first line of a text.
bool readSettings(llvm::StringRef text, FuzzSettings &settings,
                  std::string &error);

} // namespace eqc

#endif // EQC_FUZZ_FUZZPROGRAM_H
