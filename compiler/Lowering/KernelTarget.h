//===- KernelTarget.h - What a kind of machine supplies ---------*- C++ -*-===//
//
// A kind of target is a folder of this room: it visits the nests of a plan
// under schedules of its own. All that others know of it stands here.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_KERNELTARGET_H
#define EQC_LOWERING_KERNELTARGET_H

#include "compiler/Interface/Signature.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Plan/CostModel.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/LayerPlan.h"
#include "compiler/Target/CpuVariant.h"
#include "dialect/Eqc/EqcAttrs.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>
#include <vector>

namespace eqc {

/// Where kernels are written, before the builder's insertion point, and of
/// which layer they are for which machine.
struct KernelSite {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  llvm::StringRef layer;
  ir::TargetAttr target;

  std::string nameOf(KernelRole role) const {
    return (layer + "." + ir::getSpelling(role) + "." + target.getName()).str();
  }
};

/// What code is made like.
struct LoweringOptions : mlir::PassPipelineOptions<LoweringOptions> {
  Option<bool> threads{*this, "threads",
                       llvm::cl::desc("calls may be spread over threads"),
                       llvm::cl::init(true)};
  Option<bool> ragged{
      *this, "ragged",
      llvm::cl::desc("also functions for batches of different sizes"),
      llvm::cl::init(false)};
  Option<bool> networkOnly{
      *this, "network-only",
      llvm::cl::desc("functions of networks alone, not those of layers"),
      llvm::cl::init(false)};
};

/// A step on the way from kernels to the LLVM dialect: a pipeline of eqc-opt.
struct LoweringStage {
  llvm::StringLiteral name, summary;
  void (*populate)(mlir::OpPassManager &, const LoweringOptions &);
  bool takesOptions = false;
};

/// A machine beside the host, with memory and code of its own.
struct Device {
  llvm::StringLiteral words; ///< "NVIDIA GPUs"
  llvm::StringLiteral code;  ///< what `--emit` calls the text of its code
  /// The library that its layers are linked with; empty: there is none yet, and
  /// objects are code of the device alone.
  llvm::StringLiteral runtime;
  llvm::StringLiteral stream; ///< the type that programs know streams by
  /// What drivers number a chip by; and the newest chip whose code one of such
  /// a number runs, null where there is none.
  int64_t (*numberOf)(llvm::StringRef chip);
  const char *(*chipFor)(int64_t number);
  llvm::StringLiteral objects = ".o"; ///< how the names of objects end

  bool hasRuntime() const { return !runtime.empty(); }
};

/// How a device's kernels become images.
struct ImageOptions {
  int optLevel = 3;
  /// The program that finishes them; empty: the device's driver does.
  std::string assembler;
  bool needsAssembled = false; ///< it is an error if it makes nothing
  bool keepsText = true;       ///< beside what it makes
  bool isText = true;          ///< what `writeCode` writes; else an object
  void (*pause)() = nullptr;   ///< as CompileOptions has it
};

class KernelTarget : public PlanTarget {
public:
  using Kernels = std::vector<std::pair<KernelRole, EmittedKernel>>;

  //===--------------------------------------------------------------------===//
  // Machines
  //===--------------------------------------------------------------------===//

  /// Null where kernels run on the host itself.
  virtual const Device *device() const { return nullptr; }
  /// The machines of some names (none: the default ones) on a triple (empty:
  /// this machine's), least able first. False with `error` where there is no
  /// such machine, or one is named twice.
  virtual bool resolve(const std::string &triple,
                       const std::vector<std::string> &names,
                       std::vector<CpuVariant> &variants,
                       std::string &error) const = 0;
  /// What plans for such a machine are chosen by; where nobody measured one, it
  /// has no rates.
  virtual CostTarget costTarget(const CpuVariant &variant) const = 0;

  //===--------------------------------------------------------------------===//
  // Kernels
  //===--------------------------------------------------------------------===//

