//===- Input.cpp - Reading a source ---------------------------------------===//

#include "compiler/Driver/Input.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace eqc;
using llvm::StringRef;

bool eqc::isStdin(StringRef path) {
  return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0" ||
         path == "/proc/self/fd/0";
}

std::string eqc::displayName(StringRef path) {
  return isStdin(path) ? "<stdin>" : path.str();
}

std::unique_ptr<llvm::MemoryBuffer>
eqc::readInput(StringRef path, uint64_t limit, std::string &error) {
  int fd = 0;
  if (!isStdin(path)) {
    do
      fd = open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) {
      error = strerror(errno);
      return nullptr;
    }
  }

  std::string bytes;
  char chunk[1 << 12];
  while (bytes.size() <= limit) {
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      error = strerror(errno);
    if (got <= 0)
      break;
    bytes.append(chunk, got);
  }
  if (fd != 0)
    close(fd);
  if (!error.empty())
    return nullptr;
  return llvm::MemoryBuffer::getMemBufferCopy(bytes, displayName(path));
}
