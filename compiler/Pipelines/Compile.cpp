//===- Compile.cpp - From checked layers to code --------------------------===//

#include "compiler/Pipelines/Compile.h"
#include "compiler/Conversion/EqcToLoops/KernelPlan.h"
#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Pipelines/Dialects.h"
#include "compiler/Pipelines/ImportEqc.h"
#include "compiler/Pipelines/OwnStack.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Pipelines/ReplayFile.h"
#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Target/CpuVariant.h"
#include "compiler/Target/ObjectEmitter.h"
#include "compiler/Transforms/Passes.h"
#include "dialect/Eqc/EqcAttrs.h"
#include "dialect/Eqc/EqcDialect.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Support/Timing.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

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

/// Calls `CompileOptions::pause`, before each of MLIR's passes, tells the
/// watcher of it, and keeps what one is given ..
class BeforePasses : public PassInstrumentation {
public:
  explicit BeforePasses(const CompileOptions &options) : options(options) {}
  void runBeforePass(Pass *pass, Operation *op) override {
    if (options.pause)
      options.pause();
    // What runs passes on functions has no name on command lines.
    if (options.watcher && !pass->getArgument().empty())
      options.watcher->begins(pass->getArgument());
    PassRecorder *recorder = options.recorder;
    if (recorder && !pass->getArgument().empty() &&
        ++recorder->begun == recorder->kept)
      writeReplayFile(recorder->folder, *pass, op);
  }
  void runAfterPass(Pass *pass, Operation *) override {
    PassRecorder *recorder = options.recorder;
    if (recorder && !pass->getArgument().empty() &&
        recorder->begun == recorder->kept)
      llvm::sys::fs::remove(recorder->folder + "/" + kReplayPass);
  }

private:
  const CompileOptions &options;
};

/// .. and where LLVM's yield.
void pauseInLLVM(llvm::LLVMContext *context, void *options) {
  static_cast<const CompileOptions *>(options)->pause();
}

/// The plan of a layer that was asked for, Auto where the fastest is wanted.
PlanKind planAskedFor(const CompileOptions &options, size_t index) {
  const PlanKind tuned = index < options.tuning.size()
                             ? options.tuning[index].plan
                             : PlanKind::Auto;
  return tuned != PlanKind::Auto ? tuned : options.plan;
}

