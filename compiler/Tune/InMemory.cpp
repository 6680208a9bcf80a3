//===- InMemory.cpp - Layers compiled into this process -------------------===//

#include "compiler/Tune/InMemory.h"

#include "compiler/Library/LoadedObject.h"
#include "compiler/Lowering/KernelTarget.h"

#include <eqc/runtime.h>

using namespace eqc;

std::optional<LoadedLibrary>
eqc::compileInMemory(llvm::ArrayRef<LayerSpec> layers,
                     const CompileOptions &options, CompileFailure &failure,
                     std::vector<int64_t> *packedSizes) {
  llvm::SmallVector<char, 0> object;
  if (!compileLayers(layers, options, CodeKind::Object, object, failure,
                     packedSizes))
    return std::nullopt;
  std::string problem;
  std::shared_ptr<LoadedObject> code = LoadedObject::load(object, problem);
  if (code)
    return LoadedLibrary(
        [code](const std::string &name) { return code->function(name); },
        interfaceOf(kernelTargetOf(options.triple)));
  failure.status = 70;
  failure.layer = -1;
  failure.message = "cannot load the compiled layers: " + problem;
  return std::nullopt;
}

SingleThread::SingleThread() { eqc_set_num_threads(1); }
SingleThread::~SingleThread() { eqc_set_num_threads(0); }
