//===- LoadedLibrary.h - Layers that can be called --------------*- C++ -*-===//
//
// Finds a layer's functions, in a shared library as `--emit=shared` writes it
// or in code that was compiled in memory.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_LOADEDLIBRARY_H
#define EQC_CHECK_LOADEDLIBRARY_H

#include "compiler/Check/Check.h"
#include "compiler/Check/CheckBilinear.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Plan/BuiltPlans.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// How functions of layers for GPUs are called.
struct DeviceCall {
  void *stream = nullptr; ///< the legacy stream
  /// Memory of the caller's, for the functions that end in `_in`.
  std::optional<void *> workspace;
};

/// Loaded layers. Kernels found in them must not be called when the object is
/// gone.
class LoadedLibrary {
public:
  /// The address of a function, or null.
  using Lookup = std::function<void *(const std::string &name)>;

  /// Layers in memory whose functions `find` knows; `find` owns them.
  explicit LoadedLibrary(Lookup find, Interface interface = Interface::Host)
      : find(std::move(find)), interface(interface) {}
  /// Opens the file at `path` (never searched for elsewhere). Nothing and
  /// `error` on failure.
  static std::optional<LoadedLibrary>
  open(const std::string &path, std::string &error,
       Interface interface = Interface::Host);

  /// A function of the library, or null.
  void *function(const std::string &name) const { return find(name); }

  /// NAME_forward of the layer, and NAME_backward if it is there, called with
  /// or without n and with the layer's element type; those of layers for GPUs
  /// with arrays of the device, as `device` says. Nothing and `error` when
  /// NAME_forward is not exported.
  std::optional<KernelFunctions> kernel(const LayerSpec &spec,
                                        std::string &error,
                                        const DeviceCall &device = {}) const;
  /// NAME_workspace_bytes of a layer for GPUs, or a negative status.
  int64_t workspaceBytes(const LayerSpec &spec, int64_t n, int64_t batch,
                         bool backward) const;

  /// The same of a layer of two inputs.
  std::optional<BilinearFunctions> bilinear(const LayerSpec &spec,
                                            std::string &error) const;

  /// Compares every field of NAME_info() with the layer.
  CheckRow checkInfo(const LayerSpec &spec) const;

  /// The plan that NAME_info() names; empty when there is no such function.
  std::string planName(const LayerSpec &spec) const;

  /// What eqc_last_error() of the library says; empty when it has none.
  std::string lastError() const;

  /// Calls eqc_set_num_threads of the library; false when it has none.
  bool setNumThreads(int threads) const;

private:
  Lookup find;
  Interface interface;
};

/// What the plan that a layer was compiled by promises, among the options: the
/// conditions of bases that it changes to.
void readPromises(const LayerSpec &spec, const LoadedLibrary &library,
                  BuiltPlans &built, CheckOptions &options);

/// Checks a layer of a shared library: its description, then `runCheck`, with
/// what its plan promises about NaN. `adapt`, if given, makes functions of the
/// host's arrays of those of the library.
using AdaptKernel =
    std::function<KernelFunctions(const LayerSpec &, const KernelFunctions &)>;
CheckReport checkLibrary(const LayerSpec &spec, const LoadedLibrary &library,
                         CheckOptions options = {},
                         const AdaptKernel &adapt = {});

} // namespace eqc

#endif // EQC_CHECK_LOADEDLIBRARY_H
