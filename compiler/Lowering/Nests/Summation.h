//===- Summation.h - How many terms are added in a row ----------*- C++ -*-===//
//
// What keeps errors of sums small, on every target: sums in blocks of so many
// terms, the same wherever a sum is taken, so that its bits are the same too.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_SUMMATION_H
#define EQC_LOWERING_NESTS_SUMMATION_H

#include <cstdint>

namespace eqc {

/// So many terms are added one after the other. The roundings of equal terms
/// come to a third of that at most.
constexpr int64_t kTermsOfBlock = 64;
/// As many may be, where that saves a block: their roundings still come to less
/// than 8 + log2 of as many.
constexpr int64_t kMostTermsOfBlock = 84;

/// So many are added to a sum that may be large already, every one of them with
/// a rounding of all of it.
constexpr int64_t kTermsOnTop = 24;

} // namespace eqc

#endif // EQC_LOWERING_NESTS_SUMMATION_H
