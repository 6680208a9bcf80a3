//===- Gpu.cpp - A GPU to call layers on ----------------------------------===//

#include "compiler/Check/Gpu/Gpu.h"

#include "compiler/Check/StandIn/Interpreted.h"
#include "compiler/Check/StandIn/OnHost.h"
#include "compiler/Check/StandIn/StandIn.h"

#include <eqc/cuda_kernel.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

using namespace eqc;

/// Bytes on either side of an array.
static constexpr size_t kGuard = 4096;
/// All bits set is a NaN in both types.
static constexpr unsigned char kGuardByte = 0xFF;

static void *toPointer(uint64_t address) {
  return reinterpret_cast<void *>(address); // NOLINT(performance-no-int-to-ptr)
}

std::unique_ptr<Gpu> Gpu::find(std::string &error) {
  std::unique_ptr<Gpu> gpu(new Gpu);
  if (eqc_cuda_device_count() > 0)
    return gpu->open(error) ? std::move(gpu) : nullptr;
  error = eqc_last_error();
  return nullptr;
}

std::unique_ptr<Gpu> Gpu::standIn(int64_t chip, std::string &error,
                                  const FindPhase &clusters) {
  eqc_rt_cuda_use(standin::find);
  standin::Chip device = standin::chipOf(static_cast<int>(chip));
  if (!clusters)
    device.maxCluster = 0;
  standin::reset({device});
  std::unique_ptr<Gpu> gpu(new Gpu);
  gpu->clusters = clusters;
  gpu->runOnHost({});
  gpu->isInterpreted = true;
  return gpu->open(error) ? std::move(gpu) : nullptr;
}

void Gpu::runOnHost(const FindPhase &find) {
  if (find)
    standin::runKernelsOnHost(find);
  else
    standin::interpretKernels(ptx::Order::Forwards, clusters);
}

bool Gpu::open(std::string &error) {
  auto find = [&](const char *symbol, auto &function) {
    void *found = error.empty() ? eqc_rt_cuda_function(symbol) : nullptr;
    if (!found && error.empty())
      error = eqc_last_error();
    *reinterpret_cast<void **>(&function) = found;
  };
  error.clear();
#define EQC_CUDA_CALL(name, symbol, parameters) find(symbol, calls.name);
#include "runtime/cuda/src/Driver.def"
#define EQC_CUDA_CALL(name, symbol, parameters) find(symbol, calls.name);
#include "compiler/Check/Gpu/Driver.def"
  if (!error.empty())
    return false;
  number = eqc_cuda_device_chip(0);
  isPushed = number > 0 && eqc_cuda_push_device(0) == EQC_OK;
  if (!isPushed) {
    error = eqc_last_error();
    return false;
  }
  char name[256] = "";
  int device = 0;
  if (calls.cuDeviceGet(&device, 0) != 0 ||
      calls.cuDeviceGetName(name, sizeof name - 1, device) != 0)
    name[0] = 0;
  text = *name ? name : "a GPU";
  return true;
}

Gpu::~Gpu() {
  while (!arrays.empty())
    release(toPointer(arrays.begin()->first));
  if (isPushed)
    eqc_cuda_pop_device(0);
}

bool Gpu::succeeded(int error, const char *call) {
  if (error == 0)
    return true;
  const char *name = nullptr;
  if (calls.cuGetErrorName(error, &name) != 0 || !name)
    name = "error";
  problems += fmt::format("{}{}: {} ({})", problems.empty() ? "" : "; ", call,
                          name, error);
  return false;
}

void *Gpu::allocate(size_t bytes, size_t offset) {
  // The stand-in's own guards notice the access itself.
  if (isInterpreted)
    return standin::allocate(std::max<size_t>(bytes, 1), offset);
  Array array = {0, kGuard + offset, bytes};
  const size_t all = array.before + bytes + kGuard;
  if (!succeeded(calls.cuMemAlloc(&array.base, all), "cuMemAlloc"))
    return nullptr;
  if (!succeeded(calls.cuMemsetD8Async(array.base, kGuardByte, all, nullptr),
                 "cuMemsetD8Async")) {
    calls.cuMemFree(array.base);
    return nullptr;
  }
  const uint64_t begin = array.base + array.before;
  arrays[begin] = array;
  return toPointer(begin);
}

bool Gpu::guardsIntact(const Array &array, uint64_t begin) {
  std::vector<unsigned char> bytes(array.before + kGuard);
  return !read(bytes.data(), toPointer(array.base), array.before) ||
         !read(bytes.data() + array.before, toPointer(begin + array.bytes),
               kGuard) ||
         std::all_of(bytes.begin(), bytes.end(),
                     [](unsigned char byte) { return byte == kGuardByte; });
}

void Gpu::release(void *memory) {
  if (isInterpreted)
    return standin::release(memory);
  const auto found = arrays.find(reinterpret_cast<uint64_t>(memory));
  if (found == arrays.end())
    return;
  if (!guardsIntact(found->second, found->first))
    problems += fmt::format("{}bytes beside an array of {} were written",
                            problems.empty() ? "" : "; ", found->second.bytes);
  succeeded(calls.cuMemFree(found->second.base), "cuMemFree");
  arrays.erase(found);
}

bool Gpu::write(void *to, const void *from, size_t bytes) {
  return bytes == 0 ||
         succeeded(
             calls.cuMemcpyHtoD(reinterpret_cast<uint64_t>(to), from, bytes),
             "cuMemcpyHtoD");
}

bool Gpu::read(void *to, const void *from, size_t bytes) {
  return bytes == 0 ||
         succeeded(
             calls.cuMemcpyDtoH(to, reinterpret_cast<uint64_t>(from), bytes),
             "cuMemcpyDtoH");
}

bool Gpu::wait() {
  return succeeded(calls.cuCtxSynchronize(), "cuCtxSynchronize");
}

std::string Gpu::takeProblems() {
  if (isInterpreted) {
    const std::vector<std::string> violations = standin::violations();
    for (; seen < violations.size(); ++seen)
      problems += (problems.empty() ? "" : "; ") + violations[seen];
  }
  return std::exchange(problems, "");
}
