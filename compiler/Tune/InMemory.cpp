//===- InMemory.cpp - Layers compiled into this process -------------------===//

#include "compiler/Tune/InMemory.h"

#include "compiler/Library/LoadedObject.h"
#include "compiler/Lowering/KernelTarget.h"

#include <eqc/runtime.h>

using namespace eqc;

/// Null, with `failure` filled in, on failure.
static std::shared_ptr<LoadedObject>
compileObject(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
              CodeKind kind, CompileFailure &failure,
              std::vector<int64_t> *packedSizes = nullptr) {
  llvm::SmallVector<char, 0> object;
  if (!compileLayers(layers, options, kind, object, failure, packedSizes))
    return nullptr;
  std::string problem;
  std::shared_ptr<LoadedObject> code = LoadedObject::load(object, problem);
  if (!code) {
    failure.status = 70;
    failure.layer = -1;
    failure.message = "cannot load the compiled layers: " + problem;
  }
  return code;
}

std::optional<LoadedLibrary>
eqc::compileInMemory(llvm::ArrayRef<LayerSpec> layers,
                     const CompileOptions &options, CompileFailure &failure,
                     std::vector<int64_t> *packedSizes) {
  const std::shared_ptr<LoadedObject> code =
      compileObject(layers, options, CodeKind::Object, failure, packedSizes);
  if (!code)
    return std::nullopt;
  return LoadedLibrary(
      [code](const std::string &name) { return code->function(name); },
      interfaceOf(kernelTargetOf(options.triple)));
}

std::function<void *(const std::string &)>
eqc::compilePhases(llvm::ArrayRef<LayerSpec> layers,
                   const CompileOptions &options, CompileFailure &failure) {
  const std::shared_ptr<LoadedObject> code =
      compileObject(layers, options, CodeKind::Phases, failure);
  if (!code)
    return nullptr;
  return [code](const std::string &name) { return code->function(name); };
}

SingleThread::SingleThread() { eqc_set_num_threads(1); }
SingleThread::~SingleThread() { eqc_set_num_threads(0); }
