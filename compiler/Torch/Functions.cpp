//===- Functions.cpp - What is called of libtorch and of libeqc -----------===//

#include "compiler/Torch/Functions.h"

#include <dlfcn.h>

using namespace eqc::torch;

/// Where this very code was loaded from, with the slash.
static std::string ownFolder() {
  static const char here = 0;
  Dl_info info;
  if (!dladdr(&here, &info) || !info.dli_fname)
    return "";
  std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

static void *openCompiler(std::string &error) {
  // One that is loaded already is the one to use: it has the program's threads
  // and hooks. Without what programs are built with there is no libeqc.so.
  for (const char *name : {"libeqc.so.0", "libeqc.so"}) {
    std::string beside = ownFolder() + name;
    if (void *library = dlopen(beside.c_str(), RTLD_NOW | RTLD_LOCAL))
      return library;
    error = dlerror();
  }
  return dlopen("libeqc.so.0", RTLD_NOW | RTLD_LOCAL);
}

std::string eqc::torch::findFunctions(Functions &found) {
  void *libtorch = dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_NOLOAD);
  if (!libtorch)
    return "libtorch_cpu.so is not loaded: load libtorch first, or link it";
  std::string error;
  void *compiler = openCompiler(error);
  if (!compiler)
    return "libeqc.so is not to be had: " + error;

  const char *missing = nullptr;
  auto find = [&](void *library, const char *name, auto &function) {
    void *address = dlsym(library, name);
    if (!address && !missing)
      missing = name;
    *reinterpret_cast<void **>(&function) = address;
  };
#define EQC_FIND(name, ...) find(libtorch, #name, found.name);
  EQC_TORCH_FUNCTIONS(EQC_FIND)
#undef EQC_FIND
  if (missing)
    return std::string("libtorch has no ") + missing +
           ": libtorch 2.13 or later is needed";
#define EQC_FIND(name, ...) find(compiler, #name, found.name);
  EQC_COMPILER_FUNCTIONS(EQC_FIND)
#undef EQC_FIND
  if (missing)
    return std::string("libeqc has no ") + missing +
           ": it is of another version";
  return "";
}

std::string eqc::torch::findCudaFunctions(Functions &found) {
  void *libtorch = nullptr;
#define EQC_FIND(name, ...)                                                    \
  if (!found.name) {                                                           \
    libtorch = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_NOLOAD);             \
    if (libtorch)                                                              \
      *reinterpret_cast<void **>(&found.name) = dlsym(libtorch, #name);        \
  }                                                                            \
  if (!found.name)                                                             \
    return "libtorch has no " #name ": it was built without CUDA";
  EQC_TORCH_CUDA_FUNCTIONS(EQC_FIND)
#undef EQC_FIND
  return "";
}
