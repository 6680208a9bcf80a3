//===- Compile.cpp - From checked layers to code --------------------------===//

#include "compiler/Pipelines/Compile.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Pipelines/DecidePlan.h"
#include "compiler/Pipelines/ImportEqc.h"
#include "compiler/Pipelines/OwnStack.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Target/CpuVariant.h"
#include "compiler/Target/EntryPoints.h"
#include "compiler/Target/ObjectEmitter.h"
#include "dialect/Eqc/EqcAttrs.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/Support/raw_ostream.h"

#include <deque>
#include <map>
#include <tuple>

using namespace eqc;
using namespace mlir;

namespace {

/// Keeps the first error that LLVM reports.
class CollectErrors : public llvm::DiagnosticHandler {
public:
  explicit CollectErrors(std::string &message) : message(message) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() == llvm::DS_Error && message.empty()) {
      llvm::raw_string_ostream stream(message);
      llvm::DiagnosticPrinterRawOStream printer(stream);
      info.print(printer);
    }
    return true;
  }

private:
  std::string &message;
};

/// Calls `CompileOptions::pause`, before each of MLIR's passes ..
class PauseBeforePasses : public PassInstrumentation {
public:
  explicit PauseBeforePasses(void (*pause)()) : pause(pause) {}
  void runBeforePass(Pass *pass, Operation *op) override { pause(); }

private:
  void (*pause)();
};

/// .. and where LLVM's yield.
void pauseInLLVM(llvm::LLVMContext *context, void *options) {
  static_cast<const CompileOptions *>(options)->pause();
}

class Compilation {
public:
  Compilation(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
              CompileFailure &failure)
      : layers(layers), options(options), failure(failure),
        context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadDialect<func::FuncDialect, ir::EqcDialect>();
    handler.emplace(&context, [this](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
          messages.empty())
        messages = diagnostic.str();
    });
  }

  bool run(CodeKind kind, llvm::SmallVectorImpl<char> &out) {
    const std::string triple = resolveTriple(options.triple);
    std::string error;
    std::vector<CpuVariant> variants;
    if (!resolveVariants(options.triple, options.cpus, variants, error))
      return fail(2, error);
    std::vector<PlanKind> plans;
    if (!decidePlans(layers, optionsOfChoice(kind), plans, failure))
      return false;
    module = ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    llvm::SmallVector<func::FuncOp> functions;
    for (const LayerSpec &layer : layers)
      functions.push_back(importLayer(b, layer));
    if (failed(verify(*module)))
      return internalError("malformed layers");
    if (kind == CodeKind::Eq)
      return print(out);

    for (size_t i = 0; i < layers.size(); ++i)
      functions[i]->setAttr(ir::EqcDialect::kPlanAttrName,
                            b.getStringAttr(planName(plans[i])));
    for (size_t i = 0; i < options.tuning.size(); ++i)
      if (options.tuning[i].registers > 0)
        functions[i]->setAttr(ir::EqcDialect::kMaxRegistersAttrName,
                              b.getI64IntegerAttr(options.tuning[i].registers));
    if (kind == CodeKind::Linalg)
      return runStages([&](PassManager &pm) {
               LinalgPipelineOptions linalg;
               linalg.gradients = options.gradients;
               populateLinalgPipeline(pm, linalg);
             }) &&
             print(out);
    if (!runStages([&](PassManager &pm) {
          ExpandPipelineOptions expand;
          expand.gradients = options.gradients;
          populateExpandPipeline(pm, expand);
        }))
      return false;
    if (kind == CodeKind::Stages)
      return print(out);
    if (!runStages([&](PassManager &pm) {
          ConvertPipelineOptions convert;
          convert.triple = triple;
          for (const std::string &cpu : options.cpus)
            convert.cpus.push_back(cpu);
          populateConvertPipeline(pm, convert);
        }))
      return false;
    findKernels();
    for (size_t i = 0; i < layers.size(); ++i)
      describe(layers[i], plans[i], variants);
    if (kind == CodeKind::Loops)
      return runStages([](PassManager &pm) {
               // For readers: a constant and an index computed once each.
               pm.nest<func::FuncOp>().addPass(createCanonicalizerPass());
               pm.nest<func::FuncOp>().addPass(createCSEPass());
             }) &&
             print(out);

    if (!runStages([](PassManager &pm) {
          populateVectorizePipeline(pm);
          populateBufferizePipeline(pm);
          populateLLVMPipeline(pm);
        }))
      return false;
    if (kind == CodeKind::MLIR)
      return print(out);
    return translate(kind, triple, out);
  }

