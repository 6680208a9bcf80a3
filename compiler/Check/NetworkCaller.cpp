//===- NetworkCaller.cpp - Calls of a compiled network --------------------===//

#include "compiler/Check/NetworkCaller.h"

#include "compiler/Interface/NetworkInterface.h"

#include <utility>
#include <vector>

using namespace eqc;

template <typename Result, size_t... I>
static Result callWith(void *function, const std::vector<uint64_t> &arguments,
                       std::index_sequence<I...>) {
  using Pointer = Result (*)(decltype(static_cast<void>(I), uint64_t())...);
  return reinterpret_cast<Pointer>(function)(arguments[I]...);
}

/// All arguments are numbers or pointers, which are passed alike; of those
/// behind the last one a function knows nothing, and callers take them back.
template <typename Result>
static Result callWith(void *function, std::vector<uint64_t> arguments) {
  if (arguments.size() <= 16) {
    arguments.resize(16);
    return callWith<Result>(function, arguments,
                            std::make_index_sequence<16>());
  }
  constexpr size_t most = 16 + 4 * kMostTensors;
  arguments.resize(most);
  return callWith<Result>(function, arguments,
                          std::make_index_sequence<most>());
}

bool NetworkCaller::has(const std::string &suffix) const {
  return library.function(network.name + "_" + suffix) != nullptr;
}

std::optional<int64_t> NetworkCaller::call(const std::string &suffix,
                                           const Arguments &values) const {
  void *function = library.function(network.name + "_" + suffix);
  if (!function)
    return std::nullopt;
  for (const NetworkFunction &known : networkFunctions()) {
    if (suffix != known.suffix)
      continue;
    std::vector<uint64_t> arguments;
    for (const NetworkParameter &parameter : parametersOf(known, network))
      arguments.push_back(
          values(static_cast<int>(parameter.kind), parameter.index));
    if (known.result == ResultKind::Bytes)
      return callWith<int64_t>(function, std::move(arguments));
    return callWith<int>(function, std::move(arguments));
  }
  return std::nullopt;
}
