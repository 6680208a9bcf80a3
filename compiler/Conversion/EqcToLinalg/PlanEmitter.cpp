//===- PlanEmitter.cpp - What every plan is emitted through ---------------===//

#include "compiler/Conversion/EqcToLinalg/PlanEmitter.h"
#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"

#include <numeric>

using namespace eqc;
using namespace mlir;

namespace {

class SharedEmitter : public PlanEmitter {
public:
  SharedEmitter(const LayerSpec &spec, StrandPlan strands)
      : spec(spec), strands(std::move(strands)), plan(this->strands.shared) {}

  StringRef name() const override {
    return strands.hasStrands() ? "schur" : "shared";
  }
  Poly multiplyAdds() const override {
    Poly total;
    for (const SharedStage &stage : plan.stages)
      if (const auto *mix = std::get_if<MixStage>(&stage))
        total += mix->multiplyAdds();
    return total;
  }
  Poly scratchElements() const override {
    return plan.storedRows * Poly(spec.cIn) + plan.nodeRows * Poly(spec.cOut);
  }
  int64_t phases() const override {
    return static_cast<int64_t>(plan.stages.size()) +
           (spec.layout == Layout::ChannelsFirst ? 2 : 0);
  }
  int64_t parts() const override { return numParts(spec); }
  std::vector<int64_t> packedShape(const TargetShape &target) const override {
    const ColumnTiling tiling = columnTiling(spec, target);
    return {static_cast<int64_t>(strands.packed.size()), tiling.tiles, spec.cIn,
            tiling.width};
  }
  func::FuncOp emitPack(OpBuilder &b, Location loc, StringRef name,
                        const TargetShape &target) const override {
    return emitWeightPack(b, loc, name, spec, strands.packed, target);
  }
  func::FuncOp emitForward(OpBuilder &b, Location loc, StringRef name,
                           const TargetShape &target) const override {
    return emitSharedForward(b, loc, name, spec, strands, target);
  }
  int64_t lanes(const TargetShape &target) const override {
    return !strands.hasStrands() && wantsLanes(spec, plan, target)
               ? target.lanes(spec.elementSize())
               : 0;
  }
  func::FuncOp emitLanesForward(OpBuilder &b, Location loc, StringRef name,
                                const TargetShape &target) const override {
    return eqc::emitLanesForward(b, loc, name, spec, plan, target);
  }

private:
  const LayerSpec &spec;
  StrandPlan strands;
  const SharedPlan &plan;
};

class FactoredEmitter : public PlanEmitter {
public:
  FactoredEmitter(const LayerSpec &spec, FactoredPlan plan)
      : spec(spec), plan(std::move(plan)) {}

  StringRef name() const override { return "factored"; }
  Poly multiplyAdds() const override {
    Poly total;
    for (const FactoredSteps &steps : plan.diagrams)
      total += steps.mixRows;
    return total;
  }
  std::vector<int64_t> packedShape(const TargetShape &target) const override {
    const ColumnTiling tiling = columnTiling(spec, target);
    return {static_cast<int64_t>(plan.diagrams.size()), tiling.tiles, spec.cIn,
            tiling.width};
  }
  func::FuncOp emitPack(OpBuilder &b, Location loc, StringRef name,
                        const TargetShape &target) const override {
    std::vector<int> order(plan.diagrams.size());
    std::iota(order.begin(), order.end(), 0);
    return emitWeightPack(b, loc, name, spec, packedTermsOf(order), target);
  }
  func::FuncOp emitForward(OpBuilder &b, Location loc, StringRef name,
                           const TargetShape &target) const override {
    return emitFactoredForward(b, loc, name, spec, plan, target);
  }

private:
  const LayerSpec &spec;
  FactoredPlan plan;
};

class DenseEmitter : public PlanEmitter {
public:
  explicit DenseEmitter(const LayerSpec &spec)
      : spec(spec), plan(buildDensePlan(spec)) {}

  StringRef name() const override { return "dense"; }
  Poly multiplyAdds() const override { return Poly::power(spec.k + spec.l); }
  std::vector<int64_t> packedShape(const TargetShape &target) const override {
    const ColumnTiling tiling = denseTiling(spec, plan, target);
    return {1, tiling.tiles, plan.rows, tiling.width};
  }
  func::FuncOp emitPack(OpBuilder &b, Location loc, StringRef name,
                        const TargetShape &target) const override {
    return emitDensePack(b, loc, name, spec, plan, target);
  }
  func::FuncOp emitForward(OpBuilder &b, Location loc, StringRef name,
                           const TargetShape &target) const override {
    return emitDenseForward(b, loc, name, spec, plan, target);
  }

private:
  const LayerSpec &spec;
  DensePlan plan;
};

class SchurEmitter : public PlanEmitter {
public:
  SchurEmitter(const LayerSpec &spec, std::shared_ptr<const SchurPlan> plan)
      : spec(spec), plan(std::move(plan)) {}

  StringRef name() const override { return "schur"; }
  Poly multiplyAdds() const override { return Poly(plan->multiplyAdds()); }
  Poly scratchElements() const override {
    return Poly(plan->storedRows * spec.cIn + plan->nodeRows * spec.cOut);
  }
  int64_t phases() const override {
    return numSchurPhases(*plan) +
           (spec.layout == Layout::ChannelsFirst ? 2 : 0);
  }
  int64_t parts() const override { return numParts(spec); }
  std::vector<int64_t> packedShape(const TargetShape &target) const override {
    const ColumnTiling tiling = columnTiling(spec, target);
    return {static_cast<int64_t>(plan->packed.size()), tiling.tiles, spec.cIn,
            tiling.width};
  }
  func::FuncOp emitPack(OpBuilder &b, Location loc, StringRef name,
                        const TargetShape &target) const override {
    return emitWeightPack(b, loc, name, spec, plan->packed, target);
  }
  func::FuncOp emitForward(OpBuilder &b, Location loc, StringRef name,
                           const TargetShape &target) const override {
    return emitSchurForward(b, loc, name, spec, *plan, target);
  }

private:
  const LayerSpec &spec;
  std::shared_ptr<const SchurPlan> plan;
};

} // namespace

std::unique_ptr<PlanEmitter> eqc::makeStrandEmitter(const LayerSpec &spec,
                                                    StrandPlan plan) {
  return std::make_unique<SharedEmitter>(spec, std::move(plan));
}
std::unique_ptr<PlanEmitter> eqc::makeSharedEmitter(const LayerSpec &spec,
                                                    SharedPlan plan) {
  return makeStrandEmitter(spec, withoutStrands(std::move(plan)));
}
std::unique_ptr<PlanEmitter> eqc::makeFactoredEmitter(const LayerSpec &spec,
                                                      FactoredPlan plan) {
  return std::make_unique<FactoredEmitter>(spec, std::move(plan));
}
std::unique_ptr<PlanEmitter> eqc::makeDenseEmitter(const LayerSpec &spec) {
  return std::make_unique<DenseEmitter>(spec);
}
std::unique_ptr<PlanEmitter>
eqc::makeSchurEmitter(const LayerSpec &spec,
                      std::shared_ptr<const SchurPlan> plan) {
  return std::make_unique<SchurEmitter>(spec, std::move(plan));
}
