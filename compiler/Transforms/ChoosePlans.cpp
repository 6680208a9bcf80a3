//===- ChoosePlans.cpp - Which plan each layer is compiled with -----------===//
//
// The cost model counts and predicts; here its choice becomes an attribute, for
// whatever comes after to read.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/ChoosePlans.h"
#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Plan/CostModel.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

#include "mlir/IR/Remarks.h"

#include <cmath>
#include <map>

namespace eqc {
#define GEN_PASS_DEF_CHOOSEPLANSPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

struct ChoosePlans : eqc::impl::ChoosePlansPassBase<ChoosePlans> {
  using ChoosePlansPassBase::ChoosePlansPassBase;
  ChoosePlans(const ChoosePlansPassOptions &options, const CostTarget &target)
      : ChoosePlansPassBase(options), target(target) {}

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(readOptions()))
      return signalPassFailure();
    // Layers come before their gradients, which `eqc-add-gradients` puts after
    // them.
    bool refused = false;
    module.walk([&](LinearOp op) { refused |= failed(choose(op)); });
    if (refused)
      signalPassFailure();
  }

private:
  LogicalResult readOptions() {
    ModuleOp module = getOperation();
    const std::optional<PlanKind> found = findPlan(plan);
    if (!found)
      return module.emitError() << "unknown plan '" << plan
                                << "', expected one of " << planNames();
    asked = *found;
    if (target)
      return success();
    std::vector<CpuVariant> variants;
    std::string error;
    if (!resolveVariants(triple,
                         std::vector<std::string>(cpus.begin(), cpus.end()),
                         variants, error))
      return module.emitError(error);
    target = kernelTargetOf(triple).costTarget(variants.back());
    return success();
  }

  LogicalResult choose(LinearOp op) {
    const LayerSpec spec = getLayerOf(op);
    auto wanted = op->getAttrOfType<PlanAttr>(EqcDialect::kPlanAttrName);
    const PlanKind kind = wanted ? wanted.getKind() : asked;
    PlanAttr plan;
    if (kind == PlanKind::Auto) {
      plan = compare(op, spec);
    } else if (PlanRefusal refusal = rulesOf(kind).whyNot(spec);
               !refusal.why.empty()) {
      return refuse(op, kind, spec, refusal);
    } else {
      plan = keep(wanted ? wanted : PlanAttr::get(&getContext(), kind), spec);
    }
    layerOfGradient[gradientLayer(spec).name] = plan.getKind();
    op->setAttr(EqcDialect::kPlanAttrName, plan);
    ++numChosen;
    return success();
  }

  /// Whoever runs the pass may want to know the diagnostic of the language and
  /// the layer.
  static LogicalResult refuse(LinearOp op, PlanKind kind, const LayerSpec &spec,
                              const PlanRefusal &refusal) {
    InFlightDiagnostic error = op.emitError();
    error << "the " << planName(kind) << " plan of '" << spec.name
          << "' is not possible: " << refusal.why;
    for (StringRef fact : {StringRef(refusal.id), StringRef(spec.name)})
      error.getUnderlyingDiagnostic()->getMetadata().push_back(
          DiagnosticArgument(StringAttr::get(op.getContext(), fact)));
    return error;
  }

  /// What is wanted, with what it leaves open settled.
  PlanAttr keep(PlanAttr wanted, const LayerSpec &spec) {
    const auto basisOf = rulesOf(wanted.getKind()).basisOf;
    if (!basisOf || !wanted.getBasis().empty())
      return wanted;
    return PlanAttr::get(&getContext(), wanted.getName(), basisOf(spec),
                         wanted.getN(), wanted.getBatch(), wanted.getTarget(),
                         wanted.getPredicted(), wanted.getRefused());
  }

  PlanAttr compare(LinearOp op, const LayerSpec &spec) {
    const PlanChoice choice =
        choosePlan(spec, *target, batch, planOfLayer(op, spec));
    NamedAttrList predicted, refused;
    Builder b(&getContext());
    for (const PlanCandidate &candidate : choice.candidates) {
      const StringRef name = planName(candidate.kind);
      if (candidate.refused.empty()) {
        if (choice.isPredicted)
          predicted.set(name,
                        b.getI64IntegerAttr(std::llround(candidate.callNs)));
        continue;
      }
      refused.set(name, b.getStringAttr(candidate.refused));
      remark::missed(op.getLoc(), remark::RemarkOpts::name("plan")
                                      .category("eqc-choose-plans")
                                      .function(spec.name))
          << remark::reason("{0} is refused: {1}", name.str(),
                            candidate.refused);
    }
    remark::passed(op.getLoc(), remark::RemarkOpts::name("plan")
                                    .category("eqc-choose-plans")
                                    .function(spec.name))
        << remark::add("{0}; compared at n = {1} and batch = {2} with {3}",
                       choice.reason, choice.n, choice.batch, choice.target);
    const PlanCandidate &winner = choice.winner();
    return PlanAttr::get(
        &getContext(), planName(winner.kind), winner.counted.basis, choice.n,
        choice.batch, choice.target, predicted.getDictionary(&getContext()),
        refused.empty() ? DictionaryAttr()
                        : refused.getDictionary(&getContext()));
  }

  /// The plan of the layer whose gradient of x this is; Auto for a layer
  /// itself.
  PlanKind planOfLayer(LinearOp op, const LayerSpec &spec) const {
    auto function = op->getParentOfType<func::FuncOp>();
    auto layer = layerOfGradient.find(spec.name);
    return function && function->hasAttr(EqcDialect::kFlipsAttrName) &&
                   layer != layerOfGradient.end()
               ? layer->second
               : PlanKind::Auto;
  }

  PlanKind asked = PlanKind::Auto;
  std::optional<CostTarget> target;
  /// The plan of the layer, by the name of its gradient of x.
  std::map<std::string, PlanKind> layerOfGradient;
};

} // namespace

std::unique_ptr<Pass>
eqc::createChoosePlansPass(const ChoosePlansPassOptions &options,
                           const CostTarget &target) {
  return std::make_unique<ChoosePlans>(options, target);
}
