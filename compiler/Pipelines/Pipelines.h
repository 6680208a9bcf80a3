//===- Pipelines.h - Named stages of lowering -------------------*- C++ -*-===//
//
// The stages a layer goes through, from the eqc dialect to LLVM. The driver,
// eqc-opt and tests call the same functions.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PIPELINES_PIPELINES_H
#define EQC_PIPELINES_PIPELINES_H

#include "compiler/Lowering/KernelTarget.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace eqc {

struct ExpandPipelineOptions
    : mlir::PassPipelineOptions<ExpandPipelineOptions> {
  Option<std::string> plan{*this, "plan",
                           llvm::cl::desc("shared, schur, factored or dense"),
                           llvm::cl::init("shared")};
  Option<bool> gradients{
      *this, "gradients",
      llvm::cl::desc("add the gradients of the layers as functions"),
      llvm::cl::init(false)};
  Option<bool> interfaces{
      *this, "interfaces",
      llvm::cl::desc("note what programs are told of the layers"),
      llvm::cl::init(true)};
};

/// Layers to the stages of a plan.
void populateExpandPipeline(mlir::OpPassManager &pm,
                            const ExpandPipelineOptions &options);

struct LinalgPipelineOptions
    : mlir::PassPipelineOptions<LinalgPipelineOptions> {
  Option<std::string> plan{*this, "plan",
                           llvm::cl::desc("shared, schur, factored or dense"),
                           llvm::cl::init("shared")};
  Option<bool> gradients{
      *this, "gradients",
      llvm::cl::desc("add the gradients of the layers' inputs as functions"),
      llvm::cl::init(false)};
};

/// Layers to graphs of upstream operations on tensors, for any MLIR compiler.
void populateLinalgPipeline(mlir::OpPassManager &pm,
                            const LinalgPipelineOptions &options);

struct ConvertPipelineOptions
    : mlir::PassPipelineOptions<ConvertPipelineOptions> {
  Option<std::string> triple{
      *this, "triple", llvm::cl::desc("the target triple; empty: the host's")};
  ListOption<std::string> cpus{
      *this, "cpus", llvm::cl::desc("the CPUs; none: the triple's default")};
};

/// Stages of a plan to kernels: loops on tensors, once per CPU.
void populateConvertPipeline(mlir::OpPassManager &pm,
                             const ConvertPipelineOptions &options);

/// Kernels through the stages that their kind of target has for them, but for
/// the last.
void populateKernelPipeline(mlir::OpPassManager &pm,
                            const KernelTarget &target);

struct LLVMPipelineOptions : mlir::PassPipelineOptions<LLVMPipelineOptions> {
  Option<bool> threads{*this, "threads",
                       llvm::cl::desc("calls may be spread over threads"),
                       llvm::cl::init(true)};
};

/// What these leave to the LLVM dialect, with the C functions of the layers.
void populateLLVMPipeline(mlir::OpPassManager &pm, const KernelTarget &target,
                          const LLVMPipelineOptions &options);

/// Makes the stages known to eqc-opt as --eqc-expand, --eqc-convert and by the
/// names that kinds of targets give theirs.
void registerEqcPipelines();

/// Makes the single passes known to eqc-opt.
void registerEqcPasses();

} // namespace eqc

#endif // EQC_PIPELINES_PIPELINES_H
