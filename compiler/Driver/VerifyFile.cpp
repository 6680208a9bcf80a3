//===- VerifyFile.cpp - Does an object compute what it says? --------------===//

#include "compiler/Driver/VerifyFile.h"

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Driver/Process.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Library/LoadedObject.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/TargetParser/Host.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace eqc;
using llvm::StringRef;

/// A child that writes for ever is cut off.
static constexpr size_t kMostOutput = 64 << 10;

//===----------------------------------------------------------------------===//
// Children
//===----------------------------------------------------------------------===//

/// What this process does with signals and output is not for a child that may
/// do anything.
static void setUpChild(double seconds) {
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
                     SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ})
    std::signal(signal, SIG_DFL);
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // Threads of its own count together; the parent looks at the clock.
  const rlim_t most = 64 * (static_cast<rlim_t>(seconds) + 1);
  const rlimit time = {most, most};
  setrlimit(RLIMIT_CPU, &time);
  const int nothing = open("/dev/null", O_RDWR);
  for (int descriptor : {0, 1, 2})
    dup2(nothing, descriptor);
}

ChildResult eqc::runInChild(llvm::function_ref<int(int)> work, double seconds) {
  ChildResult result;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return {"", -1, std::string("no pipe: ") + strerror(errno)};
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return {"", -1, std::string("no child process: ") + strerror(errno)};
  }
  if (child == 0) {
    close(ends[0]);
    setUpChild(seconds);
    _exit(work(ends[1]));
  }
  close(ends[1]);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(seconds));
  bool late = false;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd wait = {ends[0], POLLIN, 0};
    const int ready =
        poll(&wait, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0) {
      late = true;
      break;
    }
    char bytes[4096];
    const ssize_t got = read(ends[0], bytes, sizeof bytes);
    if (got <= 0)
      break;
    if (result.output.size() < kMostOutput)
      result.output.append(bytes, static_cast<size_t>(got));
    else if (Clock::now() > end)
      late = true;
    if (late)
      break;
  }
  close(ends[0]);
  // It may have closed its end and go on.
  int status = 0;
  while (!late && waitpid(child, &status, WNOHANG) != child) {
    late = Clock::now() > end;
    usleep(500);
  }
  if (late) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
  }
  if (late) {
    result.status = -1;
    result.why = fmt::format("it did not end within {:g} s", seconds);
  } else if (WIFSIGNALED(status)) {
    result.status = -1;
    result.why = fmt::format("it crashed ({})", strsignal(WTERMSIG(status)));
  } else {
    result.status = WEXITSTATUS(status);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static constexpr StringRef kSuffix = "_selftest";

/// Calls `visit` with the names of what others can link to.
static llvm::Error forEachExport(const llvm::object::ObjectFile &object,
                                 bool isShared,
                                 llvm::function_ref<void(StringRef)> visit) {
  using llvm::object::BasicSymbolRef;
  auto look = [&](const BasicSymbolRef &symbol) -> llvm::Error {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    llvm::Expected<StringRef> name = llvm::object::SymbolRef(symbol).getName();
    if (!name)
      return name.takeError();
    if ((*flags & BasicSymbolRef::SF_Global) &&
        !(*flags & BasicSymbolRef::SF_Undefined))
      visit(*name);
    return llvm::Error::success();
  };
  if (const auto *elf =
          llvm::dyn_cast<llvm::object::ELFObjectFileBase>(&object);
      elf && isShared) {
    for (const llvm::object::SymbolRef &symbol :
         elf->getDynamicSymbolIterators())
      if (llvm::Error error = look(symbol))
        return error;
    return llvm::Error::success();
  }
  for (const llvm::object::SymbolRef &symbol : object.symbols())
    if (llvm::Error error = look(symbol))
      return error;
  return llvm::Error::success();
}

static std::unique_ptr<llvm::MemoryBuffer> readWhole(const std::string &path,
                                                     std::string &error) {
  auto bytes = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                           /*RequiresNullTerminator=*/false);
  if (bytes)
    return std::move(*bytes);
  error = bytes.getError().message();
  return nullptr;
}

