//===- ApiWork.cpp - The entry points of the stand-in: work and memory ----===//

#include "compiler/Check/StandIn/Driver.h"

extern "C" {
#include "runtime/cuda/src/Driver.h"
}

using namespace eqc::standin;

#define API extern "C" __attribute__((visibility("default"))) int
#define ENTER(name)                                                            \
  Driver &d = driver();                                                        \
  std::lock_guard<std::recursive_mutex> guard(d.mutex);                        \
  if (int error = enter(name))                                                 \
    return error;                                                              \
  Context *context = self().current();                                         \
  if (!d.initialized || !context || !context->alive)                           \
  return InvalidContext

/// Where work goes must be of the current context, and not be spoiled.
#define ON_STREAM(handle)                                                      \
  if (int error = checkStream(d, context, handle))                             \
  return error

static int checkStream(Driver &d, const Context *context, void *handle) {
  if (reinterpret_cast<uintptr_t>(handle) <= 2)
    return Success;
  Stream *stream = d.stream(handle);
  if (!stream)
    return InvalidHandle;
  if (stream->context != context) {
    d.violate("work on a stream of another context");
    return InvalidHandle;
  }
  return stream->capture && !stream->capture->valid ? CaptureInvalidated
                                                    : Success;
}

//===-- Launches ----------------------------------------------------------===//

/// CUlaunchConfig and CUlaunchAttribute lie so in cuda.h.
static_assert(offsetof(eqc_cuda_config, shared) == 24 &&
              offsetof(eqc_cuda_config, stream) == 32 &&
              offsetof(eqc_cuda_config, attributes) == 40 &&
              offsetof(eqc_cuda_config, num_attributes) == 48 &&
              sizeof(eqc_cuda_config) == 56);
static_assert(offsetof(eqc_cuda_attribute, value) == 8 &&
              sizeof(eqc_cuda_attribute) == 72);

/// Blocks of a cluster that the configuration asks for.
static unsigned clusterOf(const eqc_cuda_config &config) {
  for (unsigned i = 0; i != config.num_attributes; ++i)
    if (config.attributes[i].id == 4)
      return config.attributes[i].value.cluster[0];
  return 1;
}

static int checkLaunch(Driver &d, const Context *context,
                       const Function *function, const eqc_cuda_config &c) {
  const Chip &chip = d.chips[context->device];
  const unsigned cluster = clusterOf(c);
  if (!function) {
    d.violate("launching a function that is not there");
    return InvalidHandle;
  }
  if (function->module->contextId != context->id) {
    d.violate("launching a function of another context");
    return InvalidHandle;
  }
  if (c.grid[0] == 0 || c.grid[0] > static_cast<unsigned>(chip.maxGrid) ||
      c.grid[1] != 1 || c.grid[2] != 1 || c.block[0] == 0 || c.block[1] != 1 ||
      c.block[2] != 1 || c.grid[0] % cluster != 0)
    return InvalidValue;
  if (c.shared > function->maxDynamicShared ||
      c.shared + function->entry.staticShared >
          static_cast<unsigned>(chip.sharedBlock))
    return InvalidValue;
  if (c.block[0] > function->entry.maxThreads)
    return LaunchOutOfResources;
  if (cluster > 1 && (static_cast<int>(cluster) > chip.maxCluster ||
                      (cluster > 8 && !function->largeClusters)))
    return InvalidClusterSize;
  return Success;
}

static int launch(Driver &d, const Context *context, void *handle,
                  const eqc_cuda_config &config, void **params) {
  Function *function = d.function(handle);
  if (int error = checkLaunch(d, context, function, config))
    return error;
  ON_STREAM(config.stream);
  Launch l;
  l.entry = function->entry;
  l.ptx = function->module->ptx.c_str();
  l.device = context->device;
  l.grid = config.grid[0];
  l.threads = config.block[0];
  l.cluster = clusterOf(config);
  l.dynamicShared = config.shared;
  l.stream = config.stream;
  for (unsigned bytes : l.entry.params) {
    void *from = params[l.params.size()];
    if (!from || reinterpret_cast<uintptr_t>(from) % bytes != 0) {
      d.violate("'" + l.entry.name + "' has fewer parameters than it declares");
      return InvalidValue;
    }
    auto *begin = static_cast<unsigned char *>(from);
    l.params.emplace_back(begin, begin + bytes);
  }
  if (params[l.params.size()])
    d.violate("'" + l.entry.name + "' has more parameters than it declares");
  d.enqueue(config.stream, [l] {
    driver().launches.push_back(l);
    auto kernel = driver().kernels.find(l.entry.name);
    if (kernel == driver().kernels.end())
      kernel = driver().kernels.find("");
    if (kernel != driver().kernels.end() && kernel->second)
      kernel->second(l);
  });
  return Success;
}

API cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                   unsigned gridZ, unsigned blockX, unsigned blockY,
                   unsigned blockZ, unsigned shared, void *stream,
                   void **params, void **extra) {
  std::this_thread::sleep_for(driver().launchTime.load());
  ENTER("cuLaunchKernel");
  if (extra)
    return InvalidValue;
  return launch(d, context, function,
                {{gridX, gridY, gridZ},
                 {blockX, blockY, blockZ},
                 shared,
                 stream,
                 nullptr,
                 0},
                params);
}

API cuLaunchKernelEx(const eqc_cuda_config *config, void *function,
                     void **params, void **extra) {
  ENTER("cuLaunchKernelEx");
  if (extra)
    return InvalidValue;
  return launch(d, context, function, *config, params);
}

API cuOccupancyMaxActiveClusters(int *clusters, void *handle,
                                 const eqc_cuda_config *config) {
  ENTER("cuOccupancyMaxActiveClusters");
  if (int error = checkLaunch(d, context, d.function(handle), *config))
    return error;
  *clusters = d.chips[context->device].processors /
              static_cast<int>(clusterOf(*config));
  return Success;
}

API cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes,
                         void *stream) {
  ENTER("cuMemcpyDtoDAsync");
  ON_STREAM(stream);
  d.enqueue(stream, [=] {
    std::memcpy(reinterpret_cast<void *>(to),
                reinterpret_cast<const void *>(from), bytes);
  });
  return Success;
}

API cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  ENTER("cuMemcpyHtoD");
  if (!d.mayDisturb("cuMemcpyHtoD"))
    return CaptureUnsupported;
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return Success;
}

API cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  ENTER("cuMemcpyDtoH");
  if (!d.mayDisturb("cuMemcpyDtoH"))
    return CaptureUnsupported;
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return Success;
}

API cuCtxSynchronize(void) {
  ENTER("cuCtxSynchronize");
  return d.mayDisturb("cuCtxSynchronize") ? Success : CaptureUnsupported;
}

API cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes,
                    void *stream) {
  ENTER("cuMemsetD8Async");
  ON_STREAM(stream);
  d.enqueue(stream,
            [=] { std::memset(reinterpret_cast<void *>(to), value, bytes); });
  return Success;
}

//===-- Memory ------------------------------------------------------------===//

/// No test's device has more.
constexpr size_t deviceBytes = size_t(1) << 40;

API cuMemAllocAsync(uint64_t *address, size_t bytes, void *stream) {
  ENTER("cuMemAllocAsync");
  ON_STREAM(stream);
  if (!d.chips[context->device].pools)
    return 801;
  if (bytes == 0)
    return InvalidValue;
  Capture *capture = d.capture(stream);
  *address = bytes > deviceBytes
                 ? 0
                 : d.map(bytes, 0, capture ? Region::Graph : Region::Pool);
  if (*address == 0)
    return OutOfMemory;
  if (capture)
    capture->memory.insert(*address);
  return Success;
}

API cuMemFreeAsync(uint64_t address, void *stream) {
  ENTER("cuMemFreeAsync");
  ON_STREAM(stream);
  if (Capture *capture = d.capture(stream)) {
    if (capture->memory.erase(address) == 0)
      d.violate("freeing what the graph has not allocated");
  } else if (!d.unmap(address, Region::Pool)) {
    d.violate("freeing what is not allocated");
    return InvalidValue;
  }
  return Success;
}

API cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  ENTER("cuMemAlloc");
  if (!d.mayDisturb("cuMemAlloc"))
    return CaptureUnsupported;
  *address = bytes > deviceBytes ? 0 : d.map(bytes, 0, Region::Device);
  return *address ? Success : OutOfMemory;
}

API cuMemFree_v2(uint64_t address) {
  ENTER("cuMemFree");
  if (!d.mayDisturb("cuMemFree"))
    return CaptureUnsupported;
  return d.unmap(address, Region::Device) ? Success : InvalidValue;
}

//===-- Events, captures --------------------------------------------------===//

API cuEventCreate(void **result, unsigned flags) {
  ENTER("cuEventCreate");
  if (flags > 7)
    return InvalidValue;
  auto event = std::make_unique<Event>();
  *result = event.get();
  d.events[event.get()] = std::move(event);
  return Success;
}

