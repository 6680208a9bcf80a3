//===- PackedTerm.h - What kernels multiply by ------------------*- C++ -*-===//

#ifndef EQC_PLAN_PACKEDTERM_H
#define EQC_PLAN_PACKEDTERM_H

#include "compiler/Algebra/LayerSpec.h"

#include <vector>

namespace eqc {

/// `factor` times the weight of a diagram.
struct WeightedDiagram {
  int diagram = 0;
  double factor = 1;
};

/// One matrix of c_in x c_out in the packed weights: a sum over diagrams. It is
/// empty where a layer leaves diagrams out.
using PackedTerm = std::vector<WeightedDiagram>;

/// The weights of `diagrams` as they are.
inline std::vector<PackedTerm> packedTermsOf(const std::vector<int> &diagrams) {
  std::vector<PackedTerm> terms;
  for (int diagram : diagrams)
    terms.push_back({{diagram, 1}});
  return terms;
}

/// The same of the members of orbits, which are multiples of weights.
inline std::vector<PackedTerm>
packedTermsOf(const std::vector<SignedWeight> &members) {
  std::vector<PackedTerm> terms;
  for (const SignedWeight &member : members)
    terms.push_back({{member.number, double(member.sign)}});
  return terms;
}

/// Of each of `count` weights the terms that it is in, with its factors there.
std::vector<PackedTerm> transposedTerms(const std::vector<PackedTerm> &terms,
                                        size_t count);

/// Sums over the diagrams of `layer` as sums over its weights. What cancels is
/// left out. Means over orbits of tuples are factors of the weights.
std::vector<PackedTerm> inWeights(const MemberLayer &layer,
                                  std::vector<PackedTerm> terms);

} // namespace eqc

#endif // EQC_PLAN_PACKEDTERM_H