class Compilation {
public:
  Compilation(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
              CompileFailure &failure)
      : layers(layers), options(options), failure(failure),
        context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadDialect<func::FuncDialect, ir::EqcDialect>();
    handler.emplace(&context, [this](mlir::Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return;
      if (messages.empty())
        messages = diagnostic.str();
      noteRefusal(diagnostic);
    });
  }

  bool run(CodeKind kind, llvm::SmallVectorImpl<char> &out) {
    if (!import(kind))
      return false;
    show("eq.mlir");
    if (kind == CodeKind::Eq)
      return print(out);
    if (kind == CodeKind::Linalg)
      return runStages([&](PassManager &pm) {
               const PlanContext context = contextOf(kind);
               LinalgPipelineOptions linalg;
               setPlan(linalg);
               populateLinalgPipeline(pm, linalg, &context);
             }) &&
             show("linalg.mlir") && print(out);
    if (!expand(kind))
      return false;
    show("stages.mlir");
    if (kind == CodeKind::Stages)
      return print(out);
    if (!convert())
      return false;
    showTidy("loops.mlir");
    if (kind == CodeKind::Loops)
      return tidy(*module) && print(out);
    if (kind == CodeKind::Phases)
      return runStages([&](PassManager &pm) { target->addHostForm(pm); }) &&
             translate(kind, out);
    if (!lower())
      return false;
    if (kind == CodeKind::MLIR)
      return print(out);
    const ImageOptions images{options.optLevel,         options.assembler,
                              options.needsAssembled,   options.keepsText,
                              kind == CodeKind::Device, options.pause};
    const Device *device = target->device();
    const bool isCode =
        kind == CodeKind::Device || (device && !device->hasRuntime());
    std::string missing;
    if (failed(isCode ? target->writeCode(*module, images, out, missing)
                      : target->embedKernels(*module, images, missing))) {
      if (missing.empty())
        return internalError("code generation failed");
      failure.status = 2;
      failure.message = missing;
      return false;
    }
    return isCode || translate(kind, out);
  }

  /// Only as far as there are kernels.
  bool writeKernels() {
    return import(CodeKind::Loops) && expand(CodeKind::Loops) && convert();
  }

  bool choosePlans(std::vector<PlanKind> &plans) {
    if (!importAndChoose([](auto &choose) { choose.gradients = false; }))
      return false;
    plans.clear();
    for (const LayerSpec &layer : layers)
      plans.push_back(layer.isBilinear() ? bilinearPlanOf(layer)
                                         : planOf(layer).getKind());
    return true;
  }

  /// Of a single layer of two inputs.
  bool report(BilinearReport &report) {
    if (!importAndChoose([](auto &) {}))
      return false;
    const LayerSpec &layer = layers.front();
    report.plan = bilinearPlanOf(layer);
    const bool shares = sharesJoins(report.plan).value_or(true);
    const Machine &machine = variants.back().machine;
    for (BilinearRole role : kBilinearRoles) {
      if (role != BilinearRole::Forward && !options.gradients)
        continue;
      const std::string what =
          role == BilinearRole::Forward
              ? "its kernel for " + costTarget(options).name
          : role == BilinearRole::GradX ? "its gradient of x"
          : role == BilinearRole::GradZ ? "its gradient of z"
                                        : "its gradient of weight";
      report.schedules.emplace_back(
          what, target->describe(layer, buildBilinearPlan(layer, role, shares),
                                 machine));
    }
    return true;
  }

  /// Of a single layer.
  bool report(LayerReport &report) {
    if (!importAndChoose([](auto &choose) { choose.compare = true; }))
      return false;
    const LayerSpec &layer = layers.front();
    const ir::PlanAttr plan = planOf(layer);
    report.choice = choiceOf(plan);
    report.counted = basisOf(plan);
    if (!runStages([&](PassManager &pm) {
          populateStagesPipeline(pm);
          CloneForTargetsPassOptions clone;
          clone.triple = options.triple;
          clone.cpus.assign(options.cpus.begin(), options.cpus.end());
          pm.addPass(createCloneForTargetsPass(clone));
        }))
      return false;
    const std::string cpu = variants.back().name;
    return describe(layer.name + "." + cpu, report.layer, &report) &&
           (!options.gradients ||
            (describe(gradientLayer(layer).name + "." + cpu,
                      report.gradientOfX) &&
             describe(gradientOfWeightName(layer.name) + "." + cpu,
                      report.gradientOfWeight)));
  }

  /// The most elements of the packed weights of each layer, of the kernels.
  std::vector<int64_t> packedSizes() {
    llvm::StringMap<int64_t> most;
    for (auto function : module->getOps<func::FuncOp>()) {
      auto kernel = function->getAttrOfType<ir::KernelAttr>(
          ir::EqcDialect::kKernelAttrName);
      if (!kernel || kernel.getRole() != KernelRole::Forward)
        continue;
      int64_t elements = 1;
      for (int64_t extent : kernel.getPacked())
        elements *= extent;
      int64_t &known = most[kernel.getLayer()];
      known = std::max(known, elements);
    }
    std::vector<int64_t> sizes;
    // Weights of two inputs stay as they are.
    for (const LayerSpec &layer : layers)
      sizes.push_back(layer.isBilinear()
                          ? static_cast<int64_t>(layer.diagrams.size()) *
                                layer.weightsOfDiagram()
                          : most.lookup(layer.name));
    return sizes;
  }

  /// Set to the above once there are kernels.
  std::vector<int64_t> *sizes = nullptr;

