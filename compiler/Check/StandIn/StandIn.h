//===- StandIn.h - A CUDA driver without a GPU ------------------*- C++ -*-===//
//
// libcuda.so.1 for tests. Device memory is host memory with pages around it
// that nobody may touch; work is done when it is enqueued, or recorded into a
// graph; a kernel is a function that a test gives for its name. What a program
// may not do is written down as a violation, and every call can be made to
// fail.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_STANDIN_STANDIN_H
#define EQC_CHECK_STANDIN_STANDIN_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#define EQC_STANDIN_API __attribute__((visibility("default")))

namespace eqc::standin {

/// What a device has.
struct Chip {
  int sm; ///< 90 for sm_90
  int sharedBlock, sharedProcessor;
  int maxCluster; ///< blocks; 0: none
  int processors = 100;
  int l2 = 32 << 20;
  int maxGrid = 2147483647;
  bool pools = true;
};
constexpr Chip sm75{75, 65536, 65536, 0};
constexpr Chip sm80{80, 166912, 167936, 0};
constexpr Chip sm90{90, 232448, 233472, 16};
constexpr Chip sm120{120, 101376, 102400, 8};

/// A function of an image, as its PTX declares it.
struct Entry {
  std::string name;
  std::vector<unsigned> params; ///< bytes of each
  unsigned maxThreads = 1024;
  unsigned staticShared = 0;
};

struct Launch {
  Entry entry;
  const char *ptx; ///< the text of the image
  int device;
  unsigned grid, threads, cluster; ///< cluster: 1 without
  unsigned dynamicShared;
  void *stream;
  std::vector<std::vector<unsigned char>> params;

  template <typename T> T param(size_t i) const {
    T value;
    std::memcpy(&value, params[i].data(), sizeof value);
    return value;
  }
};

/// The device of that chip, or of the nearest older one: there is always one.
EQC_STANDIN_API Chip chipOf(int sm);

/// A driver as it is after cuInit was never called, with these devices. Ends
/// everything that was, without looking at it.
EQC_STANDIN_API void reset(const std::vector<Chip> &chips);
/// 12040 for CUDA 12.4, also in a process that has not called anything yet.
EQC_STANDIN_API void setVersion(int version);

/// An entry point by its name; null where there is none.
EQC_STANDIN_API void *find(const char *name);

/// Contexts of the calling thread. A context that was destroyed gives its
/// address to the next one, with another number.
EQC_STANDIN_API void *createContext(int device);
EQC_STANDIN_API void destroyContext(void *context);
EQC_STANDIN_API void setCurrent(void *context); ///< the top of the stack
EQC_STANDIN_API void *current();
EQC_STANDIN_API size_t stackDepth();

EQC_STANDIN_API void *createStream(void *context);

/// 0: global, 1: of the thread, 2: relaxed.
EQC_STANDIN_API void beginCapture(void *stream, int mode);
/// The number of a graph, or 0 if the capture became invalid.
EQC_STANDIN_API int endCapture(void *stream);
EQC_STANDIN_API void launchGraph(int graph);

/// Device memory for a test, filled with 0xff, whose first byte lies `offset`
/// past a multiple of 256 and whose last is the last of a page, up to 255
/// bytes.
EQC_STANDIN_API void *allocate(size_t bytes, size_t offset = 0);
EQC_STANDIN_API void release(void *memory);
/// Whether all bytes are device memory.
EQC_STANDIN_API bool isDeviceMemory(uint64_t address, size_t bytes);
/// All of it: addresses and bytes.
EQC_STANDIN_API std::vector<std::pair<uint64_t, size_t>> deviceMemory();

/// Who runs the kernel; "" stands for those that have nobody else. Kernels that
/// nobody runs do nothing.
EQC_STANDIN_API void onKernel(const std::string &name,
                              std::function<void(const Launch &)> run);
/// Adds to the violations.
EQC_STANDIN_API void violate(const std::string &text);
/// While false, events that were recorded have not come to pass.
EQC_STANDIN_API void setFinished(bool finished);

/// How long loading a module and launching a kernel take, while other threads
/// go on.
EQC_STANDIN_API void setTimes(std::chrono::microseconds load,
                              std::chrono::microseconds launch);

/// Makes the nth call from now of an entry point (1: the next) return an error,
/// having done nothing; 0 makes none fail.
EQC_STANDIN_API void failCall(const std::string &function, int nth, int error);
/// How often an entry point was called.
EQC_STANDIN_API int countCalls(const std::string &function);
/// The entry points that were called, in order, by any thread.
EQC_STANDIN_API std::vector<std::string> calls();
EQC_STANDIN_API std::vector<Launch> launches();
EQC_STANDIN_API void forgetCalls();

EQC_STANDIN_API std::vector<std::string> violations();
/// Modules, events and memory, other than a test's own, that are still there.
EQC_STANDIN_API size_t liveModules();
EQC_STANDIN_API size_t liveEvents();
EQC_STANDIN_API size_t liveBytes();

} // namespace eqc::standin

// For programs that open the library when they run.
extern "C" {
EQC_STANDIN_API void standin_set_version(int version);
EQC_STANDIN_API void standin_set_devices(int count); ///< of sm_90
EQC_STANDIN_API void standin_fail_init(int error);   ///< the next cuInit
EQC_STANDIN_API void standin_make_context(void);     ///< of device 0, current
/// A device whose kernels are executed as their PTX says: 90 for sm_90. Where
/// EQC_STANDIN_CHIP is in the environment, programs start with one, and what is
/// wrong is printed and makes their calls fail.
EQC_STANDIN_API void standin_interpret(int chip);
EQC_STANDIN_API void *standin_allocate(size_t bytes, size_t offset);
EQC_STANDIN_API void standin_release(void *memory);
/// A line for each; until the next call.
EQC_STANDIN_API const char *standin_violations(void);
EQC_STANDIN_API size_t standin_live_modules(void);
}

#endif // EQC_CHECK_STANDIN_STANDIN_H
