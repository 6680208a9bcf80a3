//===- Outputs.cpp - All outputs of a run, or none ------------------------===//
//
// Files are written under another name in their own directory, flushed, and
// then renamed. Before a rename that replaces a file, the file gets a second
// name, from which it comes back if a later rename fails.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Outputs.h"

#include "compiler/Driver/CrashReport.h"

#include "compiler/Frontend/SourceText.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace eqc;
using llvm::StringRef;

static Failure cannotWrite(StringRef path, StringRef why) {
  std::string shown =
      path == "-" ? "standard output" : "'" + printable(path) + "'";
  return {StatusFile, "cannot write " + shown + ": " + printable(why)};
}

/// 0 or an errno.
static int writeAll(int fd, StringRef bytes) {
  while (!bytes.empty()) {
    ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written == 0 ? ENOSPC : errno;
    bytes = bytes.drop_front(written);
  }
  return 0;
}

Failure eqc::writeStdout(StringRef text) {
  int problem = stdoutWasOpen() ? writeAll(1, text) : EBADF;
  if (!problem)
    return {};
  Failure failure = cannotWrite("-", strerror(problem));
  failure.quiet = problem == EPIPE;
  return failure;
}

size_t Outputs::add(StringRef path, unsigned mode) {
  Output output;
  output.path = path.str();
  output.mode = mode;
  output.problem = resolveOutput(path, output.place);
  outputs.push_back(std::move(output));
  return outputs.size() - 1;
}

bool Outputs::isRegular(size_t index) const {
  return outputs[index].place.kind == Place::Kind::Regular;
}

Failure Outputs::check(StringRef inputPath) const {
  Place input = resolveInput(inputPath);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].place.sameAs(input))
      return {StatusUsage, "the output '" + printable(outputs[i].path) +
                               "' is the input; name another with -o or "
                               "--header"};
    for (size_t j = 0; j < i; ++j)
      if (outputs[i].place.sameAs(outputs[j].place))
        return {StatusUsage, "two outputs in one place: '" +
                                 printable(outputs[j].path) + "' and '" +
                                 printable(outputs[i].path) + "'"};
  }
  for (const Output &output : outputs)
    if (!output.problem.empty())
      return cannotWrite(output.path, output.problem);
  return {};
}

void Outputs::setContents(size_t index, StringRef bytes) {
  outputs[index].contents = bytes.str();
}

/// A name that nothing has, beside the target. Short, since the target's own
/// name may have all the length there is. Needs no memory where `name` has
/// room.
static void makeFreshName(const Place &place, unsigned attempt,
                          std::string &name) {
  name.assign(place.directory);
  name += "/.eqc-";
  name += std::to_string(getpid());
  name += '-';
  name += std::to_string(attempt);
}
/// Beside the directory's: a few digits.
static constexpr size_t kFreshLength = 32;
static constexpr unsigned maxAttempts = 10000;

Failure Outputs::writeTemporary(Output &output) {
  const Place &place = output.place;
  // From the first rename to the last nothing may need memory.
  output.backup.reserve(place.directory.size() + kFreshLength);
  int fd = -1;
  {
    InterruptsHeld held;
    for (unsigned attempt = 0; fd < 0 && attempt < maxAttempts; ++attempt) {
      std::string name;
      makeFreshName(place, attempt, name);
      Temporary::Path kept = Temporary::keep(name);
      fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                place.exists ? 0600 : output.mode);
      if (fd < 0 && errno != EEXIST && errno != EINTR)
        break;
      if (fd >= 0) {
        output.temporary = std::move(name);
        output.temporaryGuard = Temporary(std::move(kept));
      }
    }
  }
  if (fd < 0)
    return cannotWrite(output.path, strerror(errno));

  int problem = writeAll(fd, output.contents);
  if (!problem && place.exists) {
    // The owner may only be changed by root; then mode bits go last.
    if (fchown(fd, place.user, place.group) != 0)
      problem = 0;
    if (fchmod(fd, place.mode & 0777) != 0)
      problem = errno;
  }
  // Not every file system can flush; one that fails to says so otherwise.
  if (!problem && fsync(fd) != 0 && errno != EINVAL && errno != ENOSYS)
    problem = errno;
  if (close(fd) != 0 && !problem && errno != EINTR)
    problem = errno;
  return problem ? cannotWrite(output.path, strerror(problem)) : Failure();
}