bool eqc::findVerifiable(const std::string &path, Verifiable &found,
                         VerifyFailure &failure) {
  auto refuse = [&](int status, const std::string &message) {
    failure = {status, message};
    return false;
  };
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> bytes = readWhole(path, error);
  if (!bytes)
    return refuse(StatusFile, "cannot read '" + path + "': " + error);
  auto object =
      llvm::object::ObjectFile::createObjectFile(bytes->getMemBufferRef());
  if (!object)
    return refuse(StatusRefused, "'" + path +
                                     "' is no object file and no shared "
                                     "library: " +
                                     toString(object.takeError()));
  if ((*object)->getArch() !=
      llvm::Triple(llvm::sys::getProcessTriple()).getArch())
    return refuse(StatusRefused, "'" + path +
                                     "' is for another machine than this one; "
                                     "verify it there");
  found.isShared = !(*object)->isRelocatableObject();
  bool device = false;
  if (llvm::Error bad =
          forEachExport(**object, found.isShared, [&](StringRef name) {
            device |= name.ends_with("_workspace_bytes");
            if (name.consume_back(kSuffix))
              found.names.push_back(name.str());
          }))
    return refuse(StatusRefused,
                  "'" + path + "' is damaged: " + toString(std::move(bad)));
  std::sort(found.names.begin(), found.names.end());
  if (found.names.empty())
    return refuse(StatusRefused,
                  "'" + path + "' has no self-tests: " +
                      (device ? "those of layers for GPUs are not built yet; "
                                "try 'eqc check --target=cuda' on their source"
                              : "eqc did not write it, or an earlier one"));
  return true;
}

//===----------------------------------------------------------------------===//
// In the child
//===----------------------------------------------------------------------===//

/// What this compiler makes of the source that the object carries, against what
/// the object says; empty where they agree.
static std::string checkDescription(const LoadedLibrary &library,
                                    const std::string &name) {
  auto *describe = reinterpret_cast<const eqc_layer_info *(*)()>(
      library.function(name + "_info"));
  if (!describe)
    return "it has no description";
  // Those of networks are of another size, and those of later versions too.
  static_assert(sizeof(eqc_network_info) < sizeof(eqc_layer_info));
  const eqc_layer_info &info = *describe();
  if (info.struct_size < sizeof info)
    return "";
  if (hashOf(info.spec) != info.hash)
    return "the hash is not that of the source";
  llvm::SourceMgr sources;
  const unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(info.spec, "object"), llvm::SMLoc());
  DiagnosticEngine diags;
  FrontendOptions limits;
  limits.maxDiagrams = std::numeric_limits<uint64_t>::max();
  const FrontendResult parsed =
      parseLayers(sources, id, "object", limits, diags);
  if (parsed.layers.size() != 1)
    return "this eqc does not understand the source that it carries";
  const CheckRow row = library.checkInfo(parsed.layers.front());
  return row.verdict == Verdict::Failed
             ? "its description is wrong: " + row.note
             : "";
}

/// Pages for a self-test's arrays, which end or begin with them: what lies
/// beside nobody may touch, so a kernel that strays crashes this child.
static void *getGuarded(size_t size, size_t align, void *) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inner = (size + page - 1) / page * page;
  if (align > page || inner != size)
    return nullptr;
  void *map = mmap(nullptr, inner + 2 * page, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    return nullptr;
  char *data = static_cast<char *>(map) + page;
  if (mprotect(data, inner, PROT_READ | PROT_WRITE) == 0)
    return data;
  munmap(map, inner + 2 * page);
  return nullptr;
}

static void putGuarded(void *data, size_t size, void *) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  munmap(static_cast<char *>(data) - page, size + 2 * page);
}

static void writeAll(int descriptor, StringRef text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0)
      return;
    text = text.drop_front(static_cast<size_t>(written));
  }
}

static int verifyHere(const std::string &path, const Verifiable &file,
                      const std::string &name, int descriptor) {
  std::string error;
  std::shared_ptr<LoadedObject> object;
  std::optional<LoadedLibrary> library;
  if (file.isShared) {
    library = LoadedLibrary::open(path, error);
  } else if (auto bytes = readWhole(path, error)) {
    object = LoadedObject::load(
        {bytes->getBufferStart(), bytes->getBufferSize()}, error);
    if (object)
      library.emplace(
          [object](const std::string &of) { return object->function(of); });
  }
  auto fail = [&](const std::string &why) {
    writeAll(descriptor, name + ": FAILED: " + why + "\n");
    return 1;
  };
  if (!library)
    return fail("it cannot be loaded: " + error);
  if (std::string why = checkDescription(*library, name); !why.empty())
    return fail(why);
  // Objects of another version may ask for memory otherwise; they do without.
  auto *setAllocator =
      object ? &eqc_set_allocator // the object calls the runtime in here
             : reinterpret_cast<decltype(&eqc_set_allocator)>(
                   library->function("eqc_set_allocator"));
  if (setAllocator)
    setAllocator(getGuarded, putGuarded, nullptr);
  char report[16 << 10];
  auto *test = reinterpret_cast<int (*)(char *, size_t)>(
      library->function(name + kSuffix.str()));
  const int status = test(report, sizeof report);
  writeAll(descriptor, report);
  return status == EQC_OK ? 0 : status == EQC_ERR_SELFTEST ? 1 : 4;
}

ChildResult eqc::verifyOne(const std::string &path, const Verifiable &file,
                           const std::string &name, double seconds) {
  return runInChild(
      [&](int descriptor) { return verifyHere(path, file, name, descriptor); },
      seconds);
}
