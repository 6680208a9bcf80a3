//===- CompiledLayer.cpp - Layers compiled for GPUs, ready to be called
//----===//

#include "test/Cuda/CompiledLayer.h"

#include "compiler/Driver/SharedLibrary.h"
#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Tune/InMemory.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include "gtest/gtest.h"

#include <dlfcn.h>

using namespace eqc;
using namespace eqc::test;

LayerSpec eqc::test::layerOf(const std::string &source) {
  llvm::SourceMgr sources;
  const unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(source, "a.eq"), llvm::SMLoc());
  DiagnosticEngine diagnostics;
  FrontendResult result =
      parseLayers(sources, id, "a.eq", FrontendOptions(), diagnostics);
  EXPECT_EQ(result.status, 0) << source;
  return result.layers.front();
}

CompiledLayer::CompiledLayer(const std::string &source, PlanKind plan,
                             bool gradients, std::vector<std::string> chips)
    : spec(layerOf(source)) {
  options.plan = plan;
  options.gradients = gradients;
  options.triple = "cuda";
  options.cpus = std::move(chips);
  options.optLevel = 1;
  CompileFailure failure;
  llvm::SmallVector<char, 0> object;
  if (!compileLayers(spec, options, CodeKind::Object, object, failure,
                     &packed)) {
    ADD_FAILURE() << failure.message;
    return;
  }
  PrivateDirectory directory;
  EXPECT_EQ(directory.create(), "");
  std::string path;
  if (Failure problem = linkSharedLibrary(
          object, spec, {}, kernelTargetOf("cuda").device(), directory, path)) {
    ADD_FAILURE() << problem.message;
    return;
  }
  library.reset(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL), [](void *handle) {
    if (handle)
      dlclose(handle);
  });
  if (!library)
    ADD_FAILURE() << dlerror();
}

standin::FindPhase CompiledLayer::phases() const {
  CompileFailure failure;
  auto find = compilePhases(spec, options, failure);
  if (!find)
    ADD_FAILURE() << failure.message;
  return find;
}

void *CompiledLayer::symbol(const std::string &name) const {
  void *found = dlsym(library.get(), name.c_str());
  EXPECT_NE(found, nullptr) << name;
  return found;
}

std::string CompiledLayer::lastError() const {
  auto *get = reinterpret_cast<const char *(*)()>(symbol("eqc_last_error"));
  return get();
}
