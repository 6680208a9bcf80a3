//===- Interpreted.cpp - The stand-in executes the PTX it is given --------===//

#include "compiler/Check/StandIn/Interpreted.h"

#include "compiler/Check/StandIn/StandIn.h"

#include <map>

using namespace eqc;
using namespace eqc::standin;

/// A kernel's text is read once, however often it is launched.
static const ptx::Module *moduleOf(const std::string &text) {
  static auto *modules = new std::map<std::string, std::optional<ptx::Module>>;
  auto [place, isNew] = modules->try_emplace(text);
  ptx::Error error;
  if (isNew)
    place->second = ptx::parse(place->first, error);
  if (!place->second)
    violate("PTX: " + error.message());
  return place->second ? &*place->second : nullptr;
}

static void interpret(const Launch &from, ptx::Order order,
                      const FindPhase &clusters) {
  const ptx::Module *module = moduleOf(from.ptx);
  const ptx::Function *kernel =
      module ? module->kernel(from.entry.name) : nullptr;
  if (!kernel)
    return;
  if (from.cluster > 1 && clusters)
    return runOnHost(from, clusters, order);
  std::vector<const void *> values;
  for (const std::vector<unsigned char> &param : from.params)
    values.push_back(param.data());
  ptx::Memory memory;
  for (auto [address, bytes] : standin::deviceMemory()) {
    ptx::Memory::Options options;
    options.address = address;
    memory.add("memory of " + std::to_string(bytes) + " bytes",
               reinterpret_cast<void *>(address), bytes, options);
  }
  ptx::Launch launch;
  launch.kernel = from.entry.name;
  launch.grid.x = from.grid;
  launch.block.x = from.threads;
  launch.cluster = from.cluster;
  launch.dynamicShared = from.dynamicShared;
  launch.arguments = ptx::gatherArguments(*kernel, values.data());
  launch.order = order;
  if (auto error = ptx::run(*module, launch, memory).error)
    violate(error->message());
}

void eqc::standin::interpretKernels(ptx::Order order,
                                    const FindPhase &clusters) {
  onKernel("", [order, clusters](const Launch &launch) {
    interpret(launch, order, clusters);
  });
}
