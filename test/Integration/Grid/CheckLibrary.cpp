//===- CheckLibrary.cpp - `eqc check` of a library that exists ------------===//
//
// CheckLibrary FILE.eq LIBRARY PLAN: holds every layer of the file in the given
// shared library against the oracle, as `eqc check` does, and wants each to say
// that it was compiled by the plan (`auto`: any). Prints what failed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Frontend/Frontend.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>

using namespace eqc;

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s FILE.eq LIBRARY PLAN\n", argv[0]);
    return 2;
  }
  auto buffer = llvm::MemoryBuffer::getFile(argv[1]);
  if (!buffer) {
    fprintf(stderr, "cannot read %s\n", argv[1]);
    return 2;
  }
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  unsigned id = sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  FrontendResult source = parseLayers(sources, id, argv[1], {}, diags);
  diags.print(llvm::errs());
  if (source.status != 0)
    return source.status;

  std::string error;
  std::optional<LoadedLibrary> library = LoadedLibrary::open(argv[2], error);
  if (!library) {
    fprintf(stderr, "%s\n", error.c_str());
    return 2;
  }
  const std::string plan = argv[3];
  int failures = 0, unchecked = 0;
  for (const LayerSpec &layer : source.layers) {
    CheckReport report = checkLibrary(layer, *library);
    const std::string actual = library->planName(layer);
    const bool planned = plan == "auto" || actual == plan;
    unchecked += !report.checked();
    if (report.passed() && planned)
      continue;
    ++failures;
    printf("%s", renderReport(report).c_str());
    if (!planned)
      printf("  compiled by the plan '%s', not '%s'\n", actual.c_str(),
             plan.c_str());
  }
  printf("%zu layers, %d wrong, %d too large to be checked\n",
         source.layers.size(), failures, unchecked);
  return failures != 0;
}