  /// The kernels of a layer, by a plan that the target serves.
  virtual Kernels emitLayer(const KernelSite &site, const LayerSpec &spec,
                            const LayerPlan &plan) const = 0;
  /// Those of its gradients of weight and bias.
  virtual Kernels emitGradients(const KernelSite &site, const LayerSpec &spec,
                                const GradientPlan &plan) const = 0;
  /// Those of a layer of two inputs, or of one of its gradients, by a target
  /// that says of such layers that it has kernels.
  virtual Kernels emitBilinear(const KernelSite &site, const LayerSpec &spec,
                               const BilinearPlan &plan) const;

  /// How kernels carry out the stages of a plan: a line for each.
  virtual std::string describe(const LayerSpec &spec, const LayerPlan &plan,
                               const Machine &machine) const = 0;
  virtual std::string describe(const LayerSpec &spec, const GradientPlan &plan,
                               const Machine &machine) const = 0;
  virtual std::string describe(const LayerSpec &spec, const BilinearPlan &plan,
                               const Machine &machine) const {
    return "";
  }

  //===--------------------------------------------------------------------===//
  // From kernels to code
  //===--------------------------------------------------------------------===//

  /// What becomes of its kernels, in order; each stage checks what it leaves.
  /// The last one leaves the last MLIR that there is, the C functions included
  /// where kernels run on the host.
  virtual llvm::ArrayRef<LoweringStage> stages() const = 0;
  /// The dialects that kernels are written in.
  virtual void addDialects(mlir::DialectRegistry &registry) const = 0;
  /// How those that stages leave become LLVM IR.
  virtual void addTranslations(mlir::DialectRegistry &registry) const {}
  /// Makes the passes of its stages known to eqc-opt.
  virtual void registerPasses() const {}

  /// Of a device: kernels become data of the host's code, which gets its C
  /// functions. Errors are the module's, or `missing` says what is asked for
  /// and not there.
  virtual mlir::LogicalResult embedKernels(mlir::ModuleOp module,
                                           const ImageOptions &options,
                                           std::string &missing) const {
    return mlir::success();
  }
  /// Of a device: the code of all kernels as text, those of one machine; where
  /// there is no runtime also the object. Errors as of `embedKernels`.
  virtual mlir::LogicalResult writeCode(mlir::ModuleOp module,
                                        const ImageOptions &options,
                                        llvm::SmallVectorImpl<char> &code,
                                        std::string &missing) const {
    return mlir::failure();
  }
  /// Of a device: makes its kernels functions of the host, by which they are
  /// checked where there is no such device.
  virtual void addHostForm(mlir::OpPassManager &pm) const {}
  /// Of a device: the program that `ImageOptions::assembler` names, where it is
  /// installed.
  virtual std::string findAssembler() const { return ""; }
};

#define EQC_TARGET(KIND, FOLDER, TARGET) const KernelTarget &TARGET();
#include "compiler/Lowering/Targets.def"

/// All of them.
llvm::ArrayRef<const KernelTarget *> kernelTargets();
/// The target of a kind, as Targets.def lists it; null if there is none.
const KernelTarget *findKernelTarget(llvm::StringRef kind);
/// What Targets.def calls it.
llvm::StringRef kindOf(const KernelTarget &target);
/// The one that `--target` names: a device by its kind, the host by a triple.
const KernelTarget &kernelTargetOf(llvm::StringRef triple);

/// What plans for one of its machines are chosen by.
CostTarget costTargetOf(const KernelTarget &target, const CpuVariant &variant);

/// Those of a host with cores like this, whose name does not matter.
CostTarget costTargetOf(const Machine &machine);

/// What programs see of layers for it.
inline Interface interfaceOf(const KernelTarget &target) {
  return target.device() ? Interface::Device : Interface::Host;
}

/// The machines of some names on what `--target` names, of whatever kind; see
/// KernelTarget::resolve.
bool resolveVariants(const std::string &triple,
                     const std::vector<std::string> &names,
                     std::vector<CpuVariant> &variants, std::string &error);

} // namespace eqc

#endif // EQC_LOWERING_KERNELTARGET_H
