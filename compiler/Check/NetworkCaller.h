//===- NetworkCaller.h - Calls of a compiled network ------------*- C++ -*-===//
//
// The functions of a network take as many arguments as it has sizes, inputs and
// outputs; they are called by name with whatever the network has.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_NETWORKCALLER_H
#define EQC_CHECK_NETWORKCALLER_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Check/LoadedLibrary.h"

#include <cstdint>
#include <functional>
#include <string>

namespace eqc {

class NetworkCaller {
public:
  NetworkCaller(const NetworkSpec &network, const LoadedLibrary &library)
      : network(network), library(library) {}

  /// What arguments are, by the kind and the number among those of the kind.
  using Arguments = std::function<uint64_t(int kind, size_t index)>;
  /// What NAME_<suffix> returns; nothing where there is no such function.
  std::optional<int64_t> call(const std::string &suffix,
                              const Arguments &arguments) const;
  bool has(const std::string &suffix) const;

private:
  const NetworkSpec &network;
  const LoadedLibrary &library;
};

} // namespace eqc

#endif // EQC_CHECK_NETWORKCALLER_H
