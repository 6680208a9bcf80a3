//===- eqc-fuzz.cpp - Random programs against the definition --------------===//

#include "compiler/Fuzz/Search.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Plan/PlanKind.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>

using namespace eqc;
namespace cl = llvm::cl;

static cl::OptionCategory category("Options of eqc-fuzz");
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::cat(category),
                              cl::desc("The first program (default 1)"));
static cl::opt<int64_t>
    count("count", cl::init(-1), cl::cat(category),
          cl::desc("How many programs (default 100, or as time allows)"));
static cl::opt<double> seconds("seconds", cl::init(0), cl::cat(category),
                               cl::desc("When to end, at the latest"));
static cl::opt<std::string>
    groups("groups", cl::cat(category),
           cl::desc("Groups to choose from: \"S;O;SO(p,q)\"; default: all"));
static cl::list<std::string>
    plans("plans", cl::CommaSeparated, cl::cat(category),
          cl::desc("Plans to choose from; default: all"));
static cl::opt<std::string>
    target("target", cl::cat(category),
           cl::desc("A kind of device, whose kernels are run on one or by an "
                    "interpreter"));
static cl::opt<bool> noShrink("no-shrink", cl::cat(category),
                              cl::desc("Print failures as they were found"));
static cl::opt<bool> print("print", cl::cat(category),
                           cl::desc("Print the programs and do nothing else"));
static cl::opt<std::string>
    replayed("replay", cl::cat(category), cl::value_desc("file"),
             cl::desc("Judge one program, as this tool prints them"));

static int fail(const std::string &message) {
  llvm::errs() << "eqc-fuzz: error: " << message << "\n";
  return 2;
}

static int replayFile() {
  auto buffer = llvm::MemoryBuffer::getFile(replayed);
  if (!buffer)
    return fail("cannot read '" + replayed + "'");
  const std::string text = (*buffer)->getBuffer().str();
  FuzzSettings settings;
  std::string error;
  if (!readSettings(text, settings, error))
    return fail("'" + replayed + "': " + error);
  const FuzzOutcome outcome = replay(text, settings);
  switch (outcome.verdict) {
  case FuzzVerdict::Passed:
    llvm::outs() << replayed << ": passed\n";
    return 0;
  case FuzzVerdict::Refused:
    llvm::outs() << replayed << ": refused: " << outcome.text << "\n";
    return 0;
  case FuzzVerdict::Failed:
    llvm::outs() << "FAILED: " << outcome.kind << ": " << replayed << "\n"
                 << outcome.text;
    return 1;
  }
  return 1;
}

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "Compiles random programs, calls what they export, and holds it against "
      "the definition. Exits with 1 where something failed.\n");
  if (!replayed.empty())
    return replayFile();
  SearchOptions options;
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(groups).split(names, ';', -1, /*KeepEmpty=*/false);
  const std::vector<std::string> &known = fuzzedGroups();
  for (llvm::StringRef name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return fail("unknown group '" + name.str() + "'");
    options.generate.groups.push_back(name.str());
  }
  for (const std::string &plan : plans)
    if (!findPlan(plan))
      return fail("unknown plan '" + plan + "'");
  if (!target.empty() && !kernelTargetOf(target).device())
    return fail("unknown kind of device '" + target + "'");
  options.generate.plans.assign(plans.begin(), plans.end());
  options.generate.target = target;
  options.seed = seed;
  options.count = count >= 0 ? count : seconds > 0 ? int64_t(1) << 40 : 100;
  options.seconds = seconds;
  options.shrinks = !noShrink;
  if (print) {
    for (int64_t i = 0; i < options.count; ++i)
      llvm::outs() << generate(options.seed + i, options.generate).text()
                   << "\n";
    return 0;
  }
  const SearchResult result = searchPrograms(options, llvm::outs());
  llvm::outs() << summaryOf(options, result);
  return result.failures > 0 ? 1 : 0;
}
