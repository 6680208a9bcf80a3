//===- RowsNest.cpp - What a sparse change of basis computes --------------===//

#include "compiler/Lowering/Nests/RowsNest.h"

#include <algorithm>

using namespace eqc;

RowsNest::RowsNest(const RowComponentClass &shape)
    : numSources(shape.numSources),
      numTargets(static_cast<int64_t>(shape.pattern.size())),
      pattern(shape.pattern), components(numSources + numTargets) {
  for (const std::vector<int> &row : pattern)
    numTerms += static_cast<int64_t>(row.size());
  const std::vector<double> &first = shape.components.front().coefficients;
  alike = std::all_of(shape.components.begin(), shape.components.end(),
                      [&](const RowComponent &component) {
                        return component.coefficients == first;
                      });
  for (const RowComponent &component : shape.components) {
    std::vector<Poly> row(component.sources.begin(), component.sources.end());
    row.insert(row.end(), component.targets.begin(), component.targets.end());
    components.addRow(std::move(row));
    if (!alike || coefficients.empty())
      coefficients.insert(coefficients.end(), component.coefficients.begin(),
                          component.coefficients.end());
  }
}

RowSumsNest::RowSumsNest(const RowComponentClass &shape)
    : targets(kNumTargetFields), terms(1), most(shape.numSources) {
  for (const RowComponent &component : shape.components) {
    coefficients.insert(coefficients.end(), component.coefficients.begin(),
                        component.coefficients.end());
    for (size_t t = 0; t < shape.pattern.size(); ++t) {
      const int64_t first = terms.size();
      for (int s : shape.pattern[t])
        terms.addRow({Poly(component.sources[static_cast<size_t>(s)])});
      targets.addRow(
          {Poly(component.targets[t]), Poly(first), Poly(terms.size())});
    }
  }
}
