//===- Executor.cpp - Launches, blocks and barriers -----------------------===//

#include "compiler/Check/Ptx/Executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace eqc::ptx;

/// No chip has more shared memory for a block.
constexpr uint64_t kMaxShared = 227 << 10;

Report eqc::ptx::run(const Module &module, const Launch &launch,
                     Memory &memory) {
  return Executor(module, launch, memory).run();
}

std::vector<uint8_t> eqc::ptx::gatherArguments(const Function &kernel,
                                               const void *const *values) {
  std::vector<uint8_t> bytes(kernel.parameterBytes);
  for (size_t n = 0; n < kernel.parameters.size(); ++n)
    std::memcpy(&bytes[kernel.parameters[n].offset], values[n],
                kernel.parameters[n].bytes);
  return bytes;
}

Report Executor::run() {
  if (!prepare())
    return std::move(report);
  addRegions();
  firstEpoch = memory.epoch + 1;
  for (uint32_t next : order(launch.grid.size() / launch.cluster))
    if (!runBlock(next * launch.cluster))
      break;
  count();
  if (traffic)
    traffic->finish(report);
  return std::move(report);
}

bool Executor::failLaunch(std::string text) {
  Error error;
  error.kind = Error::Kind::Launch;
  error.function = launch.kernel;
  error.text = std::move(text);
  report.error = std::move(error);
  return false;
}

bool Executor::failWhere(Thread &thread, const Instruction &instruction,
                         Error::Kind kind, std::string text) {
  Error error;
  error.kind = kind;
  error.function = thread.frame().function->name;
  error.line = instruction.line;
  error.source = module.lineText(instruction.line);
  error.place = {launch.grid.at(block + rankOf(thread.index)),
                 threadAt(thread.index)};
  error.text = std::move(text);
  report.error = std::move(error);
  return false;
}

/// What a driver would refuse, and what a kernel says about its launches.
bool Executor::prepare() {
  kernel = module.kernel(launch.kernel);
  if (!kernel || !kernel->hasBody)
    return failLaunch(fmt::format("there is no kernel '{}'", launch.kernel));
  const Dim3 &sizes = launch.block;
  if (sizes.size() == 0 || sizes.x > 1024 || sizes.y > 1024 || sizes.z > 64 ||
      sizes.size() > 1024)
    return failLaunch(fmt::format("a block of {} threads", sizes.text()));
  const Dim3 &grid = launch.grid;
  if (grid.size() == 0 || grid.x > INT32_MAX || grid.y > 65535 ||
      grid.z > 65535 || grid.size() > UINT32_MAX)
    return failLaunch(fmt::format("a grid of {} blocks", grid.text()));
  constexpr uint32_t kMostBlocks = 16;
  if (launch.cluster == 0 || launch.cluster > kMostBlocks ||
      grid.x % launch.cluster != 0 ||
      (launch.cluster > 1 && sizes.size() % kWarp != 0))
    return failLaunch(fmt::format("clusters of {} blocks of {} threads in a "
                                  "grid of {}",
                                  launch.cluster, sizes.text(), grid.text()));
  if (kernel->maxThreads && sizes.size() > kernel->maxThreads->size())
    return failLaunch(fmt::format("{} threads in a block, the kernel has at "
                                  "most {}",
                                  sizes.size(), kernel->maxThreads->size()));
  const std::optional<Dim3> &required = kernel->requiredThreads;
  if (required && (sizes.x != required->x || sizes.y != required->y ||
                   sizes.z != required->z))
    return failLaunch(fmt::format("blocks of {} threads, the kernel has {}",
                                  sizes.text(), required->text()));
  const uint64_t shared = kernel->staticSharedBytes + launch.dynamicShared;
  if (shared > kMaxShared)
    return failLaunch(fmt::format("{} bytes of shared memory, there are {}",
                                  shared, kMaxShared));
  if (launch.arguments.size() != kernel->parameterBytes)
    return failLaunch(fmt::format("{} bytes of arguments, the kernel has {}",
                                  launch.arguments.size(),
                                  kernel->parameterBytes));
  for (const Parameter &parameter : kernel->parameters) {
    uint64_t pointer = 0;
    std::memcpy(&pointer, &launch.arguments[parameter.offset],
                std::min<uint64_t>(parameter.bytes, sizeof pointer));
    if (pointer % parameter.pointerAlignment != 0)
      return failLaunch(
          fmt::format("'{}' is declared a multiple of {}, but is {:#x}",
                      parameter.name, parameter.pointerAlignment, pointer));
  }
  blockThreads = uint32_t(sizes.size());
  threadCount = blockThreads * launch.cluster;
  threadOrder = order(threadCount);
  threads.resize(threadCount);
  executed.assign(module.instructionCount(), 0);
  for (std::vector<Region *> &last : lastRegions)
    last.assign(module.instructionCount(), nullptr);
  if (module.storesParts)
    memory.watchBytes();
  if (launch.countTraffic)
    traffic.emplace();
  return true;
}

