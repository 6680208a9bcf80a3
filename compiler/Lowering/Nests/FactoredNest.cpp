//===- FactoredNest.cpp - What the published algorithm computes -----------===//

#include "compiler/Lowering/Nests/FactoredNest.h"

#include <algorithm>

using namespace eqc;

static int64_t mostDiagonalAxes(const FactoredPlan &plan) {
  size_t most = 0;
  for (const FactoredSteps &steps : plan.diagrams)
    for (const DiagonalStep &step : steps.diagonals)
      most = std::max(most, step.strides.size());
  return static_cast<int64_t>(most);
}

static std::vector<const Walk *> walksOf(const FactoredPlan &plan) {
  std::vector<const Walk *> walks;
  for (const FactoredSteps &steps : plan.diagrams)
    walks.push_back(&steps.write);
  return walks;
}

FactoredNest::FactoredNest(const FactoredPlan &plan)
    : input(axesOf(plan.inputLengths)), mixedLengths(plan.mixedLengths),
      axes(mostDiagonalAxes(plan)),
      diagrams(kPermute + plan.k + 2 * axes + (mixedLengths ? plan.k : 0)),
      // Spaces matter to means alone.
      contractions(plan.lengths.size() > 1 ? kNumContractionFields : kSpace),
      leviCivita(kNumLeviCivitaFields), write(walksOf(plan)) {
  LeviCivitaRanges ranges;
  for (const auto &[which, entries] : plan.leviCivita) {
    const int64_t first = leviCivita.size();
    for (const LeviCivitaEntry &entry : entries)
      leviCivita.addRow(
          {Poly(entry.target), Poly(entry.source), Poly(entry.sign)});
    ranges[which] = {first, leviCivita.size()};
  }
  for (const FactoredSteps &steps : plan.diagrams)
    addDiagram(steps, ranges);
}

void FactoredNest::addDiagram(const FactoredSteps &steps,
                              const LeviCivitaRanges &ranges) {
  std::vector<Poly> row(kPermute);
  row[kFirstContraction] = Poly(contractions.size());
  for (const Contraction &c : steps.contractions)
    contractions.addRow({c.source, c.target, c.left, c.right, c.leftStride,
                         c.extent, c.minusExtent, c.stride, c.plus, c.minus,
                         Poly(c.space)});
  row[kEndContraction] = Poly(contractions.size());
  for (const LeviCivitaStep &step : steps.leviCivita) {
    row[kZeroRows] = step.targetRows;
    const auto &[first, end] = ranges.at({step.space, step.top});
    row[kFirstLeviCivita] = Poly(first);
    row[kEndLeviCivita] = Poly(end);
    row[kLeviCivitaKept] = step.kept;
    row[kLeviCivitaSource] = step.source;
    row[kLeviCivitaTarget] = step.target;
  }
  row[kMixSource] = steps.mixSource;
  row[kMixRows] = steps.mixRows;
  row.insert(row.end(), steps.permute.begin(), steps.permute.end());
  std::vector<Poly> strides(axes), extents(axes, Poly(1));
  for (const DiagonalStep &step : steps.diagonals) {
    row[kDiagonals] = Poly(1);
    row[kDiagonalSource] = step.source;
    row[kDiagonalTarget] = step.target;
    std::copy(step.strides.begin(), step.strides.end(), strides.begin());
    std::copy(step.extents.begin(), step.extents.end(), extents.begin());
  }
  row.insert(row.end(), strides.begin(), strides.end());
  row.insert(row.end(), extents.begin(), extents.end());
  if (mixedLengths)
    row.insert(row.end(), steps.permuteExtents.begin(),
               steps.permuteExtents.end());
  diagrams.addRow(std::move(row));
}
