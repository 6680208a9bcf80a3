//===- EmitCode.cpp - Modules of kernels to a GPU's code ------------------===//

#include "compiler/Lowering/Gpu/EmitCode.h"
#include "compiler/Lowering/Gpu/Modules.h"
#include "compiler/Target/ObjectEmitter.h"

#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetOptions.h"

using namespace eqc;
using namespace mlir;

bool device::emitCode(gpu::GPUModuleOp module, const CodeOptions &options,
                      llvm::SmallVectorImpl<char> &out) {
  initializeTargets();
  noteConstantArrays(module);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, context, "eqc");
  if (!code)
    return false;
  const llvm::Triple triple(options.triple);
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    module.emitError(error);
    return false;
  }
  // Without a feature of its own the chip of an NVIDIA GPU gets the least
  // version of PTX that knows it, which the oldest drivers accept.
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, options.chip, "", llvm::TargetOptions(), std::nullopt,
      std::nullopt, static_cast<llvm::CodeGenOptLevel>(options.optLevel)));
  code->setTargetTriple(triple);
  code->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      function.addFnAttr("target-cpu", options.chip);
  if (options.prepare)
    options.prepare(*code);
  optimizeModule(*code, *machine, options.optLevel);
  llvm::SmallVector<char, 0> text;
  if (!eqc::emitCode(*code, *machine, options.isText, text)) {
    module.emitError("LLVM has no code generator for " + options.triple);
    return false;
  }
  out.append(text.begin(), text.end());
  return true;
}

std::string device::runOnFile(StringRef program, ArrayRef<StringRef> options,
                              StringRef name, StringRef contents,
                              std::string &why) {
  llvm::SmallString<128> folder;
  if (const std::error_code error =
          llvm::sys::fs::createUniqueDirectory("eqc-kernels", folder)) {
    why = "no folder for temporary files: " + error.message();
    return "";
  }
  const std::string input = (folder + "/" + name).str(),
                    output = (folder + "/made").str(),
                    said = (folder + "/said").str();
  std::error_code code;
  {
    llvm::raw_fd_ostream file(input, code);
    if (!code)
      file << contents;
  }
  std::string made;
  if (!code) {
    SmallVector<StringRef> arguments{program};
    arguments.append(options.begin(), options.end());
    arguments.append({input, "-o", output});
    const std::optional<StringRef> streams[] = {StringRef(""), StringRef(said),
                                                StringRef(said)};
    auto read = [](const std::string &path) -> std::string {
      auto buffer = llvm::MemoryBuffer::getFile(
          path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
      return buffer ? (*buffer)->getBuffer().str() : "";
    };
    if (llvm::sys::ExecuteAndWait(program, arguments, std::nullopt, streams) ==
        0)
      made = read(output);
    if (made.empty())
      why = StringRef(read(said)).trim().split('\n').first.str();
  }
  (void)llvm::sys::fs::remove_directories(folder);
  return made;
}