void Executor::addRegions() {
  for (Region *region : memory.regions())
    if (region->bytes != 0)
      globals.push_back(region);
  sharedData.reserve(module.variables.size() * launch.cluster);
  bool dynamicAdded = false;
  for (const Variable &variable : module.variables) {
    // All of dynamic shared memory is one array, whatever its names.
    if (variable.dynamic && dynamicAdded)
      continue;
    Region region;
    region.name = variable.name;
    region.begin = variable.address;
    region.bytes = variable.dynamic ? launch.dynamicShared : variable.bytes;
    if (region.bytes == 0)
      continue;
    if (variable.space == Space::Shared) {
      dynamicAdded |= variable.dynamic;
      addShared(region);
      continue;
    }
    if (variable.space == Space::Local) {
      localBytes = std::max(localBytes, variable.address + variable.bytes);
    } else {
      region.data = const_cast<uint8_t *>(variable.initial.data());
      region.readOnly = true;
    }
    moduleRegions[size_t(variable.space)].push_back(std::move(region));
  }
  // Buffers and arrays of the module are looked up together.
  for (Region &region : moduleRegions[size_t(Space::Global)])
    globals.push_back(&region);
}

/// One for each block of a cluster.
void Executor::addShared(const Region &variable) {
  for (uint32_t rank = 0; rank < launch.cluster; ++rank) {
    Region region;
    region.name = variable.name;
    region.begin = variable.begin + rank * kBlockWindow;
    region.bytes = variable.bytes;
    region.data = sharedData.emplace_back(region.bytes).data();
    region.undefined = true;
    region.shadow = std::make_unique<Shadow>(region.begin, region.bytes,
                                             module.storesParts ? 0 : 2);
    moduleRegions[size_t(Space::Shared)].push_back(std::move(region));
  }
}

std::vector<uint32_t> Executor::order(uint64_t size) const {
  std::vector<uint32_t> indices(size);
  std::iota(indices.begin(), indices.end(), 0);
  if (launch.order == Order::Backwards) {
    std::reverse(indices.begin(), indices.end());
  } else if (launch.order == Order::Shuffled) {
    std::mt19937_64 random(launch.seed);
    for (uint64_t n = size; n > 1; --n)
      std::swap(indices[n - 1], indices[random() % n]);
  }
  return indices;
}

void Executor::startThread(Thread &thread) {
  thread.index = uint32_t(&thread - threads.data());
  thread.state = Thread::State::Ready;
  thread.executed = 0;
  thread.hasArrived = false;
  thread.depth = 0;
  thread.uncommitted.clear();
  thread.groups.clear();
  thread.local.assign(localBytes, 0xFF);
  enter(thread, *kernel);
  std::copy(launch.arguments.begin(), launch.arguments.end(),
            thread.frame().params.begin());
}

