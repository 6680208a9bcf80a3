//===- Judge.h - Is a program compiled right? -------------------*- C++ -*-===//
//
// Compiles a program in memory and holds all that it exports against the
// definition.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FUZZ_JUDGE_H
#define EQC_FUZZ_JUDGE_H

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Fuzz/FuzzProgram.h"

#include <cstdint>
#include <map>
#include <string>

namespace eqc {

enum class FuzzVerdict { Passed, Refused, Failed };

struct FuzzOutcome {
  FuzzVerdict verdict = FuzzVerdict::Passed;
  /// What failed, the same for failures that are alike: the name of a test, or
  /// how the compiler ended.
  std::string kind;
  std::string text; ///< all that is known of it
  /// What was looked at, by its name: layers, those of a group, ..
  std::map<std::string, int64_t> counts;
};

/// `adapt`, if given, stands between kernels and the checks: tests break layers
/// by it.
FuzzOutcome judge(const std::string &source, const FuzzSettings &settings,
                  const AdaptKernel &adapt = {});

/// The largest size of integers with which all calls of a layer are exact,
/// whatever sums a plan takes first; 0 where there is none.
int64_t exactIntegers(const LayerSpec &spec, const FuzzSettings &settings);

} // namespace eqc

#endif // EQC_FUZZ_JUDGE_H
