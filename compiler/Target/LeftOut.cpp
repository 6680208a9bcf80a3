//===- LeftOut.cpp - What a copy of LLVM does without ---------------------===//
//
// LLD can compile what it links, for all machines and by all passes that LLVM
// was built with, and names them. eqc links machine code, so programs with a
// copy of LLVM have these instead of code generators that eqc does not use, and
// of Polly.
//
//===----------------------------------------------------------------------===//

#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"

#define EQC_CODE_GENERATOR(name)                                               \
  extern "C" void LLVMInitialize##name##TargetInfo() {}                        \
  extern "C" void LLVMInitialize##name##Target() {}                            \
  extern "C" void LLVMInitialize##name##TargetMC() {}                          \
  extern "C" void LLVMInitialize##name##AsmPrinter() {}                        \
  extern "C" void LLVMInitialize##name##AsmParser() {}
#include "compiler/Target/UnusedCodeGenerators.def"

llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "Polly", "none", [](llvm::PassBuilder &) {}};
}
