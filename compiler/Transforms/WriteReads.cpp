//===- WriteReads.cpp - The reads of a plan as operations -----------------===//

#include "compiler/Transforms/WriteReads.h"
#include "dialect/Eqc/EqcStages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

void PatternHolders::add(Value value, ArrayRef<RowPattern> patterns) {
  for (const RowPattern &pattern : patterns)
    place[pattern] = values.size();
  values.push_back(value);
}

SmallVector<Value> PatternHolders::of(ArrayRef<RowPattern> used) const {
  SmallVector<bool> wanted(values.size(), false);
  for (const RowPattern &pattern : used)
    wanted[place.at(pattern)] = true;
  SmallVector<Value> result;
  for (auto [value, want] : llvm::zip(values, wanted))
    if (want)
      result.push_back(value);
  return result;
}

void ReadWriter::write(const SharedPlan &plan, const ReadStage &stage) {
  std::vector<RowPattern> patterns, sources;
  for (const ReadEntry &entry : stage.entries) {
    patterns.push_back(plan.stored[entry.stored]);
    sources.push_back(entry.parent);
  }
  const bool fromX = stage.source == PlanArray::Input;
  SmallVector<Value> from;
  if (!fromX)
    from = reads.of(sources);
  auto xType = cast<RankedTensorType>(x.getType());
  auto type = RankedTensorType::get({xType.getDimSize(0),
                                     *getRows(patterns, plan.group, plan.n),
                                     xType.getDimSize(2)},
                                    xType.getElementType());
  MLIRContext *context = b.getContext();
  reads.add(ReadOp::create(b, loc, type, fromX ? x : Value(), from, group, n,
                           getPatternArrayAttr(context, patterns),
                           getPatternArrayAttr(context, sources), normalize,
                           pool),
            patterns);
}
