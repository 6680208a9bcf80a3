//===- Pipelines.cpp - Named stages of lowering ---------------------------===//

#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Conversion/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace eqc;
using namespace mlir;

static void addContract(OpPassManager &pm, StringRef after) {
  VerifyContractPassOptions options;
  options.after = after.str();
  pm.addPass(createVerifyContractPass(options));
}

/// Upstream's canonicalizer, less the search for dead and equal blocks: code
/// made of loops has none, and looking took half of the time.
static std::unique_ptr<Pass> createCanonicalizer() {
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return createCanonicalizerPass(config);
}

void eqc::populateExpandPipeline(OpPassManager &pm,
                                 const ExpandPipelineOptions &options) {
  addContract(pm, "import");
  if (options.gradients)
    pm.addPass(createAddGradientsPass());
  if (options.interfaces)
    pm.addPass(createDescribeLayersPass());
  ExpandPlanPassOptions expand;
  expand.plan = options.plan;
  pm.addPass(createExpandPlanPass(expand));
  pm.nest<func::FuncOp>().addPass(createOrderContractionsPass());
  addContract(pm, "expand");
}

void eqc::populateLinalgPipeline(OpPassManager &pm,
                                 const LinalgPipelineOptions &options) {
  ExpandPipelineOptions expand;
  expand.plan = options.plan;
  expand.gradients = options.gradients;
  expand.interfaces = false; // other compilers know no attribute of ours
  populateExpandPipeline(pm, expand);
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

void eqc::populateVectorizePipeline(OpPassManager &pm) {
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createCanonicalizer());
  function.addPass(createCSEPass());
  function.addPass(createVectorizeContractionsPass());
  function.addPass(createCanonicalizer());
  function.addPass(createCSEPass());
  function.addPass(createLoopInvariantCodeMotionPass());
  function.addPass(createHoistAccumulatorsPass());
  function.addPass(createCanonicalizer());
  function.addPass(createCSEPass());
  addContract(pm, "vectorize");
}

void eqc::populateBufferizePipeline(OpPassManager &pm) {
  pm.nest<func::FuncOp>().addPass(
      bufferization::createEmptyTensorToAllocTensorPass());
  pm.addPass(createBufferizeInPlacePass());
  pm.nest<func::FuncOp>().addPass(createConvertLinalgToLoopsPass());
  pm.nest<func::FuncOp>().addPass(createCanonicalizer());
  pm.nest<func::FuncOp>().addPass(createCSEPass());
  pm.nest<func::FuncOp>().addPass(createCanonicalizer());
  pm.nest<func::FuncOp>().addPass(createStreamOutputPass());
  pm.addPass(createPlanArenaPass());
  addContract(pm, "bufferize");
}

void eqc::populateLLVMPipeline(OpPassManager &pm,
                               const LLVMPipelineOptions &options) {
  pm.nest<func::FuncOp>().addPass(createLowerVectorsPass());
  VectorTransferToSCFOptions toSCF;
  toSCF.enableFullUnroll();
  pm.nest<func::FuncOp>().addPass(createConvertVectorToSCFPass(toSCF));
  pm.nest<func::FuncOp>().addPass(createCanonicalizer());
  pm.nest<func::FuncOp>().addPass(createCSEPass());
  pm.nest<func::FuncOp>().addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions toLLVM;
  toLLVM.force32BitVectorIndices = false;
  pm.addPass(createConvertVectorToLLVMPass(toLLVM));
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createCanonicalizer());
  pm.addPass(createCSEPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  AddEntryPointsPassOptions entries;
  entries.threads = options.threads;
  pm.addPass(createAddEntryPointsPass(entries));
}

void eqc::registerEqcPipelines() {
  PassPipelineRegistration<ExpandPipelineOptions>(
      "eqc-expand", "decide how the diagrams of layers are multiplied",
      populateExpandPipeline);
  PassPipelineRegistration<LinalgPipelineOptions>(
      "eqc-linalg",
      "write layers as graphs of linalg and tensor operations alone",
      populateLinalgPipeline);
  PassPipelineRegistration<ConvertPipelineOptions>(
      "eqc-convert", "write each layer in stages as kernels for some CPUs",
      populateConvertPipeline);
  PassPipelineRegistration<>("eqc-vectorize",
                             "turn register tiles on tensors into vectors",
                             populateVectorizePipeline);
  PassPipelineRegistration<>("eqc-bufferize",
                             "put tensors into memory, in place, with planned "
                             "scratch",
                             populateBufferizePipeline);
  PassPipelineRegistration<LLVMPipelineOptions>(
      "eqc-to-llvm",
      "lower loops, vectors and memory to LLVM and add the C functions",
      populateLLVMPipeline);
}

void eqc::registerEqcPasses() {
  registerEqcTransformsPasses();
  registerEqcConversionPasses();
}
