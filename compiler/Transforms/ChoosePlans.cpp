//===- ChoosePlans.cpp - Which plan each layer is compiled with -----------===//
//
// The cost model counts and predicts; here its choice becomes an attribute, for
// whatever comes after to read.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/ChoosePlans.h"
#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/CostModel.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Saturating.h"
#include "compiler/Transforms/PlansOfModule.h"

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

//===----------------------------------------------------------------------===//
// What was compared, as attributes
//===----------------------------------------------------------------------===//

/// In whole ps, as many as there are numbers.
static int64_t picoseconds(double ns) {
  const double ps = std::round(ns * 1e3);
  return ps < 0x1p63 ? static_cast<int64_t>(ps) : saturatedCount;
}

static CostAttr costAttr(MLIRContext *context, const PlanCandidate &plan) {
  const Operations &operations = plan.operations;
  const double condition = plan.counted.basisCondition;
  return CostAttr::get(
      context, operations.multiplyAdds,
      saturatingAdd(operations.additions, operations.multiplications),
      plan.scratchBytes, plan.work.packedBytes, picoseconds(plan.packNs),
      picoseconds(plan.sampleNs), picoseconds(plan.callNs),
      condition == 1 ? FloatAttr()
                     : Builder(context).getF64FloatAttr(condition));
}

PlanChoice eqc::choiceOf(PlanAttr plan) {
  PlanChoice choice;
  choice.n = plan.getN();
  choice.batch = plan.getBatch();
  choice.target = plan.getTarget().str();
  choice.isPredicted = false;
  for (PlanKind kind : allPlans) {
    const StringRef name = planName(kind);
    PlanCandidate candidate;
    candidate.kind = kind;
    if (plan.getRefused() && plan.getRefused().contains(name)) {
      candidate.refused = plan.getRefused().getAs<StringAttr>(name).str();
    } else if (auto cost = plan.getCompared()
                               ? plan.getCompared().getAs<CostAttr>(name)
                               : CostAttr()) {
      candidate.operations = {cost.getAdditions(), 0, cost.getMultiplyAdds()};
      candidate.scratchBytes = cost.getScratch();
      candidate.work.packedBytes = cost.getPacked();
      candidate.packNs = static_cast<double>(cost.getPackPs()) / 1e3;
      candidate.sampleNs = static_cast<double>(cost.getSamplePs()) / 1e3;
      candidate.callNs = static_cast<double>(cost.getCallPs()) / 1e3;
      choice.isPredicted |= cost.getCallPs() > 0;
    } else {
      continue;
    }
    choice.candidates.push_back(std::move(candidate));
  }
  if (!choice.candidates.empty())
    chooseAmong(choice);
  return choice;
}

