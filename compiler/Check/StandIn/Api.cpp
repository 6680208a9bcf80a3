//===- Api.cpp - The entry points of the stand-in: devices and modules ----===//

#include "compiler/Check/StandIn/Driver.h"

#include <cstdio>

using namespace eqc::standin;

#define API extern "C" __attribute__((visibility("default"))) int
/// Counts the call under the lock, and fails where a test says so.
#define ENTER_UNINITIALIZED(name)                                              \
  Driver &d = driver();                                                        \
  std::lock_guard<std::recursive_mutex> guard(d.mutex);                        \
  if (int error = enter(name))                                                 \
  return error
#define ENTER(name)                                                            \
  ENTER_UNINITIALIZED(name);                                                   \
  if (!d.initialized)                                                          \
  return NotInitialized
#define CURRENT_CONTEXT()                                                      \
  Context *context = self().current();                                         \
  if (!context || !context->alive)                                             \
  return InvalidContext

//===-- Devices -----------------------------------------------------------===//

API cuInit(unsigned flags) {
  startFromEnvironment();
  ENTER_UNINITIALIZED("cuInit");
  if (flags != 0)
    return InvalidValue;
  if (d.chips.empty())
    return NoDevice;
  d.initialized = true;
  return Success;
}

API cuDriverGetVersion(int *version) {
  ENTER_UNINITIALIZED("cuDriverGetVersion");
  *version = d.version;
  return Success;
}

