//===- MixNest.cpp - What a channel mix computes --------------------------===//

#include "compiler/Lowering/Nests/MixNest.h"

#include <algorithm>

using namespace eqc;

/// A row of fields and the strides of a view.
static void addView(Table &table, const RowView &view, std::vector<Poly> row) {
  row.insert(row.end(), view.strides.begin(), view.strides.end());
  table.addRow(std::move(row));
}

MixNest::MixNest(const MixStage &stage, int64_t firstTerm)
    : target(stage.target), axes(axesOf(stage.lengths)), strided(stage.kept),
      targetStrides(stage.targets.front().target.strides),
      targets(kNumTargetFields), nodeInits(kInitStrides + stage.kept),
      inputTerms(kTermStrides + stage.kept),
      storedTerms(kTermStrides + stage.kept) {
  if (stage.subsets > 1)
    axes.push_back({Poly(stage.subsets)});
  int64_t packed = firstTerm;
  for (const MixTarget &t : stage.targets) {
    std::vector<Poly> row{t.target.offset};
    auto mark = [&](const Table &table) { row.push_back(Poly(table.size())); };
    mark(nodeInits);
    for (const RowView &init : t.inits)
      if (init.array == PlanArray::Nodes)
        addView(nodeInits, init, {init.offset});
    mark(nodeInits);
    mark(inputTerms);
    for (const MixTerm &term : t.fromInput)
      addView(inputTerms, term.view, {term.view.offset, Poly(packed++)});
    mark(inputTerms);
    mark(storedTerms);
    for (const MixTerm &term : t.fromStored)
      addView(storedTerms, term.view, {term.view.offset, Poly(packed++)});
    mark(storedTerms);
    // At most one bias row per target.
    Poly bias, numBias;
    for (const RowView &init : t.inits)
      if (init.array == PlanArray::Bias) {
        bias = init.offset;
        numBias = Poly(1);
        hasBias = true;
      }
    row.insert(row.end(), {bias, numBias});
    targets.addRow(std::move(row));
    mostFromInput = std::max<int64_t>(mostFromInput, t.fromInput.size());
    mostFromStored = std::max<int64_t>(mostFromStored, t.fromStored.size());
  }
}
