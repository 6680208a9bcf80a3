//===- OrderContractions.cpp - Cheapest order of contractions -------------===//
//
// Contracting a block of inputs leaves a smaller tensor for the next one, so
// the order matters: that of the Kronecker factors of a single diagram, and
// through which patterns those that many diagrams share are read. The cost is
// exact: additions per sample and channel.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Shared/ReadPlan.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/WriteReads.h"

namespace eqc {
#define GEN_PASS_DEF_ORDERCONTRACTIONSPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

/// Stands for `n = ?`: which order is cheapest does not depend on n from 2 on,
/// since larger blocks always come first.
static constexpr int64_t kSomeN = 8;

namespace {

struct OrderContractions
    : eqc::impl::OrderContractionsPassBase<OrderContractions> {
  void runOnOperation() override {
    getOperation().walk([&](ApplyOp op) { order(op); });
    if (!getOperation().isDeclaration())
      orderReads();
  }

  /// The input patterns that mixes of the function use, each once.
  std::vector<RowPattern> patternsOfMixes() {
    std::set<RowPattern> used;
    for (MixOp mix : getOperation().getOps<MixOp>())
      for (const Diagram &diagram : mix.getDiagramValues())
        if (RowPattern bottom = splitDiagram(diagram).bottom; !isView(bottom))
          used.insert(std::move(bottom));
    return {used.begin(), used.end()};
  }

  /// The additions of all reads of a plan.
  static Poly additionsOf(const SharedPlan &plan) {
    Poly additions;
    for (const StageCost &stage : costOf(plan).stages)
      additions += stage.additions;
    return additions;
  }

  /// Reads what the mixes need anew where that takes fewer additions. All reads
  /// are of one layer's input: a contract, not checked here, so a function that
  /// breaks it is left as it is.
  void orderReads() {
    auto ops = getOperation().getOps<ReadOp>();
    SmallVector<ReadOp> reads(ops.begin(), ops.end());
    if (reads.empty() || !reads.front().getX())
      return;
    ReadOp first = reads.front();
    const int k = first.getPatternValues().front().size();
    const bool mean = first.getNormalize() == Normalize::Mean;
    SharedGeometry before(first.getGroup(), first.getN(), k, 0, mean);
    for (ReadOp op : reads) {
      if (op.getGroup() != first.getGroup() || op.getN() != first.getN() ||
          op.getNormalize() != first.getNormalize() ||
          (op.getX() && op.getX() != first.getX()) ||
          !llvm::all_of(op->getUsers(), llvm::IsaPred<ReadOp, MixOp>))
        return;
      for (const RowPattern &pattern : op.getPatternValues())
        before.addStored(pattern);
    }
    for (ReadOp op : reads) {
      ReadStage stage;
      for (auto [pattern, source] :
           llvm::zip(op.getPatternValues(), op.getSourceValues()))
        stage.entries.push_back(before.makeRead(pattern, source));
      before.plan.stages.push_back(std::move(stage));
    }
    SharedGeometry after(first.getGroup(), first.getN(), k, 0, mean);
    addReads(after, patternsOfMixes());
    const int64_t n = first.getN() < 0 ? kSomeN : first.getN();
    const int64_t given = countAt(additionsOf(before.plan), n);
    const int64_t least = countAt(additionsOf(after.plan), n);
    InFlightDiagnostic remark = emitRemark(first.getLoc());
    remark << "reading input patterns takes " << std::min(given, least)
           << " additions per sample and channel"
           << (first.getN() < 0 ? ", at n = 8" : "");
    if (least >= given) {
      remark << ", as few as any way";
      return;
    }
    remark << " instead of " << given;
    rewriteReads(reads, after.plan);
    ++numReadsOrdered;
  }

  void rewriteReads(ArrayRef<ReadOp> reads, const SharedPlan &plan) {
    ReadOp first = reads.front();
    OpBuilder b(first);
    ReadWriter writer(b, first.getLoc(), first.getX(), first.getGroupAttr(),
                      first.getNAttr(), first.getNormalizeAttr());
    for (const SharedStage &stage : plan.stages)
      writer.write(plan, std::get<ReadStage>(stage));
    for (MixOp mix : getOperation().getOps<MixOp>()) {
      std::vector<RowPattern> bottoms;
      for (const Diagram &diagram : mix.getDiagramValues())
        if (RowPattern bottom = splitDiagram(diagram).bottom; !isView(bottom))
          bottoms.push_back(std::move(bottom));
      mix.getReadsMutable().assign(writer.holders(bottoms));
    }
    for (ReadOp op : llvm::reverse(reads))
      op.erase();
  }

  void order(ApplyOp op) {
    const int64_t n = op.hasDynamicN() ? kSomeN : op.getN();
    uint64_t before = 0, after = 0; // saturating
    int64_t reordered = 0;
    SmallVector<Attribute> forms;
    for (FactoredAttr form : op.getFactored().getAsRange<FactoredAttr>()) {
      FactoredDiagram factored = form.getValue(static_cast<int>(op.getL()),
                                               static_cast<int>(op.getK()));
      const long long cost = exactAdditions(factored, op.getGroup(), n);
      const std::vector<int> given = factored.contractionOrder;
      factored.contractionOrder =
          cheapestContractionOrder(factored, op.getGroup(), n);
      const long long least = exactAdditions(factored, op.getGroup(), n);
      // Of orders that cost the same the given one stays.
      if (least >= cost)
        factored.contractionOrder = given;
      before = llvm::SaturatingAdd<uint64_t>(before, cost);
      after = llvm::SaturatingAdd<uint64_t>(after, std::min(cost, least));
      reordered += least < cost;
      forms.push_back(FactoredAttr::get(&getContext(), factored));
    }
    op.setFactoredAttr(ArrayAttr::get(&getContext(), forms));
    numReordered += reordered;
    numKept += static_cast<int64_t>(forms.size()) - reordered;
    emitRemark(op.getLoc()) << reordered << " of " << forms.size()
                            << " diagrams contract in another order: " << after
                            << " additions per sample and channel instead of "
                            << before << (op.hasDynamicN() ? " at n = 8" : "");
  }
};

} // namespace
