//===- Pipelines.h - Named stages of lowering -------------------*- C++ -*-===//
//
// The stages a layer goes through, from the eqc dialect to LLVM. The driver,
// eqc-opt and tests call the same functions.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PIPELINES_PIPELINES_H
#define EQC_PIPELINES_PIPELINES_H

#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Transforms/ChoosePlans.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace eqc {

/// How layers become stages.
template <typename OptionsT>
struct PlanPipelineOptions : mlir::PassPipelineOptions<OptionsT> {
  template <typename T> using Option = mlir::detail::PassOptions::Option<T>;
  template <typename T>
  using ListOption = mlir::detail::PassOptions::ListOption<T>;
  Option<std::string> plan{
      *this, "plan",
      llvm::cl::desc("the plan of all layers; auto: the fastest of each"),
      llvm::cl::init("auto")};
  Option<int64_t> batch{
      *this, "batch",
      llvm::cl::desc("samples of a call that plans are chosen for; 0: the "
                     "layer's batch, else 32"),
      llvm::cl::init(0)};
  Option<std::string> triple{
      *this, "triple",
      llvm::cl::desc("the target triple that plans are chosen for; empty: the "
                     "host's")};
  ListOption<std::string> cpus{
      *this, "cpus",
      llvm::cl::desc("the CPUs that plans are chosen for; none: the triple's "
                     "default")};
  Option<bool> gradients{
      *this, "gradients",
      llvm::cl::desc("add the gradients of the layers as functions"),
      llvm::cl::init(false)};
};

struct ExpandPipelineOptions : PlanPipelineOptions<ExpandPipelineOptions> {
  Option<bool> compare{*this, "compare",
                       llvm::cl::desc("compare plans also where one is wanted"),
                       llvm::cl::init(false)};
  Option<bool> interfaces{
      *this, "interfaces",
      llvm::cl::desc("note what programs are told of the layers"),
      llvm::cl::init(true)};
};

/// Layers, and the gradients of x, with their plans noted.
void populateChoosePipeline(mlir::OpPassManager &pm,
                            const ExpandPipelineOptions &options,
                            const PlanContext *context = nullptr);

/// Those that have one to its stages.
void populateStagesPipeline(mlir::OpPassManager &pm);

/// Layers to the stages of a plan, chosen in `context` where one is given.
void populateExpandPipeline(mlir::OpPassManager &pm,
                            const ExpandPipelineOptions &options,
                            const PlanContext *context = nullptr);

struct LinalgPipelineOptions : PlanPipelineOptions<LinalgPipelineOptions> {};

/// Layers to graphs of upstream operations on tensors, for any MLIR compiler.
void populateLinalgPipeline(mlir::OpPassManager &pm,
                            const LinalgPipelineOptions &options,
                            const PlanContext *context = nullptr);

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

/// What these leave to the last MLIR, of a host with the C functions.
void populateLLVMPipeline(mlir::OpPassManager &pm, const KernelTarget &target,
                          const LoweringOptions &options);

/// Makes the stages known to eqc-opt as --eqc-expand, --eqc-convert and by the
/// names that kinds of targets give theirs.
void registerEqcPipelines();

/// Makes the single passes known to eqc-opt.
void registerEqcPasses();

} // namespace eqc

#endif // EQC_PIPELINES_PIPELINES_H
