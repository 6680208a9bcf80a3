//===- CompiledLayer.h - Layers compiled for GPUs, ready to be called
//------===//

#ifndef EQC_TEST_CUDA_COMPILEDLAYER_H
#define EQC_TEST_CUDA_COMPILEDLAYER_H

#include "compiler/Check/StandIn/OnHost.h"
#include "compiler/Pipelines/Compile.h"

#include <memory>
#include <string>
#include <vector>

namespace eqc::test {

/// The one layer of a source in the language.
LayerSpec layerOf(const std::string &source);

/// A layer in a shared library that carries its runtimes, loaded.
class CompiledLayer {
public:
  CompiledLayer(const std::string &source, PlanKind plan, bool gradients = true,
                std::vector<std::string> chips = {"sm_90"});

  /// A function of the layer: `find<int(int64_t, ..)>("forward")`.
  template <typename Type> Type *find(const std::string &suffix) const {
    return reinterpret_cast<Type *>(symbol(spec.name + "_" + suffix));
  }
  std::string lastError() const;
  int64_t packedSize() const { return packed.front(); }

  /// Its kernels in block-level form, by the names of their phases.
  standin::FindPhase phases() const;

  LayerSpec spec;

private:
  void *symbol(const std::string &name) const;

  CompileOptions options;
  std::vector<int64_t> packed;
  std::shared_ptr<void> library;
};

} // namespace eqc::test

#endif // EQC_TEST_CUDA_COMPILEDLAYER_H
