//===- EntryNest.cpp - The entries of dense matrices ----------------------===//

#include "compiler/Lowering/Nests/EntryNest.h"

#include <algorithm>

using namespace eqc;

template <typename Size>
static int64_t most(const std::vector<DenseEntry> &list, const Size &size) {
  size_t most = 0;
  for (const DenseEntry &entry : list)
    most = std::max(most, size(entry));
  return static_cast<int64_t>(most);
}

EntryNest::EntryNest(const DensePlan &plan, const std::vector<DenseEntry> &list)
    : letters(most(list, [](const auto &e) { return e.letters.size(); })),
      signedVertices(
          most(list, [](const auto &e) { return e.signedVertices.size(); })),
      diagrams(kLetters + kNumLetterFields * letters + 2 * signedVertices),
      terms(kValues + signedVertices) {
  bool isScaled = false;
  for (const DenseEntry &entry : list) {
    const WeightedDiagram &weight = entry.weight;
    sharesWeights |= weight.diagram != diagrams.size();
    scales.push_back(weight.factor / (plan.mean ? entry.divisor : 1.0));
    isScaled |= weight.factor != 1 || (plan.mean && entry.divisor != 1);
    weights.addRow({Poly(static_cast<int64_t>(weight.diagram))});
    std::vector<Poly> row{Poly(entry.firstTerm), Poly(entry.endTerm)};
    std::vector<DenseLetter> padded = entry.letters;
    padded.resize(static_cast<size_t>(letters));
    for (const DenseLetter &letter : padded)
      row.insert(row.end(), {Poly(letter.extent), Poly(letter.step.row),
                             Poly(letter.step.column)});
    for (const DenseStep &step : entry.signedVertices)
      row.insert(row.end(), {Poly(step.row), Poly(step.column)});
    diagrams.addRow(std::move(row));
  }
  if (!isScaled)
    scales.clear();
  for (const DenseTerm &term : plan.terms) {
    std::vector<Poly> row{Poly(term.sign)};
    // Terms of more vertices than any of these diagrams has are not used.
    for (size_t v = 0;
         v < term.values.size() && v < static_cast<size_t>(signedVertices); ++v)
      row.push_back(Poly(term.values[v]));
    terms.addRow(std::move(row));
  }
}
