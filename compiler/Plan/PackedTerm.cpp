//===- PackedTerm.cpp - What kernels multiply by --------------------------===//

#include "compiler/Plan/PackedTerm.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace eqc;

std::vector<PackedTerm>
eqc::transposedTerms(const std::vector<PackedTerm> &terms, size_t count) {
  std::vector<PackedTerm> weights(count);
  for (size_t t = 0; t < terms.size(); ++t)
    for (const WeightedDiagram &weighted : terms[t])
      weights[static_cast<size_t>(weighted.diagram)].push_back(
          {static_cast<int>(t), weighted.factor});
  return weights;
}

bool eqc::dividesByOrbits(const LayerSpec &spec) {
  return spec.normalize == Normalize::Mean &&
         std::any_of(
             spec.diagrams.begin(), spec.diagrams.end(),
             [](const Diagram &diagram) { return diagram.orbit.exists(); });
}

std::vector<PackedTerm> eqc::inWeights(const MemberLayer &layer,
                                       std::vector<PackedTerm> terms) {
  const bool divides = dividesByOrbits(layer.spec);
  if (!layer.sumsWeights && !divides)
    return terms;
  for (PackedTerm &term : terms) {
    PackedTerm sum;
    double largest = 0;
    std::map<int, size_t> numbers;
    for (const WeightedDiagram &weighted : term)
      for (const WeightedDiagram &weight : layer.weights[weighted.diagram]) {
        double factor = weight.factor * weighted.factor;
        if (divides)
          factor /= static_cast<double>(
              layer.spec.diagrams[weighted.diagram].orbit.divisor);
        largest = std::max(largest, std::abs(factor));
        const auto [known, isNew] =
            numbers.try_emplace(weight.diagram, sum.size());
        if (isNew)
          sum.push_back({weight.diagram, factor});
        else
          sum[known->second].factor += factor;
      }
    term.clear();
    for (const WeightedDiagram &weighted : sum)
      if (std::abs(weighted.factor) > 1e-13 * largest)
        term.push_back(weighted);
  }
  return terms;
}
