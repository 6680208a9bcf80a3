//===- Apart.cpp - Judging in processes of their own ----------------------===//

#include "compiler/Fuzz/Apart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace eqc;

/// Cases that one child judges: what it leaves in memory goes with it.
static constexpr int64_t kCasesOfChild = 100;

/// How much longer than it computes a case may take: a child that waits for
/// ever computes nothing.
static constexpr int kPatience = 20;

namespace {

bool writeAll(int file, const void *data, size_t size) {
  const char *at = static_cast<const char *>(data);
  while (size > 0) {
    const ssize_t done = write(file, at, size);
    if (done <= 0)
      return false;
    at += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

bool readAll(int file, void *data, size_t size) {
  char *at = static_cast<char *>(data);
  while (size > 0) {
    const ssize_t done = read(file, at, size);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

void send(int file, const std::string &text) {
  const uint64_t size = text.size();
  writeAll(file, &size, sizeof(size));
  writeAll(file, text.data(), size);
}

bool receive(int file, std::string &text) {
  uint64_t size = 0;
  if (!readAll(file, &size, sizeof(size)))
    return false;
  text.resize(size);
  return readAll(file, text.data(), size);
}

void send(int file, const FuzzOutcome &outcome) {
  const auto verdict = static_cast<int32_t>(outcome.verdict);
  writeAll(file, &verdict, sizeof(verdict));
  send(file, outcome.kind);
  send(file, outcome.text);
  const uint64_t count = outcome.counts.size();
  writeAll(file, &count, sizeof(count));
  for (const auto &[name, number] : outcome.counts) {
    send(file, name);
    writeAll(file, &number, sizeof(number));
  }
}

bool receive(int file, FuzzOutcome &outcome) {
  int32_t verdict = 0;
  uint64_t count = 0;
  if (!readAll(file, &verdict, sizeof(verdict)) ||
      !receive(file, outcome.kind) || !receive(file, outcome.text) ||
      !readAll(file, &count, sizeof(count)))
    return false;
  outcome.verdict = static_cast<FuzzVerdict>(verdict);
  for (; count > 0; --count) {
    std::string name;
    int64_t number = 0;
    if (!receive(file, name) || !readAll(file, &number, sizeof(number)))
      return false;
    outcome.counts[name] = number;
  }
  return true;
}

/// A process that judges some cases, and says what it prints on its end.
class Child {
public:
  Child(int64_t first, int64_t end,
        const std::function<FuzzOutcome(int64_t)> &judgeOne)
      : printed(memfd_create("printed", 0)) {
    int ends[2];
    if (printed < 0 || pipe(ends) != 0)
      return;
    process = fork();
    if (process == 0) {
      dup2(printed, STDERR_FILENO);
      for (int64_t i = first; i < end; ++i)
        send(ends[1], judgeOne(i));
      // Nothing of the parent's is flushed or destroyed here.
      _exit(0);
    }
    close(ends[1]);
    results = ends[0];
  }
  ~Child() {
    if (process > 0) {
      kill(process, SIGKILL);
      waitpid(process, nullptr, 0);
    }
    close(results);
    close(printed);
  }

  /// The next outcome; where the child is gone or took too long, that.
  FuzzOutcome next(int seconds) {
    FuzzOutcome outcome;
    pollfd waiting = {results, POLLIN, 0};
    const double start = cpuSeconds();
    int ready = 0;
    for (int passed = 0; ready <= 0; ++passed) {
      ready = poll(&waiting, 1, 1000);
      if (cpuSeconds() - start > seconds || passed > kPatience * seconds)
        break;
    }
    if (ready > 0 && receive(results, outcome))
      return outcome;
    outcome = {};
    outcome.verdict = FuzzVerdict::Failed;
    outcome.kind = ready > 0 ? howItEnded() : "too slow";
    outcome.text = outcome.kind + "\n" + lastPrinted();
    isGone = true;
    return outcome;
  }
  bool gone() const { return isGone; }

private:
  /// The time that the child has computed, however busy the machine is.
  double cpuSeconds() const {
    clockid_t clock;
    timespec time = {};
    if (process <= 0 || clock_getcpuclockid(process, &clock) != 0 ||
        clock_gettime(clock, &time) != 0)
      return 0;
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_nsec) * 1e-9;
  }

  std::string howItEnded() {
    int status = 0;
    if (process <= 0 || waitpid(process, &status, 0) != process)
      return "no process";
    process = -1;
    if (WIFSIGNALED(status))
      return fmt::format("signal {} ({})", WTERMSIG(status),
                         strsignal(WTERMSIG(status)));
    return fmt::format("exit {}", WEXITSTATUS(status));
  }

  std::string lastPrinted() const {
    const off_t size = lseek(printed, 0, SEEK_END);
    std::string text(std::clamp<off_t>(size, 0, 4000), '\0');
    const ssize_t got = pread(printed, text.data(), text.size(),
                              size - static_cast<off_t>(text.size()));
    text.resize(got > 0 ? got : 0);
    return text;
  }

  int printed, results = -1;
  pid_t process = -1;
  bool isGone = false;
};

} // namespace

void eqc::judgeApart(int64_t count,
                     const std::function<FuzzOutcome(int64_t)> &judgeOne,
                     const std::function<bool(int64_t, FuzzOutcome)> &take,
                     int seconds) {
  for (int64_t i = 0; i < count;) {
    const int64_t end = std::min(count, i + kCasesOfChild);
    Child child(i, end, judgeOne);
    while (i < end && !child.gone()) {
      FuzzOutcome outcome = child.next(seconds);
      if (!take(i++, std::move(outcome)))
        return;
    }
  }
}
