//===- CpuTarget.cpp - What CPUs supply -----------------------------------===//

#include "compiler/Lowering/Cpu/EmitBilinear.h"
#include "compiler/Lowering/Cpu/EmitDense.h"
#include "compiler/Lowering/Cpu/EmitFactored.h"
#include "compiler/Lowering/Cpu/EmitGradient.h"
#include "compiler/Lowering/Cpu/EmitIsotypic.h"
#include "compiler/Lowering/Cpu/EmitLaneSums.h"
#include "compiler/Lowering/Cpu/EmitLanes.h"
#include "compiler/Lowering/Cpu/EmitPack.h"
#include "compiler/Lowering/Cpu/EmitShared.h"
#include "compiler/Lowering/Cpu/EmitUnpack.h"
#include "compiler/Lowering/Cpu/Passes/Stages.h"
#include "compiler/Lowering/Cpu/Schedules/CpuWork.h"
#include "compiler/Lowering/KernelTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace eqc;
using namespace mlir;

/// Names the CPU of a kernel the way clang does for its functions.
static void nameCpu(func::FuncOp function, ir::TargetAttr target) {
  Builder b(function.getContext());
  SmallVector<Attribute> attributes;
  auto add = [&](StringRef name, StringRef value) {
    if (!value.empty())
      attributes.push_back(
          b.getArrayAttr({b.getStringAttr(name), b.getStringAttr(value)}));
  };
  const std::string bits = std::to_string(target.getVectorBytes() * 8);
  add("target-cpu", target.getCpu());
  add("tune-cpu", target.getTune());
  add("target-features", target.getFeatures());
  add("prefer-vector-width", bits);
  add("min-legal-vector-width", bits);
  function->setAttr("passthrough", b.getArrayAttr(attributes));
}

namespace {

/// The kernels of one layer, by the plan that it has.
class LayerEmitter {
public:
  LayerEmitter(const KernelSite &site, const LayerSpec &spec)
      : site(site), spec(spec), machine(site.target.getMachine()) {}

  KernelTarget::Kernels operator()(const StrandPlan &plan) {
    const SharedSchedule schedule = scheduleShared(spec, plan, machine);
    pack(plan.packed);
    add(KernelRole::Forward, emitSharedForward, plan, schedule);
    if (schedule.lanes)
      add(KernelRole::Lanes, emitLanesForward, plan.shared, schedule);
    return std::move(kernels);
  }

  KernelTarget::Kernels operator()(const IsotypicPlan &plan) {
    pack(plan.packed);
    add(KernelRole::Forward, emitIsotypicForward, plan,
        scheduleIsotypic(spec, plan, machine));
    return std::move(kernels);
  }

  KernelTarget::Kernels operator()(const FactoredLayer &layer) {
    pack(layer.packed);
    FactoredSchedule schedule = scheduleFactored(spec, layer.plan, machine);
    schedule.bias = scheduleRows(layer.bias, machine);
    add(KernelRole::Forward, emitFactoredForward, layer, schedule);
    return std::move(kernels);
  }

  KernelTarget::Kernels operator()(const DensePlan &plan) {
    const DenseSchedule schedule = scheduleDense(spec, plan, machine);
    add(KernelRole::Pack, emitDensePack, plan, schedule);
    add(KernelRole::Forward, emitDenseForward, plan, schedule);
    return std::move(kernels);
  }

  KernelTarget::Kernels operator()(const BilinearPlan &plan) {
    add(plan.role == BilinearRole::GradWeight ? KernelRole::Sums
                                              : KernelRole::Forward,
        emitBilinear, plan, scheduleBilinear(spec, plan, machine));
    return std::move(kernels);
  }

  KernelTarget::Kernels operator()(const GradientPlan &plan) {
    const GradientSchedule schedule = scheduleGradient(spec, plan, machine);
    add(KernelRole::Sums, emitGradientSums, plan, schedule);
    if (schedule.lanes > 0)
      add(KernelRole::LaneSums, emitLaneSums, plan, schedule);
    if (plan.unpack)
      add(KernelRole::Unpack, emitUnpack, plan, schedule);
    return std::move(kernels);
  }

private:
  void pack(ArrayRef<PackedTerm> packed) {
    add(KernelRole::Pack, emitWeightPack, packed);
  }

  template <typename Emit, typename... Args>
  void add(KernelRole role, Emit emit, const Args &...args) {
    EmittedKernel kernel =
        emit(site.builder, site.loc, site.nameOf(role), spec, args..., machine);
    nameCpu(kernel.function, site.target);
    kernels.emplace_back(role, std::move(kernel));
  }

  const KernelSite &site;
  const LayerSpec &spec;
  const Machine machine;
  KernelTarget::Kernels kernels;
};

/// How they carry out its stages.
struct LayerDescriber {
  std::string operator()(const StrandPlan &plan) const {
    return describe(scheduleShared(spec, plan, machine), plan.shared);
  }
  std::string operator()(const IsotypicPlan &plan) const {
    return describe(scheduleIsotypic(spec, plan, machine));
  }
  std::string operator()(const FactoredLayer &layer) const {
    return describe(scheduleFactored(spec, layer.plan, machine), layer.plan);
  }
  std::string operator()(const DensePlan &plan) const {
    return describe(scheduleDense(spec, plan, machine));
  }
  std::string operator()(const GradientPlan &plan) const {
    return describe(scheduleGradient(spec, plan, machine), plan);
  }

  const LayerSpec &spec;
  const Machine &machine;
};

class CpuTarget : public KernelTarget {
public:
  bool resolve(const std::string &triple, const std::vector<std::string> &names,
               std::vector<CpuVariant> &variants,
               std::string &error) const override {
    return resolveCpus(triple, names, variants, error);
  }
  CostTarget costTarget(const CpuVariant &variant) const override {
    return cpuCostTarget(variant.machine);
  }

  Kernels emitLayer(const KernelSite &site, const LayerSpec &spec,
                    const LayerPlan &plan) const override {
    return std::visit(LayerEmitter(site, spec), plan);
  }
  Kernels emitGradients(const KernelSite &site, const LayerSpec &spec,
                        const GradientPlan &plan) const override {
    return LayerEmitter(site, spec)(plan);
  }

  Kernels emitBilinear(const KernelSite &site, const LayerSpec &spec,
                       const BilinearPlan &plan) const override {
    return LayerEmitter(site, spec)(plan);
  }

  ArrayRef<LoweringStage> stages() const override { return cpuStages(); }
  void addDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, bufferization::BufferizationDialect,
                    func::FuncDialect, linalg::LinalgDialect,
                    memref::MemRefDialect, scf::SCFDialect,
                    tensor::TensorDialect, vector::VectorDialect>();
  }
  void registerPasses() const override { registerCpuPasses(); }

  std::string describe(const LayerSpec &spec, const LayerPlan &plan,
                       const Machine &machine) const override {
    return std::visit(LayerDescriber{spec, machine}, plan);
  }
  std::string describe(const LayerSpec &spec, const BilinearPlan &plan,
                       const Machine &machine) const override {
    return eqc::describe(scheduleBilinear(spec, plan, machine), plan,
                         spec.depthwise);
  }
  std::string describe(const LayerSpec &spec, const GradientPlan &plan,
                       const Machine &machine) const override {
    return LayerDescriber{spec, machine}(plan);
  }
};

} // namespace

const KernelTarget &eqc::cpuTarget() {
  static const CpuTarget target;
  return target;
}
