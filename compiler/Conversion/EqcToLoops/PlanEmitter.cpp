//===- PlanEmitter.cpp - What every plan is emitted through ---------------===//

#include "compiler/Conversion/EqcToLoops/PlanEmitter.h"

using namespace eqc;
using namespace mlir;

namespace {

class SharedEmitter : public PlanEmitter {
public:
  SharedEmitter(const LayerSpec &spec, StrandPlan strands)
      : spec(spec), strands(std::move(strands)), plan(this->strands.shared) {}

  EmittedKernel emitPack(OpBuilder &b, Location loc, StringRef name,
                         const Machine &machine) const override {
    return emitWeightPack(b, loc, name, spec, strands.packed, machine);
  }
  EmittedKernel emitForward(OpBuilder &b, Location loc, StringRef name,
                            const Machine &machine) const override {
    return emitSharedForward(b, loc, name, spec, strands,
                             scheduleShared(spec, strands, machine), machine);
  }
  std::optional<EmittedKernel>
  emitLanesForward(OpBuilder &b, Location loc, StringRef name,
                   const Machine &machine) const override {
    const SharedSchedule schedule = scheduleShared(spec, strands, machine);
    if (!schedule.lanes)
      return std::nullopt;
    return eqc::emitLanesForward(b, loc, name, spec, plan, schedule, machine);
  }

private:
  const LayerSpec &spec;
  StrandPlan strands;
  const SharedPlan &plan;
};

class FactoredEmitter : public PlanEmitter {
public:
  FactoredEmitter(const LayerSpec &spec, FactoredPlan plan,
                  std::vector<PackedTerm> packed)
      : spec(spec), plan(std::move(plan)), packed(std::move(packed)) {}

  EmittedKernel emitPack(OpBuilder &b, Location loc, StringRef name,
                         const Machine &machine) const override {
    return emitWeightPack(b, loc, name, spec, packed, machine);
  }
  EmittedKernel emitForward(OpBuilder &b, Location loc, StringRef name,
                            const Machine &machine) const override {
    return emitFactoredForward(b, loc, name, spec, plan,
                               scheduleFactored(spec, plan, machine), machine);
  }

private:
  const LayerSpec &spec;
  FactoredPlan plan;
  std::vector<PackedTerm> packed;
};

class DenseEmitter : public PlanEmitter {
public:
  explicit DenseEmitter(const LayerSpec &spec)
      : spec(spec), plan(buildDensePlan(spec)) {}

  EmittedKernel emitPack(OpBuilder &b, Location loc, StringRef name,
                         const Machine &machine) const override {
    return emitDensePack(b, loc, name, spec, plan,
                         scheduleDense(spec, plan, machine), machine);
  }
  EmittedKernel emitForward(OpBuilder &b, Location loc, StringRef name,
                            const Machine &machine) const override {
    return emitDenseForward(b, loc, name, spec, plan,
                            scheduleDense(spec, plan, machine), machine);
  }

private:
  const LayerSpec &spec;
  DensePlan plan;
};

class IsotypicEmitter : public PlanEmitter {
public:
  IsotypicEmitter(const LayerSpec &spec, IsotypicPlan plan)
      : spec(spec), plan(std::move(plan)) {}

  EmittedKernel emitPack(OpBuilder &b, Location loc, StringRef name,
                         const Machine &machine) const override {
    return emitWeightPack(b, loc, name, spec, plan.packed, machine);
  }
  EmittedKernel emitForward(OpBuilder &b, Location loc, StringRef name,
                            const Machine &machine) const override {
    return emitIsotypicForward(b, loc, name, spec, plan,
                               scheduleIsotypic(spec, plan, machine), machine);
  }

private:
  const LayerSpec &spec;
  IsotypicPlan plan;
};

} // namespace

std::unique_ptr<PlanEmitter> eqc::makeStrandEmitter(const LayerSpec &spec,
                                                    StrandPlan plan) {
  return std::make_unique<SharedEmitter>(spec, std::move(plan));
}
std::unique_ptr<PlanEmitter>
eqc::makeFactoredEmitter(const LayerSpec &spec, FactoredPlan plan,
                         std::vector<PackedTerm> packed) {
  return std::make_unique<FactoredEmitter>(spec, std::move(plan),
                                           std::move(packed));
}
std::unique_ptr<PlanEmitter> eqc::makeDenseEmitter(const LayerSpec &spec) {
  return std::make_unique<DenseEmitter>(spec);
}
std::unique_ptr<PlanEmitter> eqc::makeIsotypicEmitter(const LayerSpec &spec,
                                                      IsotypicPlan plan) {
  return std::make_unique<IsotypicEmitter>(spec, std::move(plan));
}
