//===- Commands.h - What each command does ----------------------*- C++ -*-===//

#ifndef EQC_DRIVER_COMMANDS_H
#define EQC_DRIVER_COMMANDS_H

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Driver/Options.h"
#include "compiler/Driver/Outputs.h"
#include "compiler/Driver/Watch.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <memory>
#include <optional>
#include <vector>

namespace eqc {

/// Prints `eqc: error: MESSAGE` and returns the status.
int report(const Failure &failure);

void printDiagnostics(const Options &options, const DiagnosticEngine &diags);

/// The contents of a file of at most about `limit` bytes, or null and a
/// reported failure.
std::unique_ptr<llvm::MemoryBuffer> readFile(llvm::StringRef path,
                                             uint64_t limit);

/// A source that was read, its layers and how they are compiled.
struct Source {
  explicit Source(const Options &options) : watch(options) {}

  llvm::SourceMgr buffers; ///< holds the text that `diags` points into
  DiagnosticEngine diags;
  std::vector<LayerSpec> layers;
  std::vector<NetworkSpec> networks;
  std::vector<std::string> filesRead; ///< that the source names
  BuiltPlans built; ///< of the layers, for all that a command does with them
  CompileOptions compile;
  Watch watch; ///< sees what is done with it
};

/// Reads and checks the input and the rates; errors have been printed. Returns
/// the status.
int loadSource(const Options &options, Source &source);

/// The rates of `--rates`, if any. Returns the status.
int loadRates(const Options &options, std::vector<CostTarget> &rates);

/// Checks a text that is there already; `name` is how messages name it.
int parseSource(const Options &options,
                std::unique_ptr<llvm::MemoryBuffer> text, llvm::StringRef name,
                Source &source);

/// What `--tune` asks for, if it was given: measures every layer, or finds what
/// was measured before, and sets how the source is compiled. Each layer's
/// measurements are added to `reports`, where that is not null. Returns the
/// status; errors have been printed.
int tuneSource(const Options &options, Source &source,
               std::vector<std::string> *reports = nullptr);

/// Says which layers got no functions for ragged batches though these were
/// asked for, and why.
void noteLayersWithoutRagged(const Source &source);

/// Reports a failure of the compiler, located where it is about a layer; the
/// exit status.
int reportCompileFailure(const Options &options, Source &source,
                         const CompileFailure &failure);

/// Compiles the source's layers; errors have been printed. Returns the status.
/// `packedSizes` as of compileLayers.
int compileSource(const Options &options, Source &source, CodeKind kind,
                  llvm::SmallVectorImpl<char> &code,
                  std::vector<int64_t> *packedSizes = nullptr);

/// Compiles the source's layers and loads them into this process. Returns the
/// status; errors have been printed.
int loadCompiled(const Options &options, Source &source,
                 std::optional<LoadedLibrary> &library);

/// NAME_PACKED_SIZE of every layer, or the exit status of a reported failure.
int findPackedSizes(const Options &options, Source &source,
                    std::vector<int64_t> &sizes);

int runCompile(const Options &options);
int runExplain(const Options &options);
int runCheck(const Options &options);
int runDraw(const Options &options);
int runBench(const Options &options);
int runCalibrate(const Options &options);
int runVerify(const Options &options);
int runFormat(const Options &options);
/// `completion` and `man`, which print what is made from the tables of options.
int runWords(const Options &options);

} // namespace eqc

#endif // EQC_DRIVER_COMMANDS_H