bool Executor::runBlock(uint32_t next) {
  block = next;
  blockEpoch = ++memory.epoch;
  blockEpochs.emplace_back(blockEpoch, block);
  visits.assign(launch.cluster, {0, false});
  for (Thread &thread : threads)
    startThread(thread);
  if (traffic)
    traffic->startBlock(threadCount);
  while (true) {
    for (uint32_t index : threadOrder)
      if (threads[index].state == Thread::State::Ready &&
          !runThread(threads[index]))
        return false;
    bool progress = false;
    if (!passCollectives(progress))
      return false;
    if (progress)
      continue;
    if (std::all_of(threads.begin(), threads.end(), [](const Thread &thread) {
          return thread.state == Thread::State::Done;
        }))
      return true;
    if (!passBarrier())
      return false;
  }
}

/// All threads wait at the same barrier, or something is wrong.
bool Executor::passBarrier() {
  Thread &first =
      *std::find_if(threads.begin(), threads.end(), [](const Thread &thread) {
        return thread.state == Thread::State::AtBarrier;
      });
  const Instruction &barrier = first.instruction();
  const uint64_t number = first.frame().slots[barrier.a];
  for (Thread &thread : threads) {
    const std::string who =
        fmt::format("thread {}", threadAt(thread.index).text());
    if (thread.state == Thread::State::Done)
      return failWhere(first, barrier, Error::Kind::Divergence,
                       who + " ended and never comes to this barrier");
    const Instruction &other = thread.instruction();
    const std::vector<uint64_t> &slots = thread.frame().slots;
    if (other.action == Action::Barrier && launch.cluster > 1)
      return failWhere(thread, other, Error::Kind::Unsupported,
                       "a barrier of one block of a cluster");
    if (slots[other.b] != 0 && slots[other.b] != threadCount)
      return failWhere(thread, other, Error::Kind::Unsupported,
                       fmt::format("a barrier of {} threads in a block of {}",
                                   slots[other.b], threadCount));
    const bool sameWarp = thread.index / kWarp == first.index / kWarp;
    if (slots[other.a] != number || other.action != barrier.action ||
        (sameWarp && (other.aligned || barrier.aligned) && &other != &barrier))
      return failWhere(first, barrier, Error::Kind::Divergence,
                       fmt::format("{} waits at another barrier in line {}",
                                   who, other.line));
  }
  // The same within each other warp.
  for (Thread &thread : threads) {
    Thread &lane0 = threads[thread.index / kWarp * kWarp];
    if (thread.instruction().aligned &&
        &thread.instruction() != &lane0.instruction())
      return failWhere(lane0, lane0.instruction(), Error::Kind::Divergence,
                       fmt::format("thread {} of the same warp waits at "
                                   "another barrier in line {}",
                                   threadAt(thread.index).text(),
                                   thread.instruction().line));
  }
  ++memory.epoch;
  for (Thread &thread : threads)
    resume(thread);
  return true;
}

void Executor::resume(Thread &thread) {
  ++thread.frame().pc;
  thread.state = Thread::State::Ready;
  thread.hasArrived = false;
}

/// A block's shared memory ends with it.
bool Executor::endThread(Thread &thread, const Instruction &instruction) {
  auto &[lastVisit, hasEnded] = visits[rankOf(thread.index)];
  hasEnded = true;
  return lastVisit != memory.epoch ||
         failWhere(thread, instruction, Error::Kind::Race,
                   "the end of a block whose shared memory another block of "
                   "the cluster accesses with no barrier between");
}

Dim3 Executor::blockOf(uint32_t epoch, uint32_t thread) const {
  auto after = std::upper_bound(
      blockEpochs.begin(), blockEpochs.end(), epoch,
      [](uint32_t epoch, const std::pair<uint32_t, uint32_t> &entry) {
        return epoch < entry.first;
      });
  return launch.grid.at(std::prev(after)->second + rankOf(thread));
}
