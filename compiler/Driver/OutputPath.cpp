//===- OutputPath.cpp - What a path to write to really is -----------------===//

#include "compiler/Driver/OutputPath.h"

#include "compiler/Driver/Process.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace eqc;
using llvm::StringRef;

bool Place::sameAs(const Place &other) const {
  if (kind == Kind::Stream && other.kind == Kind::Stream && fd == other.fd)
    return true;
  if (!known || !other.known || device != other.device || inode != other.inode)
    return false;
  if (kind == Kind::Stream || other.kind == Kind::Stream)
    return regularInode && other.regularInode;
  if (exists != other.exists)
    return false;
  // Two paths that do not exist yet: the same name in the same directory.
  return exists || name == other.name;
}

/// The descriptor that a path such as /dev/stdout stands for, or -1.
static int descriptorOf(StringRef path) {
  if (path == "-" || path == "/dev/stdout")
    return 1;
  if (path == "/dev/stdin")
    return 0;
  if (path == "/dev/stderr")
    return 2;
  int fd = -1;
  if (path.consume_front("/dev/fd/") || path.consume_front("/proc/self/fd/"))
    if (!path.getAsInteger(10, fd) && fd >= 0)
      return fd;
  return -1;
}

static void identify(const struct stat &status, Place &place) {
  place.known = true;
  place.device = status.st_dev;
  place.inode = status.st_ino;
}

static std::string resolveStream(int fd, Place &place) {
  place.kind = Place::Kind::Stream;
  place.fd = fd;
  struct stat status;
  if ((fd == 1 && !stdoutWasOpen()) || fstat(fd, &status) != 0)
    return strerror(EBADF);
  place.exists = true;
  place.regularInode = S_ISREG(status.st_mode);
  identify(status, place);
  return "";
}

static void splitTarget(Place &place) {
  StringRef path = place.target;
  size_t slash = path.rfind('/');
  place.name = path.substr(slash == StringRef::npos ? 0 : slash + 1).str();
  place.directory = slash == StringRef::npos ? "."
                    : slash == 0             ? "/"
                                             : path.substr(0, slash).str();
}

/// Fills in what the file system knows; links have been followed.
static std::string inspect(Place &place) {
  splitTarget(place);
  struct stat status;
  if (stat(place.target.c_str(), &status) == 0) {
    place.exists = true;
    place.mode = status.st_mode;
    place.user = status.st_uid;
    place.group = status.st_gid;
    place.regularInode = S_ISREG(status.st_mode);
    if (!place.regularInode)
      place.kind = Place::Kind::Special;
    identify(status, place);
    return "";
  }
  int problem = errno;
  if (problem == ENOENT && stat(place.directory.c_str(), &status) == 0) {
    identify(status, place);
    return "";
  }
  return strerror(problem);
}

/// Replaces a link by what it points to, as often as needed.
static std::string followLinks(StringRef path, Place &place) {
  place.target = path.str();
  for (int steps = 0; steps < 40; ++steps) {
    int fd = descriptorOf(place.target);
    if (fd >= 0)
      return resolveStream(fd, place);
    char link[PATH_MAX];
    ssize_t length = readlink(place.target.c_str(), link, sizeof link);
    if (length < 0)
      return inspect(place);
    std::string next(link, length);
    if (next.empty() || next[0] != '/') {
      splitTarget(place);
      next = place.directory + "/" + next;
    }
    place.target = next;
  }
  return strerror(ELOOP);
}

std::string eqc::resolveOutput(StringRef path, Place &place) {
  std::string problem = followLinks(path, place);
  if (!problem.empty() || place.kind == Place::Kind::Stream)
    return problem;
  if (place.name.empty() || (place.exists && S_ISDIR(place.mode)))
    return strerror(EISDIR);
  if (place.exists && S_ISSOCK(place.mode))
    return "is a socket";
  if (place.exists && access(place.target.c_str(), W_OK) != 0)
    return strerror(errno);
  if (place.kind == Place::Kind::Regular &&
      access(place.directory.c_str(), W_OK | X_OK) != 0)
    return "cannot create files in '" + place.directory +
           "': " + strerror(errno);
  return "";
}

Place eqc::resolveInput(StringRef path) {
  Place place;
  if (path == "-")
    resolveStream(0, place);
  else
    followLinks(path, place);
  return place;
}
