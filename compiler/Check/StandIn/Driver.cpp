//===- Driver.cpp - The state of the stand-in driver, and its controls ----===//

#include "compiler/Check/StandIn/Driver.h"
#include "compiler/Check/StandIn/Interpreted.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace eqc::standin {

Driver &driver() {
  // Never destroyed: a program may call while it exits.
  static Driver *all = new Driver;
  return *all;
}

ThreadState &self() {
  static thread_local ThreadState state;
  return state;
}

#define LOCKED                                                                 \
  Driver &d = driver();                                                        \
  std::lock_guard<std::recursive_mutex> guard(d.mutex)

int enter(const char *function) {
  Driver &d = driver();
  ++d.counts[function];
  d.calls.push_back(function);
  auto failure = d.failures.find(function);
  if (failure == d.failures.end() || failure->second.first == 0 ||
      --failure->second.first > 0)
    return d.isStrict && !d.violations.empty() ? LaunchFailed : Success;
  return failure->second.second;
}

Stream *Driver::stream(void *handle) {
  for (const std::unique_ptr<Stream> &stream : streams)
    if (stream.get() == handle)
      return stream.get();
  return nullptr;
}

Function *Driver::function(void *handle) {
  for (auto &[module, owner] : modules)
    for (auto &[name, function] : module->functions)
      if (function.get() == handle)
        return function.get();
  return nullptr;
}

Capture *Driver::capture(void *handle) {
  Stream *s = stream(handle);
  return s ? s->capture.get() : nullptr;
}

bool Driver::mayDisturb(const char *call) {
  bool may = true;
  if (self().captureMode == 2)
    return true;
  for (const std::unique_ptr<Stream> &stream : streams) {
    Capture *capture = stream->capture.get();
    if (!capture || capture->mode == 2)
      continue;
    bool concerns = capture->thread == std::this_thread::get_id() ||
                    (capture->mode == 0 && self().captureMode == 0);
    if (!concerns)
      continue;
    capture->valid = may = false;
    violate(std::string(call) + " during a capture");
  }
  return may;
}

void Driver::enqueue(void *stream, std::function<void()> work) {
  if (Capture *to = capture(stream))
    to->nodes.push_back(std::move(work));
  else
    work();
}

//===-- Memory ------------------------------------------------------------===//

constexpr size_t align = 256;
constexpr unsigned char canary = 0xa5;

uint64_t Region::begin() const {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return reinterpret_cast<uint64_t>(pages) + pageBytes - page -
         (bytes + align - 1) / align * align;
}

