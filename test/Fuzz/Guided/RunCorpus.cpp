//===- RunCorpus.cpp - A fuzz target on files that are there --------------===//
//
// For builds without libFuzzer: each argument is a file, or a folder of files,
// that is read once.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Target.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <string>

static bool runFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return false;
  }
  // What a crash is about.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(
      reinterpret_cast<const uint8_t *>((*buffer)->getBufferStart()),
      (*buffer)->getBufferSize());
  return true;
}

int main(int argc, char **argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    if (!llvm::sys::fs::is_directory(argv[i])) {
      if (!runFile(argv[i]))
        return 2;
      ++files;
      continue;
    }
    std::error_code error;
    for (llvm::sys::fs::recursive_directory_iterator at(argv[i], error), end;
         at != end && !error; at.increment(error))
      if (!llvm::sys::fs::is_directory(at->path())) {
        if (!runFile(at->path()))
          return 2;
        ++files;
      }
  }
  std::printf("%d files\n", files);
  return files > 0 ? 0 : 2;
}
