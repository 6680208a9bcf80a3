//===- WalkNest.h - What writing output patterns computes -------*- C++ -*-===//
//
// target[row of the letters] += sign * source[inner of the letters], for all
// values of the letters and all terms of a walk
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_WALKNEST_H
#define EQC_LOWERING_NESTS_WALKNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Walk.h"

namespace eqc {

/// Walks meet in the same rows of the target, so nothing here is parallel but
/// channels and samples. Letters of a walk carry their extents in its row: n,
/// n/2 for the planes of a symplectic pair, and 1 to pad shorter walks.
struct WalkNest {
  explicit WalkNest(const std::vector<const Walk *> &walks);

  /// Fields of `walks`; those of every letter follow, LetterField each.
  enum WalkField : int64_t { kFirstTerm, kEndTerm, kLetters };
  enum LetterField : int64_t {
    kExtent,
    kTargetStride,
    kSourceStride,
    kNumLetterFields,
  };
  enum TermField : int64_t {
    kTargetOffset,
    kSourceOffset,
    kSign,
    kNumTermFields,
  };
  static int64_t fieldOf(int64_t letter, LetterField field) {
    return kLetters + kNumLetterFields * letter + field;
  }

  int64_t letters = 0; ///< of the longest walk
  Table walks, terms;
  bool hasSigns = false; ///< whether any sign is negative
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_WALKNEST_H
