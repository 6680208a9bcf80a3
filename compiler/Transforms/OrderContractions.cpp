//===- OrderContractions.cpp - Cheapest order of contractions -------------===//
//
// Contracting a block of inputs leaves a smaller tensor for the next one, so
// the order matters: that of the Kronecker factors of a single diagram, and
// through which patterns those that many diagrams share are read. The cost is
// exact: additions per sample and channel.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/FactoredStages.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Shared/ReadPlan.h"
#include "compiler/Transforms/Expand/Expand.h"
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
    if (getOperation().isDeclaration())
      return;
    Block &body = getOperation().front();
    if (!body.getOps<MixEachOp>().empty()) {
      if (failed(orderFactors(body)))
        signalPassFailure();
      return;
    }
    orderReads();
  }

  /// The input patterns that a mix uses and that are not views of x.
  static std::vector<RowPattern> patternsOf(MixOp mix) {
    std::vector<RowPattern> patterns;
    for (const Diagram &diagram : mix.getDiagramValues())
      if (RowPattern bottom = splitDiagram(diagram).bottom; !isView(bottom))
        patterns.push_back(std::move(bottom));
    return patterns;
  }

  /// Those of all mixes of the function, each once.
  std::vector<RowPattern> patternsOfMixes() {
    std::set<RowPattern> used;
    for (MixOp mix : getOperation().getOps<MixOp>())
      for (RowPattern &pattern : patternsOf(mix))
        used.insert(std::move(pattern));
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
    LayerSpec row;
    row.group = first.getGroup();
    row.n = first.getN();
    row.k = first.getPatternValues().front().size();
    row.xAxes = axesOf(first.getGroup(), first.getPatternValues().front());
    row.normalize = first.getNormalize();
    row.pool = first.getPool();
    SharedGeometry before(row);
    for (ReadOp op : reads) {
      if (op.getGroup() != first.getGroup() || op.getN() != first.getN() ||
          op.getNormalize() != first.getNormalize() ||
          op.getPool() != first.getPool() ||
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
    SharedGeometry after(row);
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
                      first.getNAttr(), first.getNormalizeAttr(),
                      first.getPoolAttr());
    for (const SharedStage &stage : plan.stages)
      writer.write(plan, std::get<ReadStage>(stage));
    for (MixOp mix : getOperation().getOps<MixOp>())
      mix.getReadsMutable().assign(writer.holders(patternsOf(mix)));
    for (ReadOp op : llvm::reverse(reads))
      op.erase();
  }

  /// Contracts the Kronecker factors of each diagram in the cheapest order.
  LogicalResult orderFactors(Block &body) {
    auto outputs = body.getOps<FromRowsOp>();
    if (outputs.empty())
      return getOperation().emitError("a layer that is factored must end with "
                                      "'eqc.from_rows'");
    FailureOr<FactoredStages> stages =
        findFactoredStages(getOperation(), (*outputs.begin()).getRows());
    if (failed(stages))
      return failure();
    FailureOr<std::vector<FactoredDiagram>> forms = readFactoredForms(*stages);
    if (failed(forms))
      return failure();
    MixEachOp mix = stages->mix;
    const Group group = mix.getGroup();
    const int64_t n = mix.getN() < 0 ? kSomeN : mix.getN();
    uint64_t before = 0, after = 0; // saturating
    int64_t reordered = 0;
    for (FactoredDiagram &form : *forms) {
      const long long cost = exactAdditions(form, group, n);
      const std::vector<int> given = form.contractionOrder;
      form.contractionOrder = cheapestContractionOrder(form, group, n);
      const long long least = exactAdditions(form, group, n);
      // Of orders that cost the same the given one stays.
      if (least >= cost)
        form.contractionOrder = given;
      before = llvm::SaturatingAdd<uint64_t>(before, cost);
      after = llvm::SaturatingAdd<uint64_t>(after, std::min(cost, least));
      reordered += least < cost;
    }
    if (reordered > 0) {
      OpBuilder b(mix);
      const auto normalize =
          NormalizeAttr::get(&getContext(), stages->normalize());
      mix.getSourceMutable().assign(
          writeContractions(b, stages->toPlanar, *forms, normalize));
      for (ContractOp op : llvm::reverse(stages->contractions))
        op.erase();
    }
    numReordered += reordered;
    numKept += static_cast<int64_t>(forms->size()) - reordered;
    emitRemark(mix.getLoc()) << reordered << " of " << forms->size()
                             << " diagrams contract in another order: " << after
                             << " additions per sample and channel instead of "
                             << before << (mix.getN() < 0 ? " at n = 8" : "");
    return success();
  }
};

} // namespace
