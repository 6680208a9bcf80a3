//===- Files.cpp - Any bytes as a file that a source names ----------------===//
//
// The first byte says whether the file holds permutations or a graph, and of
// what layer they are the group. It is read as a source is: layers or errors,
// which say a place in the file and stand where the source names it. What was
// read is the same as when the source spells it out.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Read.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <iterator>

using namespace eqc;
using namespace eqc::test;

namespace {

/// A folder of this process with one file.
class Folder {
public:
  Folder() {
    require(!llvm::sys::fs::createUniqueDirectory("eqc-fuzz-files", path),
            "there is a folder for temporary files");
  }
  ~Folder() { llvm::sys::fs::remove_directories(path); }
  llvm::StringRef name() const { return path; }
  void write(llvm::StringRef text) {
    llvm::SmallString<128> file(path);
    llvm::sys::path::append(file, "f");
    std::error_code error;
    llvm::raw_fd_ostream os(file, error);
    os << text;
    os.close();
    require(!error && !os.has_error(), "the file is written");
  }

private:
  llvm::SmallString<128> path;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  static Folder folder;
  folder.write(
      llvm::StringRef(reinterpret_cast<const char *>(data) + 1, size - 1));
  const bool isGraph = data[0] & 1;
  const std::string family = isGraph ? "Graph" : "Perm";
  static const char *const kinds[] = {
      "k = 1; l = 1",
      "k = 2; l = 0; bias = true",
      "k = 1; l = 2; weights = orbits",
      "k = 1 * 1; l = 1; channels = 2",
      "k = 1; l = 1; diagrams = [\"o1=a i1=b : a-b\"]",
  };
  const std::string source = "layer f { group = " + family + "(file \"f\"); " +
                             kinds[(data[0] >> 1) % std::size(kinds)] + " }";
  Parsed run(source, folder.name());
  requireReadRight(run, source.size());
  const size_t named = source.find("file");
  for (const Diagnostic *error : run.diags.sorted())
    if (error->id == DiagId::BadPermutations)
      require(error->range.begin == named &&
                  llvm::StringRef(error->message).starts_with("f:"),
              "errors in a file have its place");
  return 0;
}
