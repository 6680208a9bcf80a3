//===- Compile.cpp - From checked layers to code --------------------------===//

#include "compiler/Pipelines/Compile.h"
#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Target/CpuVariant.h"
#include "compiler/Target/EntryPoints.h"
#include "compiler/Target/ObjectEmitter.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Support/raw_ostream.h"

using namespace eqc;
using namespace mlir;

namespace {

class Compilation {
public:
  Compilation(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
              CompileFailure &failure)
      : layers(layers), options(options), failure(failure),
        context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadDialect<
        arith::ArithDialect, bufferization::BufferizationDialect,
        func::FuncDialect, linalg::LinalgDialect, memref::MemRefDialect,
        scf::SCFDialect, tensor::TensorDialect, vector::VectorDialect>();
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
    if (!resolveVariants(triple, options.cpus, variants, error))
      return fail(2, error);
    module = ModuleOp::create(UnknownLoc::get(&context));
    for (const LayerSpec &layer : layers)
      emitLayer(layer, variants);
    if (failed(verify(*module)))
      return internalError("malformed kernels");
    if (kind == CodeKind::Linalg)
      return print(out);
    PassManager pm(&context);
    pm.enableVerifier(false);
    populateVectorizePipeline(pm);
    populateBufferizePipeline(pm);
    populateLLVMPipeline(pm);
    if (failed(pm.run(*module)))
      return internalError("lowering failed");
    if (kind == CodeKind::MLIR)
      return print(out);
    return translate(kind, triple, out);
  }

private:
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

  /// Names the CPU of a kernel the way clang does for its functions.
  void setTarget(func::FuncOp function, const CpuVariant &variant) {
    Builder b(&context);
    SmallVector<Attribute> attributes;
    auto add = [&](StringRef name, const std::string &value) {
      if (!value.empty())
        attributes.push_back(
            b.getArrayAttr({b.getStringAttr(name), b.getStringAttr(value)}));
    };
    const std::string bits = std::to_string(variant.shape.vectorBytes * 8);
    add("target-cpu", variant.cpu);
    add("target-features", variant.features);
    add("prefer-vector-width", bits);
    add("min-legal-vector-width", bits);
    function->setAttr("passthrough", b.getArrayAttr(attributes));
  }

  void emitLayer(const LayerSpec &spec,
                 const std::vector<CpuVariant> &variants) {
    LayerCode code;
    code.spec = &spec;
    code.plan = "shared";
    code.source = toSource(spec);
    code.threads = options.threads;
    const SharedPlan plan = buildSharedPlan(spec);
    for (const SharedStage &stage : plan.stages)
      if (const auto *mix = std::get_if<MixStage>(&stage))
        for (const MixTarget &target : mix->targets)
          code.multiplyAdds += Poly::power(
              mix->kept,
              mix->subsets * static_cast<int64_t>(target.fromInput.size() +
                                                  target.fromStored.size()));
    OpBuilder b(&context);
    Location loc =
        FileLineColLoc::get(b.getStringAttr(spec.position.file),
                            spec.position.line, spec.position.column);
    for (const CpuVariant &cpu : variants) {
      VariantCode variant;
      variant.cpu = cpu;
      variant.pack = spec.name + ".pack." + cpu.name;
      variant.forward = spec.name + ".forward." + cpu.name;
      const ColumnTiling tiling = columnTiling(spec, cpu.shape);
      variant.packedShape = {static_cast<int64_t>(plan.packedOrder.size()),
                             tiling.tiles, spec.cIn, tiling.width};
      variant.scratchElements = plan.storedRows * Poly(spec.cIn);
      variant.scratchElements += plan.nodeRows * Poly(spec.cOut);
      b.setInsertionPointToEnd(module->getBody());
      setTarget(emitWeightPack(b, loc, variant.pack, spec, plan.packedOrder,
                               cpu.shape),
                cpu);
      b.setInsertionPointToEnd(module->getBody());
      setTarget(
          emitSharedForward(b, loc, variant.forward, spec, plan, cpu.shape),
          cpu);
      code.variants.push_back(std::move(variant));
    }
    codes.push_back(std::move(code));
  }

  bool translate(CodeKind kind, const std::string &triple,
                 llvm::SmallVectorImpl<char> &out) {
    std::string error;
    std::unique_ptr<llvm::TargetMachine> machine =
        makeTargetMachine(triple, options.optLevel, error);
    if (!machine)
      return fail(2, error);
    llvm::LLVMContext llvmContext;
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
      return fail(2, "the target '" + triple + "' has no code generator");
    return true;
  }

  llvm::ArrayRef<LayerSpec> layers;
  const CompileOptions &options;
  CompileFailure &failure;
  MLIRContext context;
  std::optional<ScopedDiagnosticHandler> handler;
  std::string messages;
  OwningOpRef<ModuleOp> module;
  std::vector<LayerCode> codes;
};

} // namespace

bool eqc::compileLayers(llvm::ArrayRef<LayerSpec> layers,
                        const CompileOptions &options, CodeKind kind,
                        llvm::SmallVectorImpl<char> &out,
                        CompileFailure &failure) {
  return Compilation(layers, options, failure).run(kind, out);
}
