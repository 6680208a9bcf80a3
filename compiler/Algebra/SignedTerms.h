//===- SignedTerms.h - What is spelled out for signs ------------*- C++ -*-===//
//
// The work that diagrams with signs are, counted before any is done.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_SIGNEDTERMS_H
#define EQC_ALGEBRA_SIGNEDTERMS_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <vector>

namespace eqc {

/// How many signed terms the row patterns of some diagrams have together,
/// equal patterns counted once: a Levi-Civita symbol over f free vertices has
/// n (n-1) .. (n-f+1) entries, the symplectic form on each dropped pair two,
/// one with a signature n. Plans spell these out, so they bound the work of a
/// compilation. 2^63 - 1 at most.
int64_t countSignedTerms(const std::vector<Diagram> &diagrams, Group group,
                         int64_t n);

} // namespace eqc

#endif // EQC_ALGEBRA_SIGNEDTERMS_H