private:
  /// What plans are chosen for. Forms that know no target are the same on every
  /// machine and for every `--cpu`.
  CompileOptions optionsOfChoice(CodeKind kind) const {
    CompileOptions chosen = options;
    if (kind == CodeKind::Linalg || kind == CodeKind::Stages) {
      chosen.triple = "x86_64-unknown-linux-gnu";
      chosen.cpus.clear();
    }
    return chosen;
  }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    return registry;
  }

  bool fail(int status, const std::string &message) {
    failure.status = status;
    failure.message = message;
    return false;
  }
  bool internalError(const std::string &what) {
    return fail(70, what + (messages.empty() ? "" : ": " + messages));
  }

  bool print(llvm::SmallVectorImpl<char> &out) {
    llvm::raw_svector_ostream stream(out);
    module->print(stream);
    stream << '\n';
    return true;
  }

  /// Runs some stages. What each must leave is checked by passes of its own, so
  /// MLIR's verifier runs once at the end instead of after every pass.
  bool runStages(llvm::function_ref<void(PassManager &)> populate) {
    PassManager pm(&context);
    pm.enableVerifier(false);
    if (options.pause)
      pm.addInstrumentation(std::make_unique<PauseBeforePasses>(options.pause));
    populate(pm);
    if (failed(pm.run(*module)))
      return internalError("lowering failed");
    if (failed(verify(*module)))
      return internalError("malformed code");
    return true;
  }

  /// The kernels, by what they do for which layer on which CPU.
  void findKernels() {
    for (auto function : module->getOps<func::FuncOp>())
      if (auto kernel = function->getAttrOfType<ir::KernelAttr>(
              ir::EqcDialect::kKernelAttrName))
        kernels[{kernel.getLayer().str(), kernel.getTarget().getName().str(),
                 kernel.getRole()}] = {function.getName().str(),
                                       kernel.getRecord()};
  }

  /// What the entry points of a layer need to know of its kernels.
  void describe(const LayerSpec &spec, PlanKind plan,
                const std::vector<CpuVariant> &variants) {
    LayerCode code = describeLayer(spec, plan, variants);
    if (options.gradients) {
      flipped.push_back(gradientLayer(spec));
      code.gradX.push_back(describeLayer(flipped.back(), plan, variants));
      for (const CpuVariant &cpu : variants)
        code.sums.push_back(kernels.at(
            {gradientOfWeightName(spec), cpu.name, KernelRole::Sums}));
    }
    codes.push_back(std::move(code));
  }

  LayerCode describeLayer(const LayerSpec &spec, PlanKind plan,
                          const std::vector<CpuVariant> &variants) {
    LayerCode code;
    code.spec = &spec;
    code.plan = planName(plan);
    code.source = toSource(spec);
    code.threads = options.threads;
    for (const CpuVariant &cpu : variants) {
      VariantCode variant;
      variant.cpu = cpu;
      variant.pack = kernels.at({spec.name, cpu.name, KernelRole::Pack});
      variant.forward = kernels.at({spec.name, cpu.name, KernelRole::Forward});
      if (auto lanes = kernels.find({spec.name, cpu.name, KernelRole::Lanes});
          lanes != kernels.end())
        variant.lanes = lanes->second;
      code.variants.push_back(std::move(variant));
    }
    return code;
  }

  bool translate(CodeKind kind, const std::string &triple,
                 llvm::SmallVectorImpl<char> &out) {
    std::string error;
    std::unique_ptr<llvm::TargetMachine> machine =
        makeTargetMachine(triple, options.optLevel, error);
    if (!machine)
      return fail(2, error);
    llvm::LLVMContext llvmContext;
    messages.clear();
    // LLVM's own handler prints, and ends the process after an error.
    llvmContext.setDiagnosticHandler(std::make_unique<CollectErrors>(messages));
    if (options.pause)
      llvmContext.setYieldCallback(pauseInLLVM,
                                   const_cast<CompileOptions *>(&options));
    std::unique_ptr<llvm::Module> code =
        translateModuleToLLVMIR(*module, llvmContext, "eqc");
    if (!code)
      return internalError("translation to LLVM IR failed");
    code->setDataLayout(machine->createDataLayout());
    code->setTargetTriple(llvm::Triple(triple));
    for (llvm::Function &function : *code)
      if (!function.isDeclaration()) {
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
        function.addFnAttr(llvm::Attribute::NoUnwind);
      }
    for (llvm::GlobalVariable &global : code->globals())
      global.setLinkage(llvm::GlobalValue::InternalLinkage);
    for (const LayerCode &layer : codes)
      addEntryPoints(*code, layer);
    optimizeModule(*code, *machine, options.optLevel);
    if (kind == CodeKind::LLVM) {
      llvm::raw_svector_ostream stream(out);
      code->print(stream, nullptr);
      return true;
    }
    if (!emitCode(*code, *machine, kind == CodeKind::Assembly, out))
      return internalError("the target has no code generator");
    if (!messages.empty())
      return internalError("code generation failed");
    return true;
  }

  llvm::ArrayRef<LayerSpec> layers;
  const CompileOptions &options;
  CompileFailure &failure;
  MLIRContext context;
  std::optional<ScopedDiagnosticHandler> handler;
  std::string messages;
  OwningOpRef<ModuleOp> module;
  /// Layer, CPU, role.
  std::map<std::tuple<std::string, std::string, KernelRole>, KernelCode>
      kernels;
  std::deque<LayerSpec> flipped; ///< the layers of the gradients
  std::vector<LayerCode> codes;
};

} // namespace

bool eqc::compileLayers(llvm::ArrayRef<LayerSpec> layers,
                        const CompileOptions &options, CodeKind kind,
                        llvm::SmallVectorImpl<char> &out,
                        CompileFailure &failure) {
  bool done = false;
  runOnOwnStack(
      [&] { done = Compilation(layers, options, failure).run(kind, out); });
  return done;
}
