//===- Driver.cpp - What `eqc` does, as a library -------------------------===//

#include "compiler/Driver/Driver.h"

#include "compiler/Driver/Commands.h"
#include "compiler/Driver/CrashReport.h"
#include "compiler/Driver/Process.h"

#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/raw_ostream.h"

using namespace eqc;

static int runCommand(const Options &options) {
  switch (options.command) {
  case Command::Compile:
    return runCompile(options);
  case Command::Explain:
    return runExplain(options);
  case Command::Check:
    return runCheck(options);
  case Command::Draw:
    return runDraw(options);
  case Command::Bench:
    return runBench(options);
  case Command::Verify:
    return runVerify(options);
  case Command::Format:
    return runFormat(options);
  case Command::Completion:
  case Command::Man:
    return runWords(options);
  }
  return StatusInternal;
}

int eqc::runDriver(int argc, char **argv) {
  setUpProcess(argc > 0 ? argv[0] : "eqc");
  llvm::PrettyStackTraceProgram where(argc, argv);
  auto parsed = parseCommandLine(
      llvm::ArrayRef<const char *>(argv, argc).drop_front(argc > 0));
  if (auto *options = std::get_if<Options>(&parsed)) {
    // Self-tests have limits of their own.
    if (options->timeLimit && options->command != Command::Verify)
      limitTime(*options->timeLimit);
    // Verify runs code that may crash in children of its own.
    if (options->command != Command::Verify)
      setCrashCommand(argc, argv);
    return runCommand(*options);
  }
  const EarlyExit &exit = std::get<EarlyExit>(parsed);
  llvm::errs() << exit.err;
  if (!exit.out.empty())
    if (Failure failure = writeStdout(exit.out))
      return report(failure);
  return exit.status;
}
