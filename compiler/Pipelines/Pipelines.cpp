//===- Pipelines.cpp - Named stages of lowering ---------------------------===//

#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Conversion/Passes.h"
#include "compiler/Transforms/ChoosePlans.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace eqc;
using namespace mlir;

static void addContract(OpPassManager &pm, StringRef after) {
  VerifyContractPassOptions options;
  options.after = after.str();
  pm.addPass(createVerifyContractPass(options));
}

/// Plans for layers, whichever kind of code is made of them.
template <typename OptionsT>
static void addChoice(OpPassManager &pm, const OptionsT &options,
                      const PlanContext *context, bool interfaces,
                      bool compare) {
  addContract(pm, "import");
  if (options.gradients)
    pm.addPass(createAddGradientsPass());
  if (interfaces)
    pm.addPass(createDescribeLayersPass());
  ChoosePlansPassOptions choose;
  choose.plan = options.plan;
  choose.batch = options.batch;
  choose.compareAll = compare;
  choose.triple = options.triple;
  choose.cpus.assign(options.cpus.begin(), options.cpus.end());
  pm.addPass(context ? createChoosePlansPass(choose, *context)
                     : createChoosePlansPass(choose));
}

void eqc::populateChoosePipeline(OpPassManager &pm,
                                 const ExpandPipelineOptions &options,
                                 const PlanContext *context) {
  addChoice(pm, options, context, options.interfaces, options.compare);
}

void eqc::populateStagesPipeline(OpPassManager &pm) {
  pm.addPass(createExpandPlanPass());
  pm.nest<func::FuncOp>().addPass(createOrderContractionsPass());
  addContract(pm, "expand");
}

void eqc::populateExpandPipeline(OpPassManager &pm,
                                 const ExpandPipelineOptions &options,
                                 const PlanContext *context) {
  populateChoosePipeline(pm, options, context);
  populateStagesPipeline(pm);
}

void eqc::populateLinalgPipeline(OpPassManager &pm,
                                 const LinalgPipelineOptions &options,
                                 const PlanContext *context) {
  // Other compilers know no attribute of ours.
  addChoice(pm, options, context, /*interfaces=*/false, /*compare=*/false);
  populateStagesPipeline(pm);
  pm.addPass(createConvertEqcToLinalgPass());
  pm.nest<func::FuncOp>().addPass(createCanonicalizerPass());
  pm.nest<func::FuncOp>().addPass(createCSEPass());
  addContract(pm, "linalg");
}

void eqc::populateConvertPipeline(OpPassManager &pm,
                                  const ConvertPipelineOptions &options) {
  CloneForTargetsPassOptions clone;
  clone.triple = options.triple;
  clone.cpus.assign(options.cpus.begin(), options.cpus.end());
  pm.addPass(createCloneForTargetsPass(clone));
  pm.addPass(createConvertEqcToLoopsPass());
  addContract(pm, "convert");
}

void eqc::populateKernelPipeline(OpPassManager &pm,
                                 const KernelTarget &target) {
  for (const LoweringStage &stage : target.stages().drop_back())
    stage.populate(pm, LoweringOptions());
}

void eqc::populateLLVMPipeline(OpPassManager &pm, const KernelTarget &target,
                               const LoweringOptions &options) {
  target.stages().back().populate(pm, options);
}

/// The stages of a kind of target, by the names that it gives them.
static void registerStage(const LoweringStage &stage) {
  if (stage.takesOptions)
    PassPipelineRegistration<LoweringOptions>(stage.name, stage.summary,
                                              stage.populate);
  else
    PassPipelineRegistration<>(
        stage.name, stage.summary,
        [&stage](OpPassManager &pm) { stage.populate(pm, LoweringOptions()); });
}

void eqc::registerEqcPipelines() {
  PassPipelineRegistration<ExpandPipelineOptions>(
      "eqc-expand", "decide how the diagrams of layers are multiplied",
      [](OpPassManager &pm, const ExpandPipelineOptions &options) {
        populateExpandPipeline(pm, options);
      });
  PassPipelineRegistration<LinalgPipelineOptions>(
      "eqc-linalg",
      "write layers as graphs of linalg and tensor operations alone",
      [](OpPassManager &pm, const LinalgPipelineOptions &options) {
        populateLinalgPipeline(pm, options);
      });
  PassPipelineRegistration<ConvertPipelineOptions>(
      "eqc-convert", "write each layer in stages as kernels for some CPUs",
      populateConvertPipeline);
  for (const KernelTarget *target : kernelTargets())
    for (const LoweringStage &stage : target->stages())
      registerStage(stage);
}

void eqc::registerEqcPasses() {
  registerEqcTransformsPasses();
  registerEqcConversionPasses();
  for (const KernelTarget *target : kernelTargets())
    target->registerPasses();
}
