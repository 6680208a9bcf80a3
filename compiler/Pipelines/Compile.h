//===- Compile.h - From checked layers to code ------------------*- C++ -*-===//
//
// The compiler as one call: layers in, bytes of the asked kind out. The driver,
// `eqc check` and tests all go through here.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PIPELINES_COMPILE_H
#define EQC_PIPELINES_COMPILE_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Plan/CostModel.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class TimingScope;
} // namespace mlir

namespace eqc {

/// Forms of the program the compiler can stop at. A header and a shared library
/// are made by the driver from the layers and from `Object`.
enum class CodeKind {
  Object,
  Assembly,
  LLVM,
  Device, ///< the text of a device's code, of the one machine compiled for
  Phases, ///< kernels of a device as an object of the host, to check them
  MLIR,   ///< the last MLIR before LLVM IR
  Loops,  ///< the kernels of each CPU as loops over tensors
  Linalg, ///< graphs of upstream operations on tensors, for no target
  Stages, ///< the dialect with a plan chosen and written out
  Eq,     ///< the dialect as the front end leaves it
};

/// What was found to be the fastest for a layer by measuring.
struct LayerTuning {
  PlanKind plan = PlanKind::Auto; ///< Auto: by the cost model
  /// Register tiles use at most so many registers; 0: all.
  int64_t registers = 0;
};

/// Follows a compilation. Called from one thread, maybe not the caller's.
class CompileWatcher {
public:
  virtual ~CompileWatcher() = default;

  /// Something begins: a pass, or a step of LLVM.
  virtual void begins(llvm::StringRef what) {}
  /// Whether texts are wanted of what stages leave.
  virtual bool wantsTexts() const { return false; }
  /// What a stage left: how its file is called, and what is in it.
  virtual void left(llvm::StringRef name, llvm::StringRef text) {}
};

struct PassRecorder;

struct CompileOptions {
  PlanKind plan = PlanKind::Auto;
  std::string triple; ///< empty: the host's; or a kind of device
  std::vector<std::string>
      cpus; ///< one variant each, best last; empty: default of the triple
  std::string assembler;       ///< of a device, this and the next two: see
  bool needsAssembled = false; ///< ImageOptions
  bool keepsText = true;
  int optLevel = 3; ///< 0..3
  bool threads = true;
  bool gradients = true; ///< also NAME_backward
  /// Also functions for batches whose samples differ in size, of layers whose n
  /// is given at run time.
  bool ragged = false;
  /// Networks of the layers that are compiled, which are all of a source.
  llvm::ArrayRef<NetworkSpec> networks;
  /// Functions of networks alone, not those of their layers.
  bool networkOnly = false;
  /// Samples of a call that plans are chosen for; 0: the layer's `batch`, else
  /// a typical one.
  int64_t batch = 0;
  /// Rates of kinds of CPU that the cost model uses instead of its own.
  std::vector<CostTarget> rates;
  /// One for each layer, which then counts instead of `plan`; or none.
  std::vector<LayerTuning> tuning;
  /// What was built of plans, kept for the caller, who compiles the same layers
  /// again or asks about them. Null: for the call alone.
  BuiltPlans *built = nullptr;
  /// Called now and then between passes, where no lock of the process is held;
  /// may wait. Null: not called.
  void (*pause)() = nullptr;
  CompileWatcher *watcher = nullptr; ///< may be null
  PassRecorder *recorder = nullptr;  ///< may be null
  /// The time of passes, and of what LLVM does, is counted below it. May be
  /// null.
  mlir::TimingScope *timing = nullptr;
};

/// Why a compilation failed: exit status 1 (refused), 2 (bad option value), 4
/// (limit) or 70 (internal), the layer concerned or -1, a diagnostic id or "",
/// the message; the network concerned or -1.
struct CompileFailure {
  int status = 70;
  int layer = -1;
  std::string id;
  std::string message;
  int network = -1;
};

/// Where what failed stands in the source, if that is known.
const SourcePosition *positionOf(const CompileFailure &failure,
                                 llvm::ArrayRef<LayerSpec> layers,
                                 llvm::ArrayRef<NetworkSpec> networks);

/// Compiles `layers` into one module and appends it to `out`. False on failure,
/// with `failure` filled in. Deterministic: same input, same bytes.
/// `packedSizes`, if given, are what the function below finds, for kinds that
/// hold kernels.
bool compileLayers(llvm::ArrayRef<LayerSpec> layers,
                   const CompileOptions &options, CodeKind kind,
                   llvm::SmallVectorImpl<char> &out, CompileFailure &failure,
                   std::vector<int64_t> *packedSizes = nullptr);

/// Whether layer `index` gets functions for ragged batches: not under a plan
/// that was asked for and has none. Where plans are chosen, one that has them
/// is.
bool hasRagged(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
               size_t index);

/// Whether a form holds the kernels of some CPUs.
bool hasKernels(CodeKind kind);

/// The CPU that plans are chosen for: the most able one of those compiled for.
/// An unknown target is reported by whoever compiles for it.
CostTarget costTarget(const CompileOptions &options);

/// The plan of every layer, as `--eqc-choose-plans` notes it. False, with
/// `failure` filled in, where the one asked for is not possible.
bool choosePlans(llvm::ArrayRef<LayerSpec> layers,
                 const CompileOptions &options, std::vector<PlanKind> &plans,
                 CompileFailure &failure);

/// How a function of a layer is carried out.
struct FunctionReport {
  PlanKind plan = PlanKind::Auto; ///< Auto for gradients of weight and bias
  std::string schedule; ///< a line for each stage, on the most able CPU
};
struct LayerReport {
  FunctionReport layer;
  CountedPlan counted; ///< its stages
  /// The same as kernels are written for, read from the IR.
  std::shared_ptr<const LayerPlan> plan;
  PlanChoice choice; ///< what was compared, also where a plan is asked for
  /// With gradients.
  FunctionReport gradientOfX, gradientOfWeight;
};

/// Reads from a layer in stages how it is going to be compiled. False, with
/// `failure` filled in, as compileLayers.
bool reportLayer(const LayerSpec &layer, const CompileOptions &options,
                 LayerReport &report, CompileFailure &failure);

/// The same of a layer of two inputs: how each of its functions is carried out.
struct BilinearReport {
  PlanKind plan = PlanKind::Auto;
  std::vector<std::pair<std::string, std::string>> schedules;
};
bool reportBilinear(const LayerSpec &layer, const CompileOptions &options,
                    BilinearReport &report, CompileFailure &failure);

/// NAME_PACKED_SIZE of every layer: the most elements that NAME_pack writes on
/// any of the CPUs compiled for. Never depends on a run-time n. The kernels are
/// asked, so the layers are compiled as far as these are written. False, with
/// `failure` filled in, as compileLayers.
bool packedSizes(llvm::ArrayRef<LayerSpec> layers,
                 const CompileOptions &options, std::vector<int64_t> &sizes,
                 CompileFailure &failure);

} // namespace eqc

#endif // EQC_PIPELINES_COMPILE_H
