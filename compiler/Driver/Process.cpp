//===- Process.cpp - Signals, crashes and temporary files -----------------===//

#include "compiler/Driver/Process.h"

#include "compiler/Driver/CrashReport.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemAlloc.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

#include <atomic>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <fcntl.h>
#include <iterator>
#include <new>
#include <sys/time.h>
#include <typeinfo>
#include <unistd.h>

using namespace eqc;
using llvm::StringRef;

// A table of fixed size and plain C strings, because signal handlers read it.
static constexpr int maxTemporaries = 64;
static std::atomic<char *> temporaries[maxTemporaries];
static bool stdoutOpen = true;

/// Safe in signal handlers. Later entries first: files before their directory.
static void removeTemporaries() {
  for (int i = maxTemporaries - 1; i >= 0; --i)
    if (char *path = temporaries[i].exchange(nullptr))
      if (unlink(path) != 0)
        rmdir(path);
}

Temporary::Path Temporary::keep(StringRef path) {
  char *copy = static_cast<char *>(llvm::safe_malloc(path.size() + 1));
  memcpy(copy, path.data(), path.size());
  copy[path.size()] = 0;
  return Path(copy, &free);
}

Temporary::Temporary(StringRef path) : Temporary(keep(path)) {}

Temporary::Temporary(Path path) {
  char *copy = path.release();
  for (slot = 0; slot < maxTemporaries; ++slot) {
    char *empty = nullptr;
    if (temporaries[slot].compare_exchange_strong(empty, copy))
      return;
  }
  slot = -1;
  free(copy);
}

Temporary::Temporary(Temporary &&other) noexcept : slot(other.slot) {
  other.slot = -1;
}

Temporary &Temporary::operator=(Temporary &&other) noexcept {
  std::swap(slot, other.slot);
  return *this;
}

void Temporary::release() {
  if (slot >= 0)
    free(temporaries[slot].exchange(nullptr));
  slot = -1;
}

static void say(const char *text) {
  [[maybe_unused]] ssize_t written = write(2, text, strlen(text));
}

/// What LLVM and LLD have in a folder goes before the folder.
static void removeEverything() {
  llvm::sys::RunInterruptHandlers();
  removeTemporaries();
}

static void onInterrupt(int signal) {
  removeEverything();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

static void onCrash(void *) {
  removeTemporaries();
  say("eqc: internal error: eqc crashed; this is a bug in eqc, please report "
      "it "
      "with the input\n");
  keepForReport();
  _exit(StatusInternal);
}

static void onFatalError(void *, const char *reason, bool) {
  removeEverything();
  // A stream of LLVM's that nobody asked whether it could write: LLD's.
  static constexpr StringRef stream = "IO failure on output stream: ";
  if (StringRef(reason).starts_with(stream)) {
    say("eqc: error: cannot write a temporary file: ");
    say(reason + stream.size());
    say("\n");
    _exit(StatusFile);
  }
  say("eqc: internal error: ");
  say(reason);
  say("; this is a bug in eqc, please report it with the input\n");
  keepForReport();
  _exit(StatusInternal);
}

static void onFullDisk(int) {
  removeEverything();
  say("eqc: error: cannot write a temporary file: No space left on device\n");
  _exit(StatusFile);
}

MapsMayFill::MapsMayFill() {
  struct sigaction action = {};
  action.sa_handler = onFullDisk;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

MapsMayFill::~MapsMayFill() { sigaction(SIGBUS, &before, nullptr); }

void eqc::endOutOfMemory() {
  removeEverything();
  say("eqc: error: out of memory\n");
  _exit(StatusLimit);
}

/// Eigen throws, though nobody catches.
static void onTerminate() {
  const std::type_info *type = abi::__cxa_current_exception_type();
  if (type && StringRef(type->name()) == "St9bad_alloc")
    endOutOfMemory();
  abort();
}

void eqc::catchOutOfMemory() {
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { endOutOfMemory(); });
  std::set_new_handler(endOutOfMemory);
  std::set_terminate(onTerminate);
}

static char lateMessage[96];

static void onLate(int) {
  removeEverything();
  say(lateMessage);
  _exit(StatusLimit);
}

void eqc::limitTime(double seconds) {
  snprintf(lateMessage, sizeof lateMessage,
           "eqc: error: the limit of %g s was reached (--time-limit)\n",
           seconds);
  std::signal(SIGALRM, onLate);
  itimerval timer = {};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec =
      static_cast<suseconds_t>((seconds - std::floor(seconds)) * 1e6);
  if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
    timer.it_value.tv_usec = 1; // 0 would be never
  setitimer(ITIMER_REAL, &timer, nullptr);
}

void eqc::setUpProcess(const char *program) {
  // A descriptor that is closed would go to the next file opened, and that
  // file would get what is meant for standard output.
  stdoutOpen = fcntl(1, F_GETFD) != -1;
  llvm::sys::Process::FixupStandardFileDescriptors();

  // What the parent ignores (nohup) stays ignored.
  constexpr int interrupting[] = {SIGINT, SIGTERM, SIGHUP};
  bool ignored[std::size(interrupting)];
  for (size_t i = 0; i < std::size(interrupting); ++i) {
    struct sigaction before = {};
    sigaction(interrupting[i], nullptr, &before);
    ignored[i] = before.sa_handler == SIG_IGN;
  }

  llvm::setBugReportMsg("");
  llvm::sys::PrintStackTraceOnErrorSignal(program);
  llvm::EnablePrettyStackTrace();
  llvm::sys::AddSignalHandler(onCrash, nullptr);
  llvm::install_fatal_error_handler(onFatalError);

  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  for (size_t i = 0; i < std::size(interrupting); ++i)
    std::signal(interrupting[i], ignored[i] ? SIG_IGN : onInterrupt);
}

bool eqc::stdoutWasOpen() { return stdoutOpen; }

static sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGALRM})
    sigaddset(&set, signal);
  return set;
}

InterruptsHeld::InterruptsHeld() {
  sigset_t set = interrupts();
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

InterruptsHeld::~InterruptsHeld() {
  sigset_t set = interrupts();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

std::string PrivateDirectory::create() {
  std::string problem;
  const char *asked = getenv("TMPDIR");
  for (const char *parent : {asked, "/tmp", "/var/tmp", "/dev/shm"}) {
    if (!parent || !*parent)
      continue;
    std::string name = std::string(parent) + "/eqc-XXXXXX";
    InterruptsHeld held;
    if (mkdtemp(name.data())) {
      path = name;
      temporaries[0] = Temporary(path);
      return "";
    }
    problem = std::string(parent) + ": " + strerror(errno);
  }
  return "cannot make a temporary directory: " + problem;
}

std::string PrivateDirectory::file(StringRef name) {
  std::string &result = files[numFiles++];
  result = path + "/" + name.str();
  temporaries[numFiles] = Temporary(result);
  return result;
}

PrivateDirectory::~PrivateDirectory() {
  for (int i = numFiles; i > 0; --i) {
    unlink(files[i - 1].c_str());
    temporaries[i].release();
  }
  if (!path.empty())
    rmdir(path.c_str());
}
