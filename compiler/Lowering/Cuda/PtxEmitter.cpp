//===- PtxEmitter.cpp - Kernels in the NVVM dialect to PTX ----------------===//

#include "compiler/Lowering/Cuda/PtxEmitter.h"
#include "compiler/Target/ObjectEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace mlir;

static bool isOnlyRead(Value pointer) {
  return llvm::all_of(pointer.getUsers(), [](Operation *user) {
    return isa<LLVM::LoadOp>(user) ||
           (isa<LLVM::GEPOp>(user) && isOnlyRead(user->getResult(0)));
  });
}

/// Rows that a kernel writes are never rows that it reads through another
/// argument, so what it only reads is constant while it runs.
static void noteConstantArrays(gpu::GPUModuleOp module) {
  module.walk([](LLVM::LLVMFuncOp function) {
    if (function.isExternal())
      return;
    for (BlockArgument argument : function.getArguments())
      if (isa<LLVM::LLVMPointerType>(argument.getType()) &&
          isOnlyRead(argument))
        for (StringRef name : {"llvm.noalias", "llvm.readonly"})
          function.setArgAttr(argument.getArgNumber(), name,
                              UnitAttr::get(function.getContext()));
  });
}

bool cuda::emitPtx(gpu::GPUModuleOp module, StringRef chip, int optLevel,
                   std::string &ptx) {
  initializeTargets();
  noteConstantArrays(module);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, context, "eqc");
  if (!code)
    return false;
  const llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    module.emitError(error);
    return false;
  }
  llvm::TargetOptions options;
  // Without a feature of its own the chip gets the least version of PTX that
  // knows it, which the oldest drivers accept.
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, chip, "", options, std::nullopt, std::nullopt,
      static_cast<llvm::CodeGenOptLevel>(optLevel)));
  code->setTargetTriple(triple);
  code->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      function.addFnAttr("target-cpu", chip);
  optimizeModule(*code, *machine, optLevel);
  llvm::SmallVector<char, 0> text;
  if (!emitCode(*code, *machine, /*assembly=*/true, text)) {
    module.emitError("LLVM has no code generator for PTX");
    return false;
  }
  ptx.assign(text.begin(), text.end());
  return true;
}

std::string cuda::findPtxas() {
  llvm::SmallVector<StringRef> folders;
  std::string toolkit;
  if (std::optional<std::string> path =
          llvm::sys::Process::GetEnv("CUDA_PATH")) {
    toolkit = *path + "/bin";
    if (llvm::ErrorOr<std::string> found =
            llvm::sys::findProgramByName("ptxas", {toolkit}))
      return *found;
  }
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas");
  return found ? *found : "";
}

std::string cuda::assemblePtx(StringRef ptxas, StringRef ptx, StringRef chip,
                              std::string &why) {
  llvm::SmallString<128> folder;
  if (llvm::sys::fs::createUniqueDirectory("eqc-ptxas", folder))
    return "";
  const std::string input = (folder + "/layer.ptx").str(),
                    output = (folder + "/layer.cubin").str(),
                    said = (folder + "/said").str();
  std::error_code code;
  {
    llvm::raw_fd_ostream file(input, code);
    if (!code)
      file << ptx;
  }
  std::string cubin;
  if (!code) {
    const std::string arch = ("-arch=" + chip).str();
    const StringRef arguments[] = {ptxas, arch, input, "-o", output};
    const std::optional<StringRef> streams[] = {StringRef(""), StringRef(said),
                                                StringRef(said)};
    auto read = [](const std::string &path) -> std::string {
      auto buffer = llvm::MemoryBuffer::getFile(
          path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
      return buffer ? (*buffer)->getBuffer().str() : "";
    };
    if (llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, streams) == 0)
      cubin = read(output);
    if (cubin.empty())
      why = StringRef(read(said)).trim().split('\n').first.str();
  }
  (void)llvm::sys::fs::remove_directories(folder);
  return cubin;
}
