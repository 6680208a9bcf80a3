//===- OrderContractions.cpp - Cheapest order of Kronecker factors --------===//
//
// Contracting a block of inputs leaves a smaller tensor for the next one, so
// the order matters. The cost is exact: additions per sample and channel.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/Passes.h"
#include "dialect/Eqc/EqcOps.h"

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
    op.emitRemark() << reordered << " of " << forms.size()
                    << " diagrams contract in another order: " << after
                    << " additions per sample and channel instead of " << before
                    << (op.hasDynamicN() ? " at n = 8" : "");
  }
};

} // namespace
