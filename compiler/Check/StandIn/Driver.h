//===- Driver.h - The inside of the stand-in driver -------------*- C++ -*-===//

#ifndef EQC_CHECK_STANDIN_DRIVER_H
#define EQC_CHECK_STANDIN_DRIVER_H

#include "compiler/Check/StandIn/StandIn.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace eqc::standin {

/// CUresult.
enum {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidImage = 200,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  InvalidPtx = 218,
  UnsupportedPtxVersion = 222,
  InvalidHandle = 400,
  NotFound = 500,
  NotReady = 600,
  LaunchOutOfResources = 701,
  LaunchFailed = 719,
  CaptureUnsupported = 900,
  CaptureInvalidated = 901,
  InvalidClusterSize = 912,
};

struct Module;

struct Context {
  int device;
  unsigned long long id;
  bool alive;
};

/// A device's primary context, while somebody retains it.
struct Primary {
  void *context = nullptr;
  int retained = 0;
};

struct Function {
  Module *module;
  Entry entry;
  unsigned maxDynamicShared = 48 << 10;
  bool largeClusters = false;
};

struct Module {
  Context *context;
  unsigned long long contextId;
  std::string ptx;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

struct Capture {
  int mode;
  bool valid = true;
  std::thread::id thread;
  std::vector<std::function<void()>> nodes;
  std::set<uint64_t> memory; ///< allocated, and not freed
};

struct Stream {
  Context *context;
  std::unique_ptr<Capture> capture;
};

struct Event {
  bool recorded = false;
  std::chrono::steady_clock::time_point time;
};

/// Guarded memory.
struct Region {
  char *pages;
  size_t pageBytes, bytes;
  enum { Tests, Pool, Device, Graph } owner;
  uint64_t begin() const;
};

/// Everything, under the mutex.
struct Driver {
  std::recursive_mutex mutex;
  int version = 12040;
  std::atomic<std::chrono::microseconds> loadTime{}, launchTime{};
  bool initialized = false, finished = true;
  std::vector<Chip> chips;
  std::vector<std::unique_ptr<Context>> contexts;
  unsigned long long lastId = 0;
  std::map<int, Primary> primaries; ///< by devices
  std::set<std::unique_ptr<Stream>> streams;
  std::map<Module *, std::unique_ptr<Module>> modules;
  std::map<Event *, std::unique_ptr<Event>> events;
  std::map<uint64_t, Region> memory;
  std::vector<std::unique_ptr<Capture>> graphs;
  std::map<std::string, std::function<void(const Launch &)>> kernels;
  std::map<std::string, std::pair<int, int>> failures; ///< calls left, error
  std::map<std::string, int> counts;
  std::vector<std::string> calls, violations;
  bool isStrict = false; ///< programs see violations as errors
  std::vector<Launch> launches;

  void violate(const std::string &text);
  Stream *stream(void *handle);
  Function *function(void *handle);
  /// The capture that the stream's work goes into, or null.
  Capture *capture(void *stream);
  /// Whether a call that captures forbid may be made; ends them if not.
  bool mayDisturb(const char *call);
  /// Does the work now, or when the graph is launched.
  void enqueue(void *stream, std::function<void()> work);

  uint64_t map(size_t bytes, size_t offset, decltype(Region::owner) owner);
  bool unmap(uint64_t address, decltype(Region::owner) owner);
};

Driver &driver();

/// The calling thread's.
struct ThreadState {
  std::vector<Context *> stack;
  int captureMode = 0;
  Context *current() const { return stack.empty() ? nullptr : stack.back(); }
};
ThreadState &self();

/// Does what EQC_STANDIN_CHIP says, once.
void startFromEnvironment();

/// Counts a call of an entry point, and says whether it is to fail.
int enter(const char *function);

/// The functions of PTX text, or nothing if it has none.
EQC_STANDIN_API std::optional<std::vector<Entry>>
readPtx(const std::string &text);
/// X * 10 + Y of ".version X.Y", and N of ".target sm_N"; 0 if not there.
EQC_STANDIN_API int ptxVersion(const std::string &text);
EQC_STANDIN_API int ptxTarget(const std::string &text);

} // namespace eqc::standin

#endif // EQC_CHECK_STANDIN_DRIVER_H
