//===- Search.h - Random programs until time is up --------------*- C++ -*-===//

#ifndef EQC_FUZZ_SEARCH_H
#define EQC_FUZZ_SEARCH_H

#include "compiler/Fuzz/Generate.h"
#include "compiler/Fuzz/Judge.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdint>

namespace eqc {

struct SearchOptions {
  GenerateOptions generate;
  /// Every program has a seed of its own: the first, and those that follow.
  uint64_t seed = 1;
  int64_t count = 100;
  /// Ends the search early; 0: never.
  double seconds = 0;
  bool shrinks = true;
  AdaptKernel adapt; ///< as of `judge`
};

struct SearchResult {
  int64_t programs = 0, refused = 0, failures = 0;
  std::map<std::string, int64_t> counts;
};

/// Judges programs, and prints each failure: what it is, the command that
/// repeats it, and the least program that still fails in the same way.
SearchResult searchPrograms(const SearchOptions &options,
                            llvm::raw_ostream &os);

/// What was looked at, in a line.
std::string summaryOf(const SearchOptions &options, const SearchResult &result);

/// A program of its text, judged apart.
FuzzOutcome replay(const std::string &source, const FuzzSettings &settings);

} // namespace eqc

#endif // EQC_FUZZ_SEARCH_H