CountedPlan eqc::basisOf(PlanAttr plan) {
  CountedPlan counted;
  counted.basis = plan.getBasis().str();
  auto cost = plan.getCompared()
                  ? plan.getCompared().getAs<CostAttr>(plan.getName())
                  : CostAttr();
  if (cost && cost.getCondition())
    counted.basisCondition = cost.getCondition().getValueAsDouble();
  return counted;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct ChoosePlans : eqc::impl::ChoosePlansPassBase<ChoosePlans> {
  using ChoosePlansPassBase::ChoosePlansPassBase;
  ChoosePlans(const ChoosePlansPassOptions &options, const PlanContext &context)
      : ChoosePlansPassBase(options), target(context.target),
        kept(&context.built) {}

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(readOptions()))
      return signalPassFailure();
    PlansOfModule &plans = getAnalysis<PlansOfModule>();
    if (kept)
      plans.keepIn(*kept);
    built = &plans.plans();
    // Layers come before their gradients, which `eqc-add-gradients` puts after
    // them.
    bool refused = false;
    module.walk([&](LinearOp op) { refused |= failed(choose(op)); });
    module.walk([&](BilinearOp op) { refused |= failed(choose(op)); });
    if (refused)
      signalPassFailure();
    module.walk([&](GradWeightOp op) { chooseBasis(op); });
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
    target = costTargetOf(kernelTargetOf(triple), variants.back());
    return success();
  }

  LogicalResult choose(LinearOp op) {
    const LayerSpec spec = getLayerOf(op);
    auto wanted = op->getAttrOfType<PlanAttr>(EqcDialect::kPlanAttrName);
    if (!wanted && asked != PlanKind::Auto)
      wanted = PlanAttr::get(&getContext(), asked);
    FailureOr<PlanAttr> plan =
        wanted ? keep(op, wanted, spec) : choosePlan(op, spec);
    if (failed(plan))
      return failure();
    layerOfGradient[gradientLayer(spec).name] = plan->getKind();
    planOfGradient[gradientOfWeightName(spec.name)] = *plan;
    op->setAttr(EqcDialect::kPlanAttrName, *plan);
    ++numChosen;
    return success();
  }

  /// Contractions are shared but where each diagram is to have its own.
  LogicalResult choose(BilinearOp op) {
    const LayerSpec spec = getLayerOf(op);
    PlanKind kind = asked;
    auto function = op->getParentOfType<func::FuncOp>();
    if (!function)
      return op.emitError("a layer must stand in a function");
    if (auto wanted = op->getAttrOfType<PlanAttr>(EqcDialect::kPlanAttrName))
      kind = wanted.getKind();
    if (kind == PlanKind::Auto)
      kind = defaultJoinPlan();
    if (!sharesJoins(kind))
      return refuse(
          op, kind, spec,
          {"a layer of two inputs has the plans shared and factored", "E0052"});
    op->removeAttr(EqcDialect::kPlanAttrName);
    function->setAttr(EqcDialect::kPlanAttrName,
                      StringAttr::get(&getContext(), planName(kind)));
    ++numChosen;
    return success();
  }

  /// Whoever runs the pass may want to know the diagnostic of the language and
  /// the layer.
  static LogicalResult refuse(Operation *op, PlanKind kind,
                              const LayerSpec &spec,
                              const PlanRefusal &refusal) {
    InFlightDiagnostic error = op->emitError();
    error << "the " << planName(kind) << " plan of '" << spec.name
          << "' is not possible: " << refusal.why;
    for (StringRef fact : {StringRef(refusal.id), StringRef(spec.name)})
      error.getUnderlyingDiagnostic()->getMetadata().push_back(
          DiagnosticArgument(StringAttr::get(op->getContext(), fact)));
    return error;
  }

  /// What is wanted, with what it leaves open settled.
  FailureOr<PlanAttr> keep(LinearOp op, PlanAttr wanted,
                           const LayerSpec &spec) {
    const PlanKind kind = wanted.getKind();
    if (const PlanRefusal refusal = whyNot(kind, spec, *target);
        !refusal.why.empty())
      return refuse(op, kind, spec, refusal);
    StringRef basis = wanted.getBasis();
    if (const auto basisOf = rulesOf(kind).basisOf; basisOf && basis.empty())
      basis = basisOf(spec, *built);
    if (compareAll && !isGradient(op))
      return noteChoice(compare(op, spec), kind, basis);
    return PlanAttr::get(&getContext(), wanted.getName(), basis, wanted.getN(),
                         wanted.getBatch(), wanted.getTarget(),
                         wanted.getCompared(), wanted.getRefused());
  }

  FailureOr<PlanAttr> choosePlan(LinearOp op, const LayerSpec &spec) {
    const PlanChoice choice = compare(op, spec);
    const PlanCandidate &winner = choice.winner();
    if (!winner.refused.empty())
      return refuse(op, winner.kind, spec,
                    {winner.refused, whyNot(winner.kind, spec, *target).id});
    for (const PlanCandidate &candidate : choice.candidates)
      if (!candidate.refused.empty())
        remark::missed(op.getLoc(), remark::RemarkOpts::name("plan")
                                        .category("eqc-choose-plans")
                                        .function(spec.name))
            << remark::reason("{0} is refused: {1}",
                              planName(candidate.kind).data(),
                              candidate.refused);
    remark::passed(op.getLoc(), remark::RemarkOpts::name("plan")
                                    .category("eqc-choose-plans")
                                    .function(spec.name))
        << remark::add("{0}; compared at n = {1} and batch = {2} with {3}",
                       choice.reason, choice.n, choice.batch, choice.target);
    return noteChoice(choice, winner.kind, winner.counted.basis);
  }

  PlanChoice compare(LinearOp op, const LayerSpec &spec) {
    return eqc::choosePlan(spec, *target, *built, batch, planOfLayer(op, spec));
  }

  /// The sums of gradients are taken in the basis of the layer's plan where
  /// that takes fewer operations.
  void chooseBasis(GradWeightOp op) {
    const LayerSpec spec = getLayerOf(op);
    const PlanAttr plan = planOfGradient.lookup(spec.name);
    if (!plan || plan.getBasis().empty() ||
        (target->kind && !target->kind->takesGradientBasis()))
      return;
    if (chooseGradientPlan(spec, plan.getBasis().str(), *built,
                           batchToAssume(spec, batch))
            .changesBasis())
      op->setAttr(EqcDialect::kPlanAttrName,
                  PlanAttr::get(&getContext(), plan.getName(), plan.getBasis(),
                                0, 0, "", DictionaryAttr(), DictionaryAttr()));
  }

  PlanAttr noteChoice(const PlanChoice &choice, PlanKind chosen,
                      StringRef basis) {
    NamedAttrList compared, refused;
    Builder b(&getContext());
    for (const PlanCandidate &candidate : choice.candidates) {
      const StringRef name = planName(candidate.kind);
      if (candidate.refused.empty())
        compared.set(name, costAttr(&getContext(), candidate));
      else
        refused.set(name, b.getStringAttr(candidate.refused));
    }
    return PlanAttr::get(
        &getContext(), planName(chosen), basis, choice.n, choice.batch,
        choice.target, compared.getDictionary(&getContext()),
        refused.empty() ? DictionaryAttr()
                        : refused.getDictionary(&getContext()));
  }

  static bool isGradient(LinearOp op) {
    auto function = op->getParentOfType<func::FuncOp>();
    return function && function->hasAttr(EqcDialect::kFlipsAttrName);
  }

  /// The plan of the layer whose gradient of x this is; Auto for a layer
  /// itself.
  PlanKind planOfLayer(LinearOp op, const LayerSpec &spec) const {
    auto layer = layerOfGradient.find(spec.name);
    return isGradient(op) && layer != layerOfGradient.end() ? layer->second
                                                            : PlanKind::Auto;
  }

  PlanKind asked = PlanKind::Auto;
  std::optional<CostTarget> target;
  BuiltPlans *kept = nullptr, *built = nullptr;
  /// The plan of the layer, by the name of its gradient of x.
  std::map<std::string, PlanKind> layerOfGradient;
  /// That of the layer, by the name of its gradient of weight.
  llvm::StringMap<PlanAttr> planOfGradient;
};

} // namespace

std::unique_ptr<Pass>
eqc::createChoosePlansPass(const ChoosePlansPassOptions &options,
                           const PlanContext &context) {
  return std::make_unique<ChoosePlans>(options, context);
}