private:
  /// To the last MLIR: in one go, unless somebody wants to see what each stage
  /// of the target leaves.
  bool lower() {
    LoweringOptions lowering;
    lowering.threads = options.threads;
    lowering.ragged = options.ragged;
    lowering.networkOnly = options.networkOnly;
    if (!wantsTexts())
      return runStages([&](PassManager &pm) {
        populateKernelPipeline(pm, *target);
        populateLLVMPipeline(pm, *target, lowering);
      });
    for (const LoweringStage &stage : target->stages()) {
      if (!runStages([&](PassManager &pm) { stage.populate(pm, lowering); }))
        return false;
      StringRef name = stage.name;
      name.consume_front("eqc-");
      showTidy((name + ".mlir").str());
    }
    return true;
  }

  bool wantsTexts() const {
    return options.watcher && options.watcher->wantsTexts();
  }
  /// Shows the module as it is to whoever wants to see it; always true.
  bool show(llvm::StringRef name) { return showModule(name, *module); }
  bool showModule(llvm::StringRef name, ModuleOp shown) {
    if (!wantsTexts())
      return true;
    std::string text;
    llvm::raw_string_ostream stream(text);
    shown.print(stream);
    stream << '\n';
    options.watcher->left(name, text);
    return true;
  }
  /// The same for readers.
  bool showTidy(llvm::StringRef name) {
    if (!wantsTexts())
      return true;
    OwningOpRef<ModuleOp> copy = module->clone();
    return tidy(*copy) && showModule(name, *copy);
  }
  /// A constant and an index are computed once each.
  bool tidy(ModuleOp shown) {
    PassManager pm(&context);
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
    return succeeded(pm.run(shown)) || internalError("malformed code");
  }

  /// The layers as functions that say how they shall be compiled.
  bool import(CodeKind kind) {
    std::string error;
    if (!resolveVariants(options.triple, options.cpus, variants, error))
      return fail(2, error);
    target = &kernelTargetOf(options.triple);
    // A device is driven by code of the host.
    triple = resolveTriple(target->device() ? "" : options.triple);
    module = ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    llvm::SmallVector<func::FuncOp> functions;
    for (const LayerSpec &layer : layers)
      functions.push_back(importLayer(b, layer));
    for (const NetworkSpec &network : options.networks)
      importNetwork(b, network, networkSource(network, layers));
    if (failed(verify(*module)))
      return internalError("malformed layers");
    if (kind == CodeKind::Eq)
      return true;
    for (auto [i, layer] : llvm::enumerate(layers)) {
      const std::string why = kind == CodeKind::Linalg
                                  ? whyNoGraph(layer)
                                  : target->whyNoKernels(layer);
      if (!why.empty()) {
        failure = {1, static_cast<int>(i), "E0074", why, -1};
        return false;
      }
    }
    const std::string_view why = whyNoNetworks(kind);
    if (!options.networks.empty() && !why.empty()) {
      failure = {1, -1, "E0074", std::string(why), 0};
      return false;
    }
    if (!options.tuning.empty() && options.tuning.size() != functions.size())
      return internalError("the tuning is that of other layers");
    for (size_t i = 0; i < options.tuning.size(); ++i)
      setTuning(functions[i], options.tuning[i]);
    if (options.ragged)
      choosePlansOfRagged(functions, kind);
    return true;
  }

  /// What objects say of how they were compiled: the command line's options.
  std::string optionsText() const {
    std::string text = target->device()
                           ? "--target=" + options.triple + " --chip="
                           : "--target=" + triple + " --cpu=";
    for (auto [i, variant] : llvm::enumerate(variants))
      text += (i == 0 ? "" : ",") + variant.name;
    text += " -O" + std::to_string(options.optLevel) +
            " --plan=" + std::string(planName(options.plan));
    text += options.gradients ? " --grad" : " --no-grad";
    text += options.threads ? " --threads" : " --no-threads";
    text += options.ragged ? " --ragged" : "";
    text += options.networkOnly ? " --network-only" : "";
    if (options.batch > 0)
      text += " --batch=" + std::to_string(options.batch);
    return text;
  }

  /// The layers with their plans; `vary` changes how these are chosen.
  static std::string whyNoGraph(const LayerSpec &layer) {
    if (layer.isBilinear())
      return "the portable graph of layers of two inputs is not built yet";
    if (layer.pools())
      return "the portable graph of layers that pool by maximum or minimum is "
             "not built yet";
    return layer.group.isProduct()
               ? "the portable graph of axes of several spaces is not built yet"
               : "";
  }

  std::string_view whyNoNetworks(CodeKind kind) const {
    return kind == CodeKind::Linalg
               ? "the portable graph of networks is not built yet"
           : target->device() ? "networks for devices are not built yet"
                              : "";
  }

  bool importAndChoose(llvm::function_ref<void(ExpandPipelineOptions &)> vary) {
    return import(CodeKind::Object) && runStages([&](PassManager &pm) {
             const PlanContext context = contextOf(CodeKind::Object);
             ExpandPipelineOptions choose;
             setPlan(choose);
             vary(choose);
             populateChoosePipeline(pm, choose, &context);
           });
  }

  bool expand(CodeKind kind) {
    // Stages do not depend on the target.
    if (kind != CodeKind::Stages)
      (*module)->setAttr(ir::EqcDialect::kOptionsAttrName,
                         StringAttr::get(&context, optionsText()));
    return runStages([&](PassManager &pm) {
      const PlanContext context = contextOf(kind);
      ExpandPipelineOptions expand;
      setPlan(expand);
      populateExpandPipeline(pm, expand, &context);
    });
  }

  bool convert() {
    if (!runStages([&](PassManager &pm) {
          ConvertPipelineOptions convert;
          convert.triple = options.triple;
          for (const std::string &cpu : options.cpus)
            convert.cpus.push_back(cpu);
          populateConvertPipeline(pm, convert);
        }))
      return false;
    if (sizes)
      *sizes = packedSizes();
    return true;
  }

  /// The same where there are two inputs.
  PlanKind bilinearPlanOf(const LayerSpec &layer) {
    auto function = module->lookupSymbol<func::FuncOp>(layer.name);
    return findPlan(
               function
                   ->getAttrOfType<StringAttr>(ir::EqcDialect::kPlanAttrName)
                   .getValue())
        .value_or(defaultJoinPlan());
  }

  /// The plan that is noted on a layer.
  ir::PlanAttr planOf(const LayerSpec &layer) {
    auto function = module->lookupSymbol<func::FuncOp>(layer.name);
    return (*function.getOps<ir::LinearOp>().begin())
        ->getAttrOfType<ir::PlanAttr>(ir::EqcDialect::kPlanAttrName);
  }

  /// How a function is carried out; of a `layer`, its stages.
  bool describe(llvm::StringRef name, FunctionReport &report,
                LayerReport *layer = nullptr) {
    auto function = module->lookupSymbol<func::FuncOp>(name);
    const FailureOr<KernelPlan> kernels = readKernelPlan(function);
    if (failed(kernels))
      return internalError("malformed stages");
    report.plan =
        findPlan(
            function->getAttrOfType<StringAttr>(ir::EqcDialect::kPlanAttrName)
                .getValue())
            .value_or(PlanKind::Auto);
    const auto machine = function->getAttrOfType<ir::TargetAttr>(
        ir::EqcDialect::kTargetAttrName);
    // Stages have no name, by which targets know a gradient.
    LayerSpec spec = kernels->spec;
    spec.name = name.rsplit('.').first.str();
    report.schedule = std::visit(
        [&](const auto &plan) {
          return target->describe(spec, plan, machine.getMachine());
        },
        kernels->plan);
    if (layer) {
      layer->plan =
          std::make_shared<const LayerPlan>(std::get<LayerPlan>(kernels->plan));
      layer->counted.cost = costOf(*layer->plan);
    }
    return true;
  }

  PlanContext contextOf(CodeKind kind) {
    return {costTarget(optionsOfChoice(kind)),
            options.built ? *options.built : built};
  }

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

  template <typename OptionsT> void setPlan(OptionsT &result) const {
    result.plan = std::string(planName(options.plan));
    result.batch = options.batch;
    result.gradients = options.gradients;
  }

  /// What was measured to be the fastest is what is wanted.
  void setTuning(func::FuncOp function, const LayerTuning &tuning) {
    Builder b(&context);
    if (tuning.plan != PlanKind::Auto)
      for (Operation &layer : function.front())
        if (isa<ir::LinearOp, ir::BilinearOp>(layer))
          layer.setAttr(ir::EqcDialect::kPlanAttrName,
                        ir::PlanAttr::get(&context, tuning.plan));
    if (tuning.registers > 0)
      function->setAttr(ir::EqcDialect::kMaxRegistersAttrName,
                        b.getI64IntegerAttr(tuning.registers));
  }

  /// Plans without functions for ragged batches are no candidates of layers
  /// that shall have these.
  void choosePlansOfRagged(ArrayRef<func::FuncOp> functions, CodeKind kind) {
    const PlanContext context = contextOf(kind);
    for (auto [i, layer] : llvm::enumerate(layers)) {
      if (!layer.mayBeRagged() || planAskedFor(options, i) != PlanKind::Auto)
        continue;
      PlanChoice choice =
          choosePlan(layer, context.target, context.built, options.batch);
      if (rulesOf(choice.winner().kind).takesRagged)
        continue;
      for (PlanCandidate &candidate : choice.candidates)
        if (!rulesOf(candidate.kind).takesRagged)
          candidate.refused = "it has no functions for ragged batches";
      chooseAmong(choice);
      if (choice.winner().refused.empty())
        setTuning(functions[i], {choice.winner().kind, 0});
    }
  }

  /// Passes that refuse what was asked for say with the message under which
  /// number of the language, and of which layer. The first one counts, but a
  /// limit comes after what is wrong at any size.
  void noteRefusal(mlir::Diagnostic &diagnostic) {
    SmallVector<StringRef> facts;
    for (const DiagnosticArgument &fact : diagnostic.getMetadata())
      if (auto text =
              fact.getKind() ==
                      DiagnosticArgument::DiagnosticArgumentKind::Attribute
                  ? dyn_cast<StringAttr>(fact.getAsAttribute())
                  : StringAttr())
        facts.push_back(text.getValue());
    const DiagnosticInfo *info =
        facts.size() == 2 ? lookupDiagnostic(facts[0]) : nullptr;
    if (!info || (refused && refused->status <= info->status))
      return;
    // What its gradient cannot have the layer cannot have.
    const auto *layer = llvm::find_if(layers, [&](const LayerSpec &spec) {
      return facts[1] == spec.name || facts[1] == gradientOfXName(spec.name);
    });
    if (layer != layers.end())
      refused =
          CompileFailure{info->status, static_cast<int>(layer - layers.begin()),
                         info->code, diagnostic.str(), -1};
  }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerLoweringDialects(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    for (const KernelTarget *target : kernelTargets()) {
      target->addDialects(registry);
      target->addTranslations(registry);
    }
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
    if (options.pause || options.watcher || options.recorder)
      pm.addInstrumentation(std::make_unique<BeforePasses>(options));
    if (options.timing)
      pm.enableTiming(*options.timing);
    populate(pm);
    if (failed(pm.run(*module))) {
      if (!refused)
        return internalError("lowering failed");
      failure = *refused;
      return false;
    }
    if (failed(verify(*module)))
      return internalError("malformed code");
    return true;
  }

  /// Something that is no pass begins, and what it returns lives.
  TimingScope begin(llvm::StringRef what) {
    if (options.watcher)
      options.watcher->begins(what);
    return options.timing ? options.timing->nest(what) : TimingScope();
  }

  bool translate(CodeKind kind, llvm::SmallVectorImpl<char> &out) {
    std::string error;
    std::unique_ptr<llvm::TargetMachine> machine =
        makeTargetMachine(triple, options.optLevel, error);
    if (!machine)
      return fail(2, error);
    // Kernels of devices round as they say: those for other alignments have the
    // same bits.
    if (kind == CodeKind::Phases)
      machine->Options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
    llvm::LLVMContext llvmContext;
    messages.clear();
    // LLVM's own handler prints, and ends the process after an error.
    llvmContext.setDiagnosticHandler(std::make_unique<CollectErrors>(messages));
    if (options.pause)
      llvmContext.setYieldCallback(pauseInLLVM,
                                   const_cast<CompileOptions *>(&options));
    TimingScope time = begin("translation to LLVM IR");
    std::unique_ptr<llvm::Module> code =
        translateModuleToLLVMIR(*module, llvmContext, "eqc");
    if (!code)
      return internalError("translation to LLVM IR failed");
    code->setDataLayout(machine->createDataLayout());
    code->setTargetTriple(llvm::Triple(triple));
    const bool keeps = options.recorder && options.recorder->kept > 0;
    if (keeps) {
      std::error_code error;
      llvm::raw_fd_ostream(options.recorder->folder + "/" + kReplayLLVM, error)
          << *code;
    }
    time = begin("optimisation by LLVM");
    optimizeModule(*code, *machine, options.optLevel);
    if (kind == CodeKind::LLVM || wantsTexts()) {
      std::string text;
      llvm::raw_string_ostream(text) << *code;
      if (wantsTexts())
        options.watcher->left("llvm.ll", text);
      if (kind == CodeKind::LLVM) {
        out.append(text.begin(), text.end());
        return true;
      }
    }
    time = begin("code generation by LLVM");
    if (!emitCode(*code, *machine, kind == CodeKind::Assembly, out))
      return internalError("the target has no code generator");
    if (!messages.empty())
      return internalError("code generation failed");
    if (keeps)
      llvm::sys::fs::remove(options.recorder->folder + "/" + kReplayLLVM);
    return true;
  }

  llvm::ArrayRef<LayerSpec> layers;
  const CompileOptions &options;
  CompileFailure &failure;
  BuiltPlans built; ///< unless the caller keeps them
  MLIRContext context;
  std::optional<ScopedDiagnosticHandler> handler;
  std::string messages;
  std::optional<CompileFailure> refused;
  std::string triple;
  const KernelTarget *target = nullptr;
  std::vector<CpuVariant> variants; ///< best last
  OwningOpRef<ModuleOp> module;
};

} // namespace

