//===- CompileCapped.cpp - Objects as tuning may choose them --------------===//
//
// CompileCapped FILE.eq OBJECT PLAN CPU LEVEL: compiles the layers of the file,
// with gradients, by the plan for one CPU, optimized so much; the first with
// the second of the caps on registers that tuning tries, the next with the
// third, and so on in turns. How long anything takes on this machine has no say
// in it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Frontend.h"
#include "compiler/Tune/TuneLayer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace eqc;

static int fail(const std::string &message) {
  llvm::errs() << message << "\n";
  return 2;
}

int main(int argc, char **argv) {
  if (argc != 6)
    return fail("usage: CompileCapped FILE.eq OBJECT PLAN CPU LEVEL");
  auto buffer = llvm::MemoryBuffer::getFile(argv[1]);
  if (!buffer)
    return fail(std::string("cannot read ") + argv[1]);
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  unsigned id = sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  FrontendResult source = parseLayers(sources, id, argv[1], {}, diags);
  diags.print(llvm::errs());
  if (source.status != 0)
    return source.status;

  CompileOptions options;
  options.cpus = {argv[4]};
  options.optLevel = std::atoi(argv[5]);
  const PlanKind plan = findPlan(argv[3]).value_or(PlanKind::Auto);
  if (plan == PlanKind::Auto)
    return fail(std::string("no plan of its own: ") + argv[3]);
  std::vector<CpuVariant> variants;
  std::string error;
  if (!resolveCpus("", options.cpus, variants, error))
    return fail(error);
  const std::vector<int64_t> caps = registerCaps(variants.front().machine);
  for (size_t i = 0; i < source.layers.size(); ++i)
    options.tuning.push_back({plan, caps[1 + i % (caps.size() - 1)]});

  llvm::SmallVector<char> object;
  CompileFailure failure;
  if (!compileLayers(source.layers, options, CodeKind::Object, object, failure))
    return fail(failure.message);
  std::error_code code;
  llvm::raw_fd_ostream out(argv[2], code);
  out.write(object.data(), object.size());
  return out.has_error() ? fail(std::string("cannot write ") + argv[2]) : 0;
}
