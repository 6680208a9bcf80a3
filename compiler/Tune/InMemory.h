//===- InMemory.h - Layers compiled into this process -----------*- C++ -*-===//

#ifndef EQC_TUNE_INMEMORY_H
#define EQC_TUNE_INMEMORY_H

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Pipelines/Compile.h"

#include <functional>
#include <optional>
#include <vector>

namespace eqc {

/// Compiles layers and loads them. Nothing, with `failure` filled in, on
/// failure. `packedSizes`, if given, are those of compileLayers.
std::optional<LoadedLibrary>
compileInMemory(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
                CompileFailure &failure,
                std::vector<int64_t> *packedSizes = nullptr);

/// The kernels of layers for a device, as code of the host: the functions that
/// `CodeKind::Phases` makes of them, by their names. None, with `failure`
/// filled in, on failure.
std::function<void *(const std::string &)>
compilePhases(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
              CompileFailure &failure);

/// Keeps calls on one thread while it lives. The number of threads that was
/// asked for by EQC_NUM_THREADS, or all, is back afterwards.
class SingleThread {
public:
  SingleThread();
  ~SingleThread();
  SingleThread(const SingleThread &) = delete;
  SingleThread &operator=(const SingleThread &) = delete;
};

} // namespace eqc

#endif // EQC_TUNE_INMEMORY_H