const SourcePosition *eqc::positionOf(const CompileFailure &failure,
                                      llvm::ArrayRef<LayerSpec> layers,
                                      llvm::ArrayRef<NetworkSpec> networks) {
  if (failure.layer >= 0 && size_t(failure.layer) < layers.size())
    return &layers[failure.layer].position;
  if (failure.network >= 0 && size_t(failure.network) < networks.size())
    return &networks[failure.network].position;
  return nullptr;
}

bool eqc::compileLayers(llvm::ArrayRef<LayerSpec> layers,
                        const CompileOptions &options, CodeKind kind,
                        llvm::SmallVectorImpl<char> &out,
                        CompileFailure &failure,
                        std::vector<int64_t> *packedSizes) {
  bool done = false;
  runOnOwnStack([&] {
    Compilation compilation(layers, options, failure);
    compilation.sizes = packedSizes;
    done = compilation.run(kind, out);
  });
  return done;
}

bool eqc::hasRagged(llvm::ArrayRef<LayerSpec> layers,
                    const CompileOptions &options, size_t index) {
  const PlanKind plan = planAskedFor(options, index);
  return options.ragged && layers[index].mayBeRagged() &&
         (plan == PlanKind::Auto || rulesOf(plan).takesRagged);
}

bool eqc::hasKernels(CodeKind kind) {
  return kind != CodeKind::Linalg && kind != CodeKind::Stages &&
         kind != CodeKind::Eq;
}

