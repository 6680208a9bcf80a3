//===- Stages.cpp - From kernels of CPUs to the LLVM dialect --------------===//

#include "compiler/Lowering/Cpu/Passes/Stages.h"
#include "compiler/Lowering/Cpu/Passes/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace eqc;
using namespace mlir;

static void addContract(OpPassManager &pm, StringRef after) {
  VerifyKernelsPassOptions options;
  options.after = after.str();
  pm.addPass(createVerifyKernelsPass(options));
}

/// Upstream's canonicalizer, less the search for dead and equal blocks: code
/// made of loops has none, and looking took half of the time.
static std::unique_ptr<Pass> createCanonicalizer() {
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return createCanonicalizerPass(config);
}

static void vectorize(OpPassManager &pm, const LoweringOptions &) {
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

static void bufferize(OpPassManager &pm, const LoweringOptions &) {
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

static void lowerToLLVM(OpPassManager &pm, const LoweringOptions &options) {
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
  entries.ragged = options.ragged;
  entries.networkOnly = options.networkOnly;
  pm.addPass(createAddEntryPointsPass(entries));
}

llvm::ArrayRef<LoweringStage> eqc::cpuStages() {
  static constexpr LoweringStage stages[] = {
      {"eqc-vectorize", "turn register tiles on tensors into vectors",
       vectorize},
      {"eqc-bufferize",
       "put tensors into memory, in place, with planned scratch", bufferize},
      {"eqc-to-llvm",
       "lower loops, vectors and memory to LLVM and add the C functions",
       lowerToLLVM, /*takesOptions=*/true},
  };
  return stages;
}

void eqc::registerCpuPasses() { registerEqcCpuPasses(); }