API cuEventDestroy_v2(void *event) {
  ENTER("cuEventDestroy");
  return d.events.erase(static_cast<Event *>(event)) ? Success : InvalidHandle;
}

API cuEventQuery(void *handle) {
  ENTER("cuEventQuery");
  if (!d.mayDisturb("cuEventQuery"))
    return CaptureUnsupported;
  auto event = d.events.find(static_cast<Event *>(handle));
  if (event == d.events.end())
    return InvalidHandle;
  return event->first->recorded && !d.finished ? NotReady : Success;
}

API cuEventRecord(void *handle, void *stream) {
  ENTER("cuEventRecord");
  ON_STREAM(stream);
  auto event = d.events.find(static_cast<Event *>(handle));
  if (event == d.events.end())
    return InvalidHandle;
  event->first->recorded = true;
  event->first->time = std::chrono::steady_clock::now();
  return Success;
}

API cuEventSynchronize(void *event) {
  ENTER("cuEventSynchronize");
  if (!d.mayDisturb("cuEventSynchronize"))
    return CaptureUnsupported;
  return d.events.count(static_cast<Event *>(event)) ? Success : InvalidHandle;
}

API cuEventElapsedTime(float *milliseconds, void *start, void *end) {
  ENTER("cuEventElapsedTime");
  auto first = d.events.find(static_cast<Event *>(start)),
       last = d.events.find(static_cast<Event *>(end));
  if (first == d.events.end() || last == d.events.end() ||
      !first->first->recorded || !last->first->recorded)
    return InvalidHandle;
  *milliseconds = std::chrono::duration<float, std::milli>(last->first->time -
                                                           first->first->time)
                      .count();
  return Success;
}

API cuStreamWaitEvent(void *stream, void *handle, unsigned flags) {
  ENTER("cuStreamWaitEvent");
  ON_STREAM(stream);
  if (flags != 0)
    return InvalidValue;
  return d.events.count(static_cast<Event *>(handle)) ? Success : InvalidHandle;
}

API cuStreamCreate(void **stream, unsigned flags) {
  ENTER("cuStreamCreate");
  if (flags > 1)
    return InvalidValue;
  *stream = createStream(context);
  return Success;
}

API cuStreamDestroy_v2(void *handle) {
  ENTER("cuStreamDestroy");
  for (auto stream = d.streams.begin(); stream != d.streams.end(); ++stream)
    if (stream->get() == handle) {
      d.streams.erase(stream);
      return Success;
    }
  return InvalidHandle;
}

API cuStreamBeginCapture_v2(void *stream, int mode) {
  ENTER("cuStreamBeginCapture");
  if (!d.stream(stream) || d.capture(stream))
    return InvalidHandle;
  beginCapture(stream, mode);
  return Success;
}

/// A graph's handle is its number, and so is that of what is made of it.
API cuStreamEndCapture(void *stream, void **graph) {
  ENTER("cuStreamEndCapture");
  if (!d.capture(stream))
    return InvalidHandle;
  const int number = endCapture(stream);
  *graph = reinterpret_cast<void *>(static_cast<uintptr_t>(number));
  return number ? Success : CaptureInvalidated;
}

API cuGraphInstantiateWithFlags(void **executable, void *graph,
                                unsigned long long flags) {
  ENTER("cuGraphInstantiateWithFlags");
  *executable = graph;
  return graph && flags == 0 ? Success : InvalidValue;
}

API cuGraphLaunch(void *executable, void *stream) {
  ENTER("cuGraphLaunch");
  ON_STREAM(stream);
  launchGraph(static_cast<int>(reinterpret_cast<uintptr_t>(executable)));
  return Success;
}

API cuGraphExecDestroy(void *executable) {
  ENTER("cuGraphExecDestroy");
  return executable ? Success : InvalidValue;
}

API cuGraphDestroy(void *graph) {
  ENTER("cuGraphDestroy");
  return graph ? Success : InvalidValue;
}

API cuStreamIsCapturing(void *handle, int *status) {
  ENTER("cuStreamIsCapturing");
  Capture *capture = d.capture(handle);
  *status = !capture ? 0 : capture->valid ? 1 : 2;
  return Success;
}

API cuThreadExchangeStreamCaptureMode(int *mode) {
  ENTER("cuThreadExchangeStreamCaptureMode");
  if (*mode < 0 || *mode > 2)
    return InvalidValue;
  std::swap(*mode, self().captureMode);
  return Success;
}
