//===- ObjectEmitter.cpp - LLVM IR to machine code ------------------------===//

#include "compiler/Target/ObjectEmitter.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

using namespace eqc;

/// Sets an option that LLVM has no other interface for, if it has it at all.
static void setOption(llvm::StringRef name, llvm::StringRef value) {
  auto &options = llvm::cl::getRegisteredOptions();
  if (auto option = options.find(name); option != options.end())
    option->second->addOccurrence(/*pos=*/0, name, value);
}

void eqc::initializeTargets() {
  static const bool initialized = [] {
#define EQC_CODE_GENERATOR(name)                                               \
  LLVMInitialize##name##TargetInfo();                                          \
  LLVMInitialize##name##Target();                                              \
  LLVMInitialize##name##TargetMC();                                            \
  LLVMInitialize##name##AsmPrinter();
#include "compiler/Target/UsedCodeGenerators.def"
    // The scheduler of machine code orders each store behind all loads before
    // it in its block, one by one, and looks through the whole list for each.
    // Beyond so many it orders them behind one that stands for all: the same
    // code in up to a fifth less time, where kernels are unrolled to long
    // blocks.
    setOption("dag-maps-huge-region", "300");
    // Loops of kernels have been unrolled as far as registers go. Unrolled
    // further, as far as LLVM goes, they are twice the code and a fifth more
    // time to compile, for no speed but that of the smallest layers.
    setOption("unroll-threshold", "110");
    return true;
  }();
  (void)initialized;
}

std::unique_ptr<llvm::TargetMachine>
eqc::makeTargetMachine(const std::string &tripleName, int optLevel,
                       std::string &error) {
  initializeTargets();
  const llvm::Triple triple(tripleName);
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  // x * y + z may be one rounding: kernels are built from multiply-adds.
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  const auto level = static_cast<llvm::CodeGenOptLevel>(optLevel);
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, "", "", options, llvm::Reloc::PIC_, std::nullopt, level));
}

/// Sizes of arrays are looked up in copies on the stack (memref.dim), which are
/// made in loops, each turn one more until the function returns: more than the
/// stack of a thread has, where nobody optimises them away.
static void hoistAllocations(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    llvm::BasicBlock &entry = function.getEntryBlock();
    std::vector<llvm::AllocaInst *> found;
    for (llvm::BasicBlock &block : function)
      for (llvm::Instruction &instruction : block)
        if (auto *made = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
            made && &block != &entry &&
            llvm::isa<llvm::Constant>(made->getArraySize()))
          found.push_back(made);
    for (llvm::AllocaInst *made : found)
      made->moveBefore(entry, entry.getFirstInsertionPt());
  }
}

void eqc::optimizeModule(llvm::Module &module, llvm::TargetMachine &machine,
                         int optLevel) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false; // kernels are vectors already
  tuning.SLPVectorization = false;
  // A third of the time, to find loads that kernels, written with their sums in
  // registers, do not have.
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [](llvm::StringRef pass, llvm::Any) {
        return pass != "LoopLoadEliminationPass";
      });
  // The passes of code generation do so themselves.
  callbacks.registerBeforeNonSkippedPassCallback(
      [&module](llvm::StringRef, llvm::Any) { module.getContext().yield(); });
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  static const llvm::OptimizationLevel levels[] = {
      llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
      llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  llvm::ModulePassManager passes;
  if (optLevel == 0)
    hoistAllocations(module);
  passes.addPass(optLevel == 0
                     ? builder.buildO0DefaultPipeline(levels[0])
                     : builder.buildPerModuleDefaultPipeline(levels[optLevel]));
  passes.run(module, modules);
}

bool eqc::emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                   bool assembly, llvm::SmallVectorImpl<char> &out) {
  llvm::raw_svector_ostream stream(out);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  assembly ? llvm::CodeGenFileType::AssemblyFile
                                           : llvm::CodeGenFileType::ObjectFile))
    return false;
  passes.run(module);
  return true;
}
