//===- WriteReads.cpp - The reads of a plan as operations -----------------===//

#include "compiler/Transforms/WriteReads.h"
#include "dialect/Eqc/EqcStages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

void ReadWriter::write(const SharedPlan &plan, const ReadStage &stage) {
  std::vector<RowPattern> patterns, sources;
  for (const ReadEntry &entry : stage.entries) {
    patterns.push_back(plan.stored[entry.stored]);
    sources.push_back(entry.parent);
  }
  const bool fromX = stage.source == PlanArray::Input;
  SmallVector<Value> from;
  if (!fromX)
    from = holders(sources);
  for (const RowPattern &pattern : patterns)
    place[pattern] = reads.size();
  auto xType = cast<RankedTensorType>(x.getType());
  auto type = RankedTensorType::get(
      {xType.getDimSize(0), *getRows(patterns, plan.n), xType.getDimSize(2)},
      xType.getElementType());
  MLIRContext *context = b.getContext();
  reads.push_back(ReadOp::create(b, loc, type, fromX ? x : Value(), from, group,
                                 n, getPatternArrayAttr(context, patterns),
                                 getPatternArrayAttr(context, sources),
                                 normalize));
}

SmallVector<Value> ReadWriter::holders(ArrayRef<RowPattern> used) const {
  SmallVector<bool> wanted(reads.size(), false);
  for (const RowPattern &pattern : used)
    wanted[place.at(pattern)] = true;
  SmallVector<Value> result;
  for (auto [read, want] : llvm::zip(reads, wanted))
    if (want)
      result.push_back(read);
  return result;
}
