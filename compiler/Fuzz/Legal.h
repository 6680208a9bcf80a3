//===- Legal.h - Programs that can be judged --------------------*- C++ -*-===//
//
// What the generator asks of a program: is it one of the language, and is its
// definition quickly evaluated?
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FUZZ_LEGAL_H
#define EQC_FUZZ_LEGAL_H

#include "compiler/Algebra/Random.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Fuzz/FuzzProgram.h"

#include <optional>
#include <vector>

namespace eqc {

/// Random choices.
struct Choose {
  Random random;

  explicit Choose(uint64_t seed) : random(seed) {}
  int64_t below(int64_t bound) { return random.below(bound); }
  bool oneIn(int64_t count) { return below(count) == 0; }
  template <typename T> T of(const std::vector<T> &items) {
    return items[static_cast<size_t>(
        below(static_cast<int64_t>(items.size())))];
  }
};

/// What the front end makes of a source.
FrontendResult readSource(const std::string &source, bool ragged = false);

/// The last layer of a legal program; nothing where it is not legal or the
/// layer is too large to be judged on some call.
std::optional<LayerSpec> lastLayer(const FuzzProgram &program,
                                   const FuzzSettings &settings);

/// Whether some layer has functions for ragged batches.
bool mayBeRagged(const FuzzProgram &program);

/// Lowers batches until the definition takes a moment for each layer.
void lowerBatches(FuzzProgram &program);

} // namespace eqc

#endif // EQC_FUZZ_LEGAL_H
