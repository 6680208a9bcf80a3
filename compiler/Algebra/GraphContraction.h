//===- GraphContraction.h - Summing the letters of a graph map --*- C++ -*-===//

#ifndef EQC_ALGEBRA_GRAPHCONTRACTION_H
#define EQC_ALGEBRA_GRAPHCONTRACTION_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace eqc {

/// A set of letters.
using Letters = uint32_t;
inline Letters bit(int letter) { return Letters(1) << letter; }

/// What is left of one side of a graph map while its letters are summed: the
/// letters of the tensor that x has become, and factors that have no part in it
/// yet, edges joined by letters that no tensor has.
class Contraction {
public:
  struct Factor {
    std::vector<LetterEdge> edges;
    Letters around = 0; ///< letters that are not summed in it
    Letters summed = 0;
  };

  Contraction(Letters row, const std::vector<LetterEdge> &edges) : tensor(row) {
    for (const LetterEdge &edge : edges)
      factors.push_back({{edge}, bit(edge.first) | bit(edge.second), 0});
  }

  /// Sums a letter. Where the tensor has it this is a step of the tensor, of
  /// the factors that it returns; else a factor of constants.
  std::optional<Factor> sum(int letter) {
    Factor joined;
    for (size_t f = 0; f < factors.size();)
      if (factors[f].around & bit(letter))
        join(joined, f);
      else
        ++f;
    joined.summed |= bit(letter);
    joined.around &= ~bit(letter);
    if (!(tensor & bit(letter))) {
      factors.push_back(std::move(joined));
      return std::nullopt;
    }
    if (!joined.edges.empty()) {
      // Further factors of the same letters make the step thinner.
      const Letters all = tensor | joined.around;
      for (size_t f = 0; f < factors.size();)
        if ((factors[f].around & ~all) == 0)
          join(joined, f);
        else
          ++f;
    }
    tensor = (tensor | joined.around) & ~bit(letter);
    joined.summed &= ~bit(letter); // what it alone sums
    return joined;
  }

  /// All factors that are left, as one step.
  std::optional<Factor> rest() {
    if (factors.empty())
      return std::nullopt;
    Factor joined;
    while (!factors.empty())
      join(joined, 0);
    tensor |= joined.around;
    return joined;
  }

  Letters tensor;
  std::vector<Factor> factors;

private:
  void join(Factor &into, size_t f) {
    Factor &from = factors[f];
    into.edges.insert(into.edges.end(), from.edges.begin(), from.edges.end());
    into.around |= from.around;
    into.summed |= from.summed;
    factors.erase(factors.begin() + static_cast<std::ptrdiff_t>(f));
  }
};

} // namespace eqc

#endif // EQC_ALGEBRA_GRAPHCONTRACTION_H