static const std::map<int, std::pair<const char *, const char *>> &errors() {
  static const auto *all =
      new std::map<int, std::pair<const char *, const char *>>{
          {InvalidValue, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
          {OutOfMemory, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
          {NotInitialized,
           {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
          {NoDevice,
           {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
          {InvalidImage,
           {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
          {InvalidContext,
           {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
          {NoBinaryForGpu,
           {"CUDA_ERROR_NO_BINARY_FOR_GPU",
            "no kernel image is available for execution on the device"}},
          {InvalidPtx,
           {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
          {UnsupportedPtxVersion,
           {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
            "the provided PTX was compiled with an unsupported toolchain."}},
          {InvalidHandle,
           {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
          {NotFound, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
          {700,
           {"CUDA_ERROR_ILLEGAL_ADDRESS",
            "an illegal memory access was encountered"}},
          {LaunchFailed,
           {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
          {LaunchOutOfResources,
           {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
            "too many resources requested for launch"}},
          {CaptureUnsupported,
           {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
            "operation not permitted when stream is capturing"}}};
  return *all;
}

API cuGetErrorName(int error, const char **name) {
  ENTER_UNINITIALIZED("cuGetErrorName");
  auto found = errors().find(error);
  *name = found == errors().end() ? nullptr : found->second.first;
  return *name ? Success : InvalidValue;
}

API cuGetErrorString(int error, const char **text) {
  ENTER_UNINITIALIZED("cuGetErrorString");
  auto found = errors().find(error);
  *text = found == errors().end() ? nullptr : found->second.second;
  return *text ? Success : InvalidValue;
}

API cuDeviceGetCount(int *count) {
  ENTER("cuDeviceGetCount");
  *count = static_cast<int>(d.chips.size());
  return Success;
}

API cuDeviceGetAttribute(int *value, int attribute, int device) {
  ENTER("cuDeviceGetAttribute");
  if (device < 0 || device >= static_cast<int>(d.chips.size()))
    return InvalidDevice;
  const Chip &chip = d.chips[device];
  // The numbers of cuda.h.
  const std::map<int, int> values = {{5, chip.maxGrid},
                                     {16, chip.processors},
                                     {38, chip.l2},
                                     {75, chip.sm / 10},
                                     {76, chip.sm % 10},
                                     {81, chip.sharedProcessor},
                                     {97, chip.sharedBlock},
                                     {115, chip.pools},
                                     {120, chip.maxCluster > 0}};
  auto found = values.find(attribute);
  if (found == values.end())
    return InvalidValue;
  *value = found->second;
  return Success;
}

API cuDeviceGet(int *device, int number) {
  ENTER("cuDeviceGet");
  if (number < 0 || number >= static_cast<int>(d.chips.size()))
    return InvalidDevice;
  *device = number;
  return Success;
}

API cuDeviceGetName(char *name, int length, int device) {
  ENTER("cuDeviceGetName");
  if (device < 0 || device >= static_cast<int>(d.chips.size()))
    return InvalidDevice;
  std::snprintf(name, static_cast<size_t>(length), "stand-in of sm_%d",
                d.chips[device].sm);
  return Success;
}

//===-- Contexts ----------------------------------------------------------===//

API cuDevicePrimaryCtxRetain(void **context, int device) {
  ENTER("cuDevicePrimaryCtxRetain");
  if (device < 0 || device >= static_cast<int>(d.chips.size()))
    return InvalidDevice;
  Primary &primary = d.primaries[device];
  if (primary.retained++ == 0)
    primary.context = createContext(device);
  *context = primary.context;
  return Success;
}

API cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER("cuDevicePrimaryCtxRelease");
  Primary &primary = d.primaries[device];
  if (primary.retained == 0) {
    d.violate("releasing a primary context that nobody retains");
    return InvalidContext;
  }
  if (--primary.retained == 0)
    destroyContext(primary.context);
  return Success;
}

API cuCtxGetCurrent(void **context) {
  ENTER("cuCtxGetCurrent");
  *context = self().current();
  return Success;
}

API cuCtxGetDevice(int *device) {
  ENTER("cuCtxGetDevice");
  CURRENT_CONTEXT();
  *device = context->device;
  return Success;
}

API cuCtxGetId(void *handle, unsigned long long *id) {
  ENTER("cuCtxGetId");
  auto *context = static_cast<Context *>(handle);
  if (!context->alive)
    return InvalidContext;
  *id = context->id;
  return Success;
}

API cuCtxPushCurrent_v2(void *handle) {
  ENTER("cuCtxPushCurrent");
  auto *context = static_cast<Context *>(handle);
  if (!context || !context->alive)
    return InvalidContext;
  self().stack.push_back(context);
  return Success;
}

API cuCtxPopCurrent_v2(void **context) {
  ENTER("cuCtxPopCurrent");
  if (self().stack.empty())
    return InvalidContext;
  *context = self().stack.back();
  self().stack.pop_back();
  return Success;
}

API cuStreamGetCtx(void *handle, void **context) {
  ENTER("cuStreamGetCtx");
  // The legacy stream, and that of the thread.
  if (reinterpret_cast<uintptr_t>(handle) <= 2) {
    *context = self().current();
    return *context ? Success : InvalidContext;
  }
  Stream *stream = d.stream(handle);
  if (!stream)
    return InvalidHandle;
  *context = stream->context;
  return Success;
}

//===-- Modules -----------------------------------------------------------===//

/// As a cubin the stand-in takes "\x7f""ELF sm_N\n", with PTX after it.
static bool readCubin(const char *image, int &target, const char *&ptx) {
  if (std::strncmp(image,
                   "\x7f"
                   "ELF sm_",
                   8) != 0)
    return false;
  target = std::atoi(image + 8);
  ptx = std::strchr(image, '\n');
  return ptx != nullptr;
}

static void writeLog(const std::string &text, unsigned count,
                     const int *options, void **values) {
  char *buffer = nullptr;
  size_t size = 0;
  for (unsigned i = 0; i != count; ++i) {
    if (options[i] == 5)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == 6)
      size = reinterpret_cast<uintptr_t>(values[i]);
  }
  if (buffer && size > 0) {
    std::strncpy(buffer, text.c_str(), size - 1);
    buffer[size - 1] = 0;
  }
}

API cuModuleLoadDataEx(void **result, const void *image, unsigned count,
                       int *options, void **values) {
  std::this_thread::sleep_for(driver().loadTime.load());
  ENTER("cuModuleLoadDataEx");
  CURRENT_CONTEXT();
  if (!d.mayDisturb("cuModuleLoadDataEx"))
    return CaptureUnsupported;
  if (reinterpret_cast<uintptr_t>(image) % 8 != 0)
    d.violate("an image that is not aligned");
  const int chip = d.chips[context->device].sm;
  const char *ptx = static_cast<const char *>(image);
  int target = 0;
  if (readCubin(ptx, target, ptx)) {
    if (target / 10 != chip / 10 || target > chip)
      return NoBinaryForGpu;
  } else {
    int version = ptxVersion(ptx);
    if (version == 0)
      return InvalidImage;
    // CUDA 12.4 reads PTX 8.4.
    if (version > (d.version / 1000 - 4) * 10 + d.version / 10 % 100)
      return UnsupportedPtxVersion;
    if (ptxTarget(ptx) == 0 || ptxTarget(ptx) > chip)
      return InvalidPtx;
  }
  auto entries = readPtx(ptx);
  if (!entries) {
    writeLog("ptxas application ptx input, line 3; fatal   : Parsing error\n"
             "ptxas fatal   : Ptx assembly aborted\n",
             count, options, values);
    return InvalidPtx;
  }
  auto module = std::make_unique<Module>();
  module->context = context;
  module->contextId = context->id;
  module->ptx = ptx;
  for (Entry &entry : *entries) {
    auto function = std::make_unique<Function>();
    function->module = module.get();
    function->entry = entry;
    module->functions[entry.name] = std::move(function);
  }
  *result = module.get();
  d.modules[module.get()] = std::move(module);
  return Success;
}

API cuModuleUnload(void *handle) {
  ENTER("cuModuleUnload");
  CURRENT_CONTEXT();
  if (!d.mayDisturb("cuModuleUnload"))
    return CaptureUnsupported;
  auto found = d.modules.find(static_cast<Module *>(handle));
  if (found == d.modules.end()) {
    d.violate("unloading a module that is not there");
    return InvalidHandle;
  }
  if (found->first->contextId != context->id)
    d.violate("unloading a module of another context");
  d.modules.erase(found);
  return Success;
}

API cuModuleGetFunction(void **function, void *handle, const char *name) {
  ENTER("cuModuleGetFunction");
  auto module = d.modules.find(static_cast<Module *>(handle));
  if (module == d.modules.end())
    return InvalidHandle;
  auto found = module->first->functions.find(name);
  if (found == module->first->functions.end())
    return NotFound;
  *function = found->second.get();
  return Success;
}

API cuFuncGetAttribute(int *value, int attribute, void *handle) {
  ENTER("cuFuncGetAttribute");
  Function *function = d.function(handle);
  if (!function)
    return InvalidHandle;
  if (attribute != 0 && attribute != 1)
    return InvalidValue;
  *value = static_cast<int>(attribute == 0 ? function->entry.maxThreads
                                           : function->entry.staticShared);
  return Success;
}

API cuFuncSetAttribute(void *handle, int attribute, int value) {
  ENTER("cuFuncSetAttribute");
  Function *function = d.function(handle);
  if (!function)
    return InvalidHandle;
  const Chip &chip = d.chips[function->module->context->device];
  if (attribute == 8) {
    if (value < 0 ||
        static_cast<unsigned>(value) + function->entry.staticShared >
            static_cast<unsigned>(chip.sharedBlock))
      return InvalidValue;
    function->maxDynamicShared = static_cast<unsigned>(value);
    return Success;
  }
  if (attribute != 14 || chip.maxCluster == 0)
    return InvalidValue;
  function->largeClusters = value != 0;
  return Success;
}
