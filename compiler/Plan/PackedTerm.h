//===- PackedTerm.h - What kernels multiply by ------------------*- C++ -*-===//

#ifndef EQC_PLAN_PACKEDTERM_H
#define EQC_PLAN_PACKEDTERM_H

#include "compiler/Algebra/LayerSpec.h"

#include <vector>

namespace eqc {

/// The weights of `diagrams` as they are.
inline std::vector<PackedTerm> packedTermsOf(const std::vector<int> &diagrams) {
  std::vector<PackedTerm> terms;
  for (int diagram : diagrams)
    terms.push_back({{diagram, 1}});
  return terms;
}

/// Of each of `count` weights the terms that it is in, with its factors there.
std::vector<PackedTerm> transposedTerms(const std::vector<PackedTerm> &terms,
                                        size_t count);

/// Whether means over orbits of tuples are factors of the weights.
bool dividesByOrbits(const LayerSpec &spec);

/// Sums over the diagrams of `layer` as sums over its weights. What cancels is
/// left out. Means over orbits of tuples are factors of the weights.
std::vector<PackedTerm> inWeights(const MemberLayer &layer,
                                  std::vector<PackedTerm> terms);

} // namespace eqc

#endif // EQC_PLAN_PACKEDTERM_H
