//===- Generate.h - Random programs ------------------------------*- C++
//-*-===//

#ifndef EQC_FUZZ_GENERATE_H
#define EQC_FUZZ_GENERATE_H

#include "compiler/Fuzz/FuzzProgram.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eqc {

struct GenerateOptions {
  /// Groups as sources name them, "O(p,q)" and "SO(p,q)" for those of any
  /// signature, to choose from; none: all.
  std::vector<std::string> groups;
  /// Plans to choose from; none: auto, and each by name.
  std::vector<std::string> plans;
  std::string target; ///< a kind of device, or empty
};

/// The names that `groups` may have.
const std::vector<std::string> &fuzzedGroups();

/// A legal program whose definition is quickly evaluated: the same for the same
/// seed and options, everywhere.
FuzzProgram generate(uint64_t seed, const GenerateOptions &options);

} // namespace eqc

#endif // EQC_FUZZ_GENERATE_H
