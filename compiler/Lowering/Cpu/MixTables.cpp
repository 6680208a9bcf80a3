//===- MixTables.cpp - The tables of a channel mix ------------------------===//

#include "compiler/Lowering/Cpu/MixTables.h"

using namespace eqc;
using namespace mlir;

MixTables::MixTables(KernelBuilder &kernel, const MixStage &stage,
                     int64_t firstTerm)
    : targets(9), nodeInits(1 + stage.kept), inputTerms(2 + stage.kept),
      storedTerms(2 + stage.kept), kernel(kernel), stage(stage) {
  auto addView = [](IndexTable &table, const RowView &view,
                    std::vector<Poly> row) {
    row.insert(row.end(), view.strides.begin(), view.strides.end());
    table.addRow(std::move(row));
  };
  int64_t packed = firstTerm;
  for (const MixTarget &t : stage.targets) {
    std::vector<Poly> row{t.target.offset};
    auto range = [&](const IndexTable &table) {
      row.push_back(Poly(table.size()));
    };
    range(nodeInits);
    for (const RowView &init : t.inits)
      if (init.array == PlanArray::Nodes)
        addView(nodeInits, init, {init.offset});
    range(nodeInits);
    range(inputTerms);
    for (const MixTerm &term : t.fromInput)
      addView(inputTerms, term.view, {term.view.offset, Poly(packed++)});
    range(inputTerms);
    range(storedTerms);
    for (const MixTerm &term : t.fromStored)
      addView(storedTerms, term.view, {term.view.offset, Poly(packed++)});
    range(storedTerms);
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
  }
  for (IndexTable *table : {&targets, &nodeInits, &inputTerms, &storedTerms})
    table->materialize(kernel);
}

Value MixTables::rowAt(Value offset, ArrayRef<Value> index,
                       function_ref<Value(int)> strideOf) const {
  Value row = offset;
  for (int a = 0; a < stage.kept; ++a)
    row = kernel.add(row, kernel.mul(index[a], strideOf(a)));
  if (stage.subsets > 1)
    row = kernel.add(row, index.back());
  return row;
}

Value MixTables::rowStep(function_ref<Value(int)> strideOf) const {
  if (stage.subsets > 1)
    return kernel.index(1);
  return stage.kept == 0 ? kernel.index(0) : strideOf(stage.kept - 1);
}

std::pair<Value, Value> MixTables::biasOf(Value target) const {
  return {targets.get(kernel, target, kBias),
          targets.get(kernel, target, kNumBias)};
}

Value MixTables::targetStride(int axis) const {
  return kernel.poly(stage.targets.front().target.strides[axis]);
}

int64_t MixTables::mostTerms(int64_t rangeField) const {
  size_t most = 0;
  for (const MixTarget &target : stage.targets)
    most = std::max(most, rangeField == kInputTerms ? target.fromInput.size()
                                                    : target.fromStored.size());
  return static_cast<int64_t>(most);
}

SmallVector<Value> MixTables::extents() const {
  SmallVector<Value> extents(stage.kept, kernel.poly(Poly::power(1)));
  if (stage.subsets > 1)
    extents.push_back(kernel.index(stage.subsets));
  return extents;
}