bool eqc::packedSizes(llvm::ArrayRef<LayerSpec> layers,
                      const CompileOptions &options,
                      std::vector<int64_t> &sizes, CompileFailure &failure) {
  CompileOptions forward = options;
  forward.gradients = false;
  bool done = false;
  runOnOwnStack([&] {
    Compilation compilation(layers, forward, failure);
    compilation.sizes = &sizes;
    done = compilation.writeKernels();
  });
  return done;
}

CostTarget eqc::costTarget(const CompileOptions &options) {
  std::vector<CpuVariant> variants;
  std::string error;
  if (!resolveVariants(options.triple, options.cpus, variants, error))
    return costTargetOf(Machine());
  const KernelTarget &kind = kernelTargetOf(options.triple);
  CostTarget target = costTargetOf(kind, variants.back());
  // What is measured is a CPU.
  if (!kind.device())
    for (const CostTarget &measured : options.rates)
      if (measured.machine == target.machine) {
        target.name = measured.name;
        target.rates = measured.rates;
      }
  return target;
}

bool eqc::choosePlans(llvm::ArrayRef<LayerSpec> layers,
                      const CompileOptions &options,
                      std::vector<PlanKind> &plans, CompileFailure &failure) {
  bool done = false;
  runOnOwnStack(
      [&] { done = Compilation(layers, options, failure).choosePlans(plans); });
  return done;
}

/// Those of a layer without the others: networks know layers by their places
/// among all.
static CompileOptions optionsOfOne(CompileOptions options) {
  options.networks = {};
  return options;
}

bool eqc::reportLayer(const LayerSpec &layer, const CompileOptions &options,
                      LayerReport &report, CompileFailure &failure) {
  const CompileOptions own = optionsOfOne(options);
  bool done = false;
  runOnOwnStack(
      [&] { done = Compilation(layer, own, failure).report(report); });
  return done;
}

bool eqc::reportBilinear(const LayerSpec &layer, const CompileOptions &options,
                         BilinearReport &report, CompileFailure &failure) {
  const CompileOptions own = optionsOfOne(options);
  bool done = false;
  runOnOwnStack(
      [&] { done = Compilation(layer, own, failure).report(report); });
  return done;
}
