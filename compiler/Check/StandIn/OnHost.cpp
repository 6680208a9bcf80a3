//===- OnHost.cpp - The stand-in runs kernels as code of the host ---------===//

#include "compiler/Check/StandIn/OnHost.h"

#include "compiler/Lowering/Gpu/HostBlock.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

using namespace eqc;
using namespace eqc::standin;
using device::HostBlock;
using device::HostPhase;

namespace {

/// Shared memory of the blocks of a cluster, each between pages that nobody may
/// touch; its end is that of a page, up to 15 bytes.
class SharedMemory {
public:
  SharedMemory(size_t blocks, size_t bytes)
      : blocks(blocks), bytes((bytes + 15) / 16 * 16) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    inner = (this->bytes + page - 1) / page * page;
    pitch = inner + page;
    all = blocks * pitch + page;
    void *memory = mmap(nullptr, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                        /*fd=*/-1, /*offset=*/0);
    base = memory == MAP_FAILED ? nullptr : static_cast<char *>(memory) + page;
    for (size_t b = 0; base && b < blocks; ++b)
      if (mprotect(base + b * pitch, inner, PROT_READ | PROT_WRITE) != 0)
        base = nullptr;
    if (memory != MAP_FAILED)
      mapped = memory;
  }
  ~SharedMemory() {
    if (mapped)
      munmap(mapped, all);
  }
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;

  bool isThere() const { return base != nullptr; }
  char *of(size_t block) const { return base + block * pitch + inner - bytes; }
  size_t stride() const { return pitch; }
  /// All bits set is a NaN in both types.
  void forget() const {
    for (size_t b = 0; b < blocks; ++b)
      std::memset(of(b), 0xFF, bytes);
  }

private:
  size_t blocks, bytes, inner = 0, pitch = 0, all = 0;
  char *base = nullptr;
  void *mapped = nullptr;
};

/// Numbers from 0 in some order.
std::vector<int64_t> inOrder(int64_t count, ptx::Order order) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    numbers[static_cast<size_t>(i)] = i;
  if (order == ptx::Order::Backwards)
    std::reverse(numbers.begin(), numbers.end());
  if (order == ptx::Order::Shuffled)
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(count));
  return numbers;
}

class Execution {
public:
  Execution(const Launch &launch, const FindPhase &find, ptx::Order order,
            int withoutBarrier)
      : launch(launch), order(order), withoutBarrier(withoutBarrier) {
    for (const auto &param : launch.params)
      params.push_back(param.data());
    for (;;) {
      void *phase =
          find(launch.entry.name + "." + std::to_string(phases.size()));
      if (!phase)
        break;
      phases.push_back(reinterpret_cast<HostPhase *>(phase));
    }
  }

  void run() {
    if (phases.empty())
      return violate("'" + launch.entry.name + "' is not code of the host");
    const size_t declared = (launch.entry.staticShared + 15U) / 16 * 16;
    const SharedMemory shared(launch.cluster, declared + launch.dynamicShared);
    if (!shared.isThere())
      return violate("no memory for the blocks of '" + launch.entry.name + "'");
    // Threads of a cluster, one rank after the other.
    const std::vector<int64_t> threads =
        inOrder(int64_t(launch.cluster) * launch.threads, order);
    HostBlock at = {};
    at.stride = static_cast<int64_t>(shared.stride());
    at.dynamicOfFirst = shared.of(0) + declared;
    for (int64_t cluster : inOrder(launch.grid / launch.cluster, order)) {
      shared.forget();
      for (size_t first = 0, end; first < phases.size(); first = end) {
        end = first + (static_cast<int>(first) + 1 == withoutBarrier ? 2 : 1);
        end = std::min(end, phases.size());
        for (int64_t number : threads) {
          at.rank = number / launch.threads;
          at.thread = number % launch.threads;
          at.block = cluster * launch.cluster + at.rank;
          at.declared = shared.of(static_cast<size_t>(at.rank));
          at.dynamic = at.declared + declared;
          for (size_t phase = first; phase < end; ++phase)
            phases[phase](params.data(), &at);
        }
      }
    }
  }

private:
  const Launch &launch;
  const ptx::Order order;
  const int withoutBarrier;
  std::vector<const void *> params;
  std::vector<HostPhase *> phases;
};

} // namespace

void eqc::standin::runOnHost(const Launch &launch, const FindPhase &find,
                             ptx::Order threads, int withoutBarrier) {
  Execution(launch, find, threads, withoutBarrier).run();
}

void eqc::standin::runKernelsOnHost(FindPhase find, HostOrder order) {
  auto launches = std::make_shared<std::map<std::string, int>>();
  onKernel("", [find = std::move(find), order, launches](const Launch &launch) {
    const bool isOdd = ++(*launches)[launch.entry.name] % 2 != 0;
    runOnHost(launch, find,
              order.threads.value_or(isOdd ? ptx::Order::Forwards
                                           : ptx::Order::Backwards),
              order.withoutBarrier);
  });
}
