//===- CrashReport.cpp - What is kept of an internal error ----------------===//

#include "compiler/Driver/CrashReport.h"

#include "compiler/Driver/Process.h"
#include "compiler/Pipelines/ReplayFile.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace eqc;
using llvm::StringRef;

/// How the second process is told: NUMBER:FOLDER, of the pass to keep. It may
/// take so many seconds.
static constexpr const char *kVariable = "EQC_CRASH_REPORT";
static constexpr double kMostSeconds = 60;

// All that a signal handler needs is made before there is one: it may allocate
// nothing.
namespace {
struct Prepared {
  char **argv = nullptr;
  std::vector<char *> environment;
  std::string commandLine; ///< as a shell reads it
  posix_spawn_file_actions_t files = {};
  posix_spawnattr_t attributes = {};
  std::string parent; ///< of the folder
};
} // namespace
static Prepared *prepared = nullptr;
static StringRef source;
static bool sourceFromStdin = false;
static std::atomic<bool> done{false};
/// The variable and its value, once that is known.
static char setting[PATH_MAX + 32];

static std::string quoted(StringRef word) {
  std::string result = "'";
  for (char c : word)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

PassRecorder &eqc::crashRecorder() {
  static PassRecorder recorder;
  return recorder;
}

bool eqc::isCrashReport() { return crashRecorder().kept > 0; }

void eqc::setCrashCommand(int argc, char **argv) {
  if (const char *value = getenv(kVariable)) {
    auto [number, folder] = StringRef(value).split(':');
    number.getAsInteger(10, crashRecorder().kept);
    crashRecorder().folder = folder.str();
    limitTime(kMostSeconds);
    return;
  }
  auto *made = new Prepared;
  made->argv = argv;
  for (int i = 0; i < argc; ++i)
    made->commandLine += (i == 0 ? "" : " ") + quoted(argv[i]);
  made->commandLine += "\n";
  for (char **at = environ; *at; ++at)
    made->environment.push_back(*at);
  made->environment.push_back(setting);
  made->environment.push_back(nullptr);
  const char *asked = getenv("TMPDIR");
  made->parent = asked && *asked ? asked : "/tmp";
  // The second run is silent, whatever it finds.
  posix_spawn_file_actions_init(&made->files);
  for (int stream : {1, 2})
    posix_spawn_file_actions_addopen(&made->files, stream, "/dev/null",
                                     O_WRONLY, 0);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_init(&made->attributes);
  posix_spawnattr_setsigdefault(&made->attributes, &all);
  posix_spawnattr_setsigmask(&made->attributes, &none);
  posix_spawnattr_setflags(&made->attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  prepared = made;
}

void eqc::setCrashSource(StringRef text, bool fromStdin) {
  source = text;
  sourceFromStdin = fromStdin;
}

//===----------------------------------------------------------------------===//
// In signal handlers
//===----------------------------------------------------------------------===//

static void writeAll(int fd, StringRef text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written <= 0)
      return;
    text = text.drop_front(written);
  }
}

/// Puts words one after the other.
template <size_t size>
static void join(char (&to)[size], std::initializer_list<const char *> words) {
  size_t end = 0;
  for (const char *word : words)
    for (; *word && end + 1 < size; ++word)
      to[end++] = *word;
  to[end] = 0;
}

namespace {
/// A number in decimal digits.
struct Digits {
  explicit Digits(int64_t value) {
    for (; value > 9; value /= 10)
      *--begin = static_cast<char>('0' + value % 10);
    *--begin = static_cast<char>('0' + value);
  }
  char text[24] = {};
  char *begin = text + sizeof text - 1;
};
} // namespace

/// A new folder, whose path ends `setting`.
static const char *makeFolder() {
  const Digits process(getpid()),
      pass(std::max<int64_t>(1, crashRecorder().begun));
  for (char attempt = 'a'; attempt <= 'z'; ++attempt) {
    const char suffix[] = {'-', attempt, 0};
    join(setting, {kVariable, "=", pass.begin, ":", prepared->parent.c_str(),
                   "/eqc-crash-", process.begin, suffix});
    const char *folder = strchr(setting, ':') + 1;
    if (mkdir(folder, 0700) == 0)
      return folder;
    if (errno != EEXIST)
      return nullptr;
  }
  return nullptr;
}

static void writeFile(const char *folder, const char *name, StringRef text) {
  char path[PATH_MAX + 32];
  join(path, {folder, "/", name});
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return;
  writeAll(fd, text);
  close(fd);
}

static void runAgain(const char *folder) {
  if (sourceFromStdin) {
    char path[PATH_MAX + 32];
    join(path, {folder, "/source.eq"});
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || dup2(fd, 0) < 0)
      return;
  }
  pid_t child = 0;
  if (posix_spawn(&child, "/proc/self/exe", &prepared->files,
                  &prepared->attributes, prepared->argv,
                  prepared->environment.data()) != 0)
    return;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
}

static bool isThere(const char *folder, const char *name) {
  char path[PATH_MAX + 32];
  join(path, {folder, "/", name});
  struct stat about = {};
  return stat(path, &about) == 0 && about.st_size > 0;
}

static void tell(std::initializer_list<const char *> words) {
  char line[3 * PATH_MAX];
  join(line, words);
  writeAll(2, line);
}

void eqc::keepForReport() {
  if (!prepared || done.exchange(true))
    return;
  const char *folder = makeFolder();
  if (!folder)
    return;
  writeFile(folder, "command", prepared->commandLine);
  writeFile(folder, "source.eq", source);
  runAgain(folder);
  tell({"eqc: note: for the report there is ", folder,
        ": the source, the command, and what failed when it ran again\n"});
  if (isThere(folder, kReplayPass))
    tell({"eqc: note: 'eqc-opt --run-reproducer ", folder, "/", kReplayPass,
          "' runs the pass that failed, and 'eqc-reduce ", folder, "/",
          kReplayPass, "' makes its input smaller\n"});
  else if (isThere(folder, kReplayLLVM))
    tell({"eqc: note: 'llc-22 -O3 ", folder, "/", kReplayLLVM,
          "' runs what failed\n"});
}