uint64_t Driver::map(size_t bytes, size_t offset,
                     decltype(Region::owner) owner) {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  Region region{nullptr, 0, bytes + offset, owner};
  region.pageBytes =
      (bytes + offset + align + page - 1) / page * page + 2 * page;
  void *pages = mmap(nullptr, region.pageBytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return 0;
  region.pages = static_cast<char *>(pages);
  if (mprotect(region.pages + page, region.pageBytes - 2 * page,
               PROT_READ | PROT_WRITE) != 0) {
    munmap(pages, region.pageBytes);
    return 0;
  }
  // Large memory is not worth touching.
  if (region.pageBytes < size_t(64) << 20) {
    std::memset(region.pages + page, canary, region.pageBytes - 2 * page);
    std::memset(reinterpret_cast<void *>(region.begin() + offset), 0xff, bytes);
  }
  uint64_t address = region.begin() + offset;
  memory[address] = region;
  return address;
}

bool Driver::unmap(uint64_t address, decltype(Region::owner) owner) {
  auto found = memory.find(address);
  if (found == memory.end() || found->second.owner != owner)
    return false;
  Region &region = found->second;
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (region.pageBytes < size_t(64) << 20) {
    const char *begin = reinterpret_cast<const char *>(address);
    const char *end =
        reinterpret_cast<const char *>(region.begin()) + region.bytes;
    for (const char *p = region.pages + page;
         p != region.pages + region.pageBytes - page; ++p)
      if ((p < begin || p >= end) && static_cast<unsigned char>(*p) != canary) {
        violate("bytes beside an array were written");
        break;
      }
  }
  munmap(region.pages, region.pageBytes);
  memory.erase(found);
  return true;
}

void *allocate(size_t bytes, size_t offset) {
  LOCKED;
  return reinterpret_cast<void *>(d.map(bytes, offset, Region::Tests));
}

void release(void *memory) {
  LOCKED;
  if (!d.unmap(reinterpret_cast<uint64_t>(memory), Region::Tests))
    d.violate("a test released what it had not allocated");
}

bool isDeviceMemory(uint64_t address, size_t bytes) {
  LOCKED;
  auto after = d.memory.upper_bound(address);
  if (after == d.memory.begin())
    return false;
  const Region &region = std::prev(after)->second;
  return address + bytes <= region.begin() + region.bytes;
}

std::vector<std::pair<uint64_t, size_t>> deviceMemory() {
  LOCKED;
  std::vector<std::pair<uint64_t, size_t>> all;
  for (auto &[address, region] : d.memory)
    all.emplace_back(address, region.begin() + region.bytes - address);
  return all;
}

size_t liveBytes() {
  LOCKED;
  size_t bytes = 0;
  for (auto &[address, region] : d.memory)
    if (region.owner == Region::Pool || region.owner == Region::Device)
      bytes += region.bytes;
  return bytes;
}

//===-- Contexts, streams, graphs -----------------------------------------===//

Chip chipOf(int sm) {
  Chip best = sm75;
  for (const Chip &chip : {sm80, sm90, sm120})
    if (chip.sm <= sm)
      best = chip;
  best.sm = sm;
  return best;
}

void startFromEnvironment() {
  static const bool asked = [] {
    const char *chip = std::getenv("EQC_STANDIN_CHIP");
    if (chip && *chip) {
      standin_interpret(std::atoi(chip));
      driver().isStrict = true;
    }
    return true;
  }();
  static_cast<void>(asked);
}

void Driver::violate(const std::string &text) {
  if (isStrict)
    std::fprintf(stderr, "stand-in driver: %s\n", text.c_str());
  violations.push_back(text);
}

void reset(const std::vector<Chip> &chips) {
  LOCKED;
  while (!d.memory.empty())
    d.unmap(d.memory.begin()->first, d.memory.begin()->second.owner);
  for (auto &context : d.contexts)
    context->alive = false;
  d.primaries.clear();
  d.streams.clear();
  d.modules.clear();
  d.events.clear();
  d.graphs.clear();
  d.kernels.clear();
  d.failures.clear();
  d.violations.clear();
  forgetCalls();
  d.finished = true;
  setTimes({}, {});
  d.version = 12040;
  d.chips = chips;
  self() = ThreadState();
}

void setVersion(int version) {
  LOCKED;
  d.version = version;
}

void *createContext(int device) {
  LOCKED;
  for (auto &context : d.contexts)
    if (!context->alive) {
      *context = Context{device, ++d.lastId, true};
      return context.get();
    }
  d.contexts.push_back(
      std::make_unique<Context>(Context{device, ++d.lastId, true}));
  return d.contexts.back().get();
}

void destroyContext(void *handle) {
  LOCKED;
  auto *context = static_cast<Context *>(handle);
  context->alive = false;
  for (auto module = d.modules.begin(); module != d.modules.end();)
    module = module->first->context == context ? d.modules.erase(module)
                                               : std::next(module);
  std::vector<Context *> &stack = self().stack;
  if (!stack.empty() && stack.back() == context)
    stack.pop_back();
}

void setCurrent(void *context) {
  std::vector<Context *> &stack = self().stack;
  if (!stack.empty())
    stack.pop_back();
  if (context)
    stack.push_back(static_cast<Context *>(context));
}

void *current() { return self().current(); }
size_t stackDepth() { return self().stack.size(); }

void *createStream(void *context) {
  LOCKED;
  auto stream = std::make_unique<Stream>();
  stream->context = static_cast<Context *>(context);
  return d.streams.insert(std::move(stream)).first->get();
}

void beginCapture(void *stream, int mode) {
  LOCKED;
  auto capture = std::make_unique<Capture>();
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  d.stream(stream)->capture = std::move(capture);
}

int endCapture(void *stream) {
  LOCKED;
  std::unique_ptr<Capture> capture = std::move(d.stream(stream)->capture);
  if (!capture->memory.empty())
    d.violate("memory of a graph is never freed");
  if (!capture->valid)
    return 0;
  d.graphs.push_back(std::move(capture));
  return static_cast<int>(d.graphs.size());
}

void launchGraph(int graph) {
  LOCKED;
  for (const std::function<void()> &node : d.graphs[graph - 1]->nodes)
    node();
}

//===-- What tests see and say --------------------------------------------===//

void onKernel(const std::string &name,
              std::function<void(const Launch &)> run) {
  LOCKED;
  d.kernels[name] = std::move(run);
}

void setFinished(bool finished) {
  LOCKED;
  d.finished = finished;
}

void setTimes(std::chrono::microseconds load,
              std::chrono::microseconds launch) {
  driver().loadTime = load;
  driver().launchTime = launch;
}

void failCall(const std::string &function, int nth, int error) {
  LOCKED;
  d.failures[function] = {nth, error};
}

int countCalls(const std::string &function) {
  LOCKED;
  return d.counts[function];
}

std::vector<std::string> calls() {
  LOCKED;
  return d.calls;
}

std::vector<Launch> launches() {
  LOCKED;
  return d.launches;
}

void forgetCalls() {
  LOCKED;
  d.calls.clear();
  d.counts.clear();
  d.launches.clear();
}

void violate(const std::string &text) {
  LOCKED;
  d.violate(text);
}

std::vector<std::string> violations() {
  LOCKED;
  return d.violations;
}

size_t liveModules() {
  LOCKED;
  return d.modules.size();
}

size_t liveEvents() {
  LOCKED;
  return d.events.size();
}

} // namespace eqc::standin

void standin_set_version(int version) { eqc::standin::setVersion(version); }

void standin_set_devices(int count) {
  eqc::standin::reset(
      std::vector<eqc::standin::Chip>(count, eqc::standin::sm90));
}

void standin_fail_init(int error) {
  eqc::standin::failCall("cuInit", 1, error);
}

void standin_make_context(void) {
  eqc::standin::setCurrent(eqc::standin::createContext(0));
}

void standin_interpret(int chip) {
  // Samples that are large enough for clusters take the interpreter long.
  eqc::standin::Chip device = eqc::standin::chipOf(chip);
  device.maxCluster = 0;
  eqc::standin::reset({device});
  eqc::standin::interpretKernels();
}

void *standin_allocate(size_t bytes, size_t offset) {
  return eqc::standin::allocate(bytes, offset);
}

void standin_release(void *memory) { eqc::standin::release(memory); }

const char *standin_violations(void) {
  static thread_local std::string text;
  text.clear();
  for (const std::string &violation : eqc::standin::violations())
    text += violation + "\n";
  return text.c_str();
}

size_t standin_live_modules(void) { return eqc::standin::liveModules(); }