Failure Outputs::writeInPlace(Output &output) {
  if (output.place.kind == Place::Kind::Stream && output.place.fd == 1) {
    Failure failure = writeStdout(output.contents);
    return failure;
  }
  int fd = output.place.fd;
  if (output.place.kind == Place::Kind::Special) {
    do
      fd = open(output.place.target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
      return cannotWrite(output.path, strerror(errno));
  }
  int problem = writeAll(fd, output.contents);
  if (output.place.kind == Place::Kind::Special && close(fd) != 0 && !problem &&
      errno != EINTR)
    problem = errno;
  if (!problem)
    return {};
  Failure failure = cannotWrite(output.path, strerror(problem));
  failure.quiet = problem == EPIPE;
  return failure;
}

/// Gives an existing target a second name to come back from.
static int makeBackup(const Place &place, std::string &backup) {
  int problem = EEXIST;
  for (unsigned attempt = 0; attempt < maxAttempts; ++attempt) {
    makeFreshName(place, attempt, backup);
    if (link(place.target.c_str(), backup.c_str()) == 0)
      return 0;
    if (errno == EEXIST)
      continue;
    if (errno == ENOENT) {
      problem = 0; // somebody removed it; nothing to bring back
      break;
    }
    // No hard links here: move it aside instead.
    struct stat status;
    if (lstat(backup.c_str(), &status) == 0)
      continue;
    if (rename(place.target.c_str(), backup.c_str()) == 0)
      return 0;
    problem = errno;
    break;
  }
  backup.clear();
  return problem;
}

Failure Outputs::moveIntoPlace(Output &output, bool last) {
  // Nothing can fail after the last one.
  if (!last) {
    if (int problem = makeBackup(output.place, output.backup))
      return cannotWrite(output.path, strerror(problem));
  }
  if (rename(output.temporary.c_str(), output.place.target.c_str()) != 0)
    return cannotWrite(output.path, strerror(errno));
  output.temporary.clear();
  output.temporaryGuard.release();
  output.renamed = true;
  return {};
}

void Outputs::undo() {
  for (Output &output : outputs) {
    if (!output.backup.empty())
      rename(output.backup.c_str(), output.place.target.c_str());
    else if (output.renamed)
      unlink(output.place.target.c_str());
    // After a rename onto another name of the same file both names remain.
    if (!output.backup.empty())
      unlink(output.backup.c_str());
    if (!output.temporary.empty())
      unlink(output.temporary.c_str());
    output.backup.clear();
    output.temporary.clear();
    output.temporaryGuard.release();
  }
}

Failure Outputs::commit() {
  // A run that only looks for where it crashes changes nothing.
  if (isCrashReport())
    return {StatusInternal, "it did not crash again", /*quiet=*/true};
  Failure failure;
  for (Output &output : outputs)
    if (!failure && output.place.kind == Place::Kind::Regular)
      failure = writeTemporary(output);
  // Devices and streams next: they may fail, and cannot be taken back.
  for (Output &output : outputs)
    if (!failure && output.place.kind != Place::Kind::Regular)
      failure = writeInPlace(output);

  InterruptsHeld held;
  for (Output &output : outputs)
    if (!failure && output.place.kind == Place::Kind::Regular)
      failure = moveIntoPlace(output, &output == &outputs.back());
  if (failure) {
    undo();
    return failure;
  }
  for (Output &output : outputs)
    if (!output.backup.empty())
      unlink(output.backup.c_str());
  return {};
}
