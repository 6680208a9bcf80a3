//===- CodeObject.cpp - Kernels in the ROCDL dialect to code --------------===//

#include "compiler/Lowering/Rocm/CodeObject.h"
#include "compiler/Lowering/Gpu/EmitCode.h"
#include "compiler/Lowering/Gpu/Modules.h"
#include "compiler/Lowering/Rocm/Bundle.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/Program.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// The version of code objects that ROCm 5 and newer load.
static void setVersion(llvm::Module &module) {
  module.addModuleFlag(llvm::Module::Error, "amdhsa_code_object_version", 500);
}

std::string rocm::findLinker() {
  const StringRef beside[] = {EQC_LLVM_TOOLS};
  auto found = llvm::sys::findProgramByName("ld.lld", beside);
  if (!found)
    found = llvm::sys::findProgramByName("ld.lld");
  return found ? *found : "";
}

LogicalResult rocm::writeKernels(ModuleOp module, const ImageOptions &options,
                                 llvm::SmallVectorImpl<char> &code,
                                 std::string &missing) {
  // In the order of the variants, the oldest first.
  std::vector<std::string> chips;
  for (auto kernels : module.getOps<gpu::GPUModuleOp>())
    if (StringRef chip = chipOf(kernels.getName());
        !llvm::is_contained(chips, chip))
      chips.push_back(chip.str());
  std::vector<std::pair<std::string, std::string>> objects;
  for (const std::string &chip : chips) {
    if (options.pause)
      options.pause();
    CodeOptions each;
    each.triple = "amdgcn-amd-amdhsa";
    each.chip = chip;
    each.optLevel = options.optLevel;
    each.isText = options.isText;
    each.prepare = setVersion;
    llvm::SmallVector<char, 0> made;
    if (!emitCode(joinKernels(module, chip), each, made))
      return failure();
    if (options.isText) {
      code.append(made.begin(), made.end());
      continue;
    }
    std::string why;
    std::string linked =
        options.assembler.empty()
            ? ""
            : runOnFile(options.assembler, {"-shared", "--build-id=none"},
                        "layer.o", StringRef(made.data(), made.size()), why);
    if (linked.empty()) {
      missing = options.assembler.empty()
                    ? "code objects are linked by LLVM's ld.lld, which is not "
                      "on the search path"
                    : "'" + options.assembler + "' makes no code object for " +
                          chip + (why.empty() ? "" : ": " + why);
      return failure();
    }
    objects.emplace_back(chip, std::move(linked));
  }
  if (objects.size() == 1)
    code.append(objects.front().second.begin(), objects.front().second.end());
  else if (!objects.empty())
    writeBundle(objects, code);
  return success();
}
