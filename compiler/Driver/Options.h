//===- Options.h - What the user asked for ----------------------*- C++ -*-===//
//
// The command line, parsed and checked.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_OPTIONS_H
#define EQC_DRIVER_OPTIONS_H

#include "compiler/Bench/BenchOptions.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Pipelines/Compile.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace eqc {

enum class Command {
  Compile,
  Explain,
  Check,
  Draw,
  Bench,
  Verify,
  Format,
  Completion,
  Man
};

/// What `compile` writes.
enum class EmitKind {
  Obj,
  Asm,
  LLVM,
  MLIR,
  Loops,
  Linalg,
  Stages,
  Eq,
  Shared,
  Header,
  Device ///< the text of its code
};

struct Options {
  Command command = Command::Compile;
  std::string input;                 ///< as written; "-" is standard input
  std::vector<std::string> inputs;   ///< of `eqc fmt`, which takes several
  bool formatCheck = false;          ///< `eqc fmt --check`
  std::optional<std::string> output; ///< as written; "-" is standard output
  std::optional<std::string> header;
  std::optional<std::string> fortran; ///< where a Fortran module goes
  std::optional<std::string> depfile; ///< where it goes what was read
  EmitKind emit = EmitKind::Obj;
  CompileOptions compile;
  FrontendOptions frontend;
  bool json = false;
  /// `eqc explain --json`
  bool explainJson = false;
  /// `eqc draw --plan` and `--pages`
  bool drawPlan = false, drawPages = false;
  /// `--time`, `--progress`, `--save-ir`: see Watch.h.
  bool time = false, progress = false;
  std::optional<std::string> saveIr;
  uint64_t seed = 1;
  BenchOptions bench;
  /// Where `eqc bench` writes its results as JSON too; "-" is standard output.
  std::optional<std::string> benchJson;
  /// `eqc bench --suite[=NAMES]`: the workloads to run, none to list them.
  std::optional<std::vector<std::string>> suite;
  /// `eqc bench --calibrate`
  bool calibrate = false;
  /// Plans and tiles are chosen by measuring, at `bench.batch` if that is
  /// given.
  bool tune = false;
  /// The file of rates that the cost model uses; "-" is standard input.
  std::optional<std::string> rates;
  /// Seconds that a run may take, or in `verify` each self-test.
  std::optional<double> timeLimit;
  /// `eqc explain E0012`: the code asked about; empty otherwise.
  std::string diagnosticCode;
};

/// The command line asks for no work: help, a version, or it was wrong.
struct EarlyExit {
  int status = 0;
  std::string out; ///< for standard output
  std::string err; ///< for standard error
};

/// Parses the arguments, the program's name not among them.
std::variant<Options, EarlyExit>
parseCommandLine(llvm::ArrayRef<const char *> args);

} // namespace eqc

#endif // EQC_DRIVER_OPTIONS_H
