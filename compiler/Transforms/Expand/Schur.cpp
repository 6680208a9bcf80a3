//===- Schur.cpp - The stages of the plan that schur stands for -----------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Plan/Schur/SchurChoice.h"
#include "compiler/Transforms/Expand/Expand.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

FailureOr<Value> eqc::expandSchur(OpBuilder &b, LinearOp op, PlanAttr plan,
                                  BuiltPlans &built) {
  const LayerSpec spec = getLayerOf(op);
  if (findBasis(plan.getBasis().str()) == SchurBasis::Strands) {
    const MemberLayer layer = membersOf(spec);
    return writeSharedStages(
        b, op, layer,
        withStrands(buildSharedPlan(layer.spec, ReadOrder::First), layer));
  }
  std::string refused;
  const std::shared_ptr<const IsotypicPlan> isotypic =
      getIsotypicPlan(spec, built, refused);
  if (!isotypic)
    return op.emitError() << "the isotypic plan of '" << spec.name
                          << "' is not possible: " << refused;
  return writeIsotypicStages(b, op, *isotypic);
}
