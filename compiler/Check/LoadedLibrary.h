//===- LoadedLibrary.h - Layers of a shared library -------------*- C++ -*-===//
//
// Opens what `--emit=shared` writes and finds a layer's functions in it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_LOADEDLIBRARY_H
#define EQC_CHECK_LOADEDLIBRARY_H

#include "compiler/Check/Check.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// A shared library, closed with the object. Kernels found in it must not be
/// called afterwards.
class LoadedLibrary {
public:
  /// Opens the file at `path` (never searched for elsewhere). Nothing and
  /// `error` on failure.
  static std::optional<LoadedLibrary> open(const std::string &path,
                                           std::string &error);
  LoadedLibrary(LoadedLibrary &&other) noexcept;
  LoadedLibrary &operator=(LoadedLibrary &&other) noexcept;
  ~LoadedLibrary();

  /// NAME_forward of the layer, called with or without n and with the layer's
  /// element type. Nothing and `error` when it is not exported.
  std::optional<KernelFunctions> kernel(const LayerSpec &spec,
                                        std::string &error) const;

  /// Compares every field of NAME_info() with the layer.
  CheckRow checkInfo(const LayerSpec &spec) const;

  /// The plan that NAME_info() names; empty when there is no such function.
  std::string planName(const LayerSpec &spec) const;

  /// Calls eqc_set_num_threads of the library; false when it has none.
  bool setNumThreads(int threads) const;

private:
  explicit LoadedLibrary(void *handle) : handle(handle) {}

  void *handle = nullptr;
};

/// Checks a layer of a shared library: its description, then `runCheck`, with
/// what its plan promises about NaN.
CheckReport checkLibrary(const LayerSpec &spec, const LoadedLibrary &library,
                         CheckOptions options = {});

} // namespace eqc

#endif // EQC_CHECK_LOADEDLIBRARY_H
