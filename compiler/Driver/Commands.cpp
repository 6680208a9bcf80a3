//===- Commands.cpp - What the commands share -----------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Driver/CrashReport.h"
#include "compiler/Driver/Input.h"
#include "compiler/Tune/InMemory.h"
#include "compiler/Tune/RatesFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace eqc;
using llvm::StringRef;

int eqc::report(const Failure &failure) {
  if (!failure.quiet)
    llvm::errs() << "eqc: "
                 << (failure.status == StatusInternal ? "internal error: "
                                                      : "error: ")
                 << failure.message << "\n";
  if (failure.status == StatusInternal)
    keepForReport();
  return failure.status;
}

void eqc::printDiagnostics(const Options &options,
                           const DiagnosticEngine &diags) {
  // One write: several runs may share a terminal.
  std::string text;
  llvm::raw_string_ostream os(text);
  if (options.json)
    diags.printJson(os);
  else
    diags.print(os);
  llvm::errs() << text;
}

std::unique_ptr<llvm::MemoryBuffer> eqc::readFile(StringRef path,
                                                  uint64_t limit) {
  std::string problem;
  std::unique_ptr<llvm::MemoryBuffer> buffer = readInput(path, limit, problem);
  if (!buffer)
    report({StatusFile, "cannot read '" + printable(path) + "': " + problem});
  return buffer;
}

static int checkRates(const Options &options, const llvm::MemoryBuffer &text,
                      std::vector<CostTarget> &rates) {
  DiagnosticEngine diags;
  diags.setSource(text.getBuffer(), text.getBufferIdentifier());
  parseRates(diags, costTarget(options.compile).machine, rates);
  printDiagnostics(options, diags);
  return diags.status();
}

/// No file of rates is as large.
static constexpr uint64_t maxRatesBytes = 1 << 20;

int eqc::loadRates(const Options &options, std::vector<CostTarget> &rates) {
  if (!options.rates)
    return StatusDone;
  std::unique_ptr<llvm::MemoryBuffer> text =
      readFile(*options.rates, maxRatesBytes);
  return text ? checkRates(options, *text, rates) : StatusFile;
}

int eqc::loadSource(const Options &options, Source &source) {
  // What cannot be read comes before what is wrong in what was read.
  std::unique_ptr<llvm::MemoryBuffer> text =
      readFile(options.input, options.frontend.maxSourceBytes);
  std::unique_ptr<llvm::MemoryBuffer> ratesText;
  if (options.rates)
    ratesText = readFile(*options.rates, maxRatesBytes);
  if (!text || (options.rates && !ratesText))
    return StatusFile;
  int status =
      parseSource(options, std::move(text), displayName(options.input), source);
  if (ratesText)
    if (int wrong = checkRates(options, *ratesText, source.compile.rates))
      status = wrong;
  return status;
}

int eqc::parseSource(const Options &options,
                     std::unique_ptr<llvm::MemoryBuffer> text, StringRef name,
                     Source &source) {
  mlir::TimingScope time = source.watch.step("front end");
  setCrashSource(text->getBuffer(), isStdin(options.input));
  unsigned id =
      source.buffers.AddNewSourceBuffer(std::move(text), llvm::SMLoc());
  FrontendOptions frontend = options.frontend;
  if (!isStdin(options.input))
    frontend.folder = llvm::sys::path::parent_path(options.input).str();
  frontend.filesRead = &source.filesRead;
  FrontendResult result =
      parseLayers(source.buffers, id, name, frontend, source.diags);
  source.layers = std::move(result.layers);
  source.networks = std::move(result.networks);
  source.compile = options.compile;
  source.compile.built = &source.built;
  source.compile.recorder = &crashRecorder();
  source.watch.follow(source.compile);
  source.watch.rest();
  printDiagnostics(options, source.diags);
  return result.status;
}

void eqc::noteLayersWithoutRagged(const Source &source) {
  for (auto [i, layer] : llvm::enumerate(source.layers)) {
    if (!source.compile.ragged || !layer.dynamicN() ||
        hasRagged(source.layers, source.compile, i))
      continue;
    const SourcePosition &at = layer.position;
    llvm::errs() << printable(at.file) << ":" << at.line << ":" << at.column
                 << ": note: layer '" << layer.name
                 << "' has no functions for ragged batches"
                 << (layer.group.isProduct()
                         ? ": its axes are of several spaces; a network of it "
                           "has them\n"
                         : " under this plan; '--plan=shared' and "
                           "'--plan=factored' have them\n");
  }
}

int eqc::reportCompileFailure(const Options &options, Source &source,
                              const CompileFailure &failure) {
  const DiagnosticInfo *info = lookupDiagnostic(failure.id);
  const SourcePosition *at =
      failure.status == StatusInternal
          ? nullptr
          : positionOf(failure, source.layers, source.networks);
  if (at && info) {
    source.diags.error(info->id, *at, failure.message);
    printDiagnostics(options, source.diags);
    return failure.status;
  }
  std::string message = printable(failure.message);
  if (at) {
    llvm::errs() << printable(at->file) << ":" << at->line << ":" << at->column
                 << ": error: " << message << "\n";
    return failure.status;
  }
  return report({failure.status, message});
}

int eqc::compileSource(const Options &options, Source &source, CodeKind kind,
                       llvm::SmallVectorImpl<char> &code,
                       std::vector<int64_t> *packedSizes) {
  CompileFailure failure;
  CompileOptions compile = source.compile;
  compile.networks = source.networks;
  const bool done =
      compileLayers(source.layers, compile, kind, code, failure, packedSizes);
  source.watch.rest();
  const Failure saved = source.watch.saveTexts();
  if (saved)
    report(saved);
  if (done)
    return saved.status;
  code.clear();
  return reportCompileFailure(options, source, failure);
}

int eqc::loadCompiled(const Options &options, Source &source,
                      std::optional<LoadedLibrary> &library) {
  CompileFailure failure;
  CompileOptions compile = source.compile;
  compile.networks = source.networks;
  library = compileInMemory(source.layers, compile, failure);
  source.watch.rest();
  return library ? StatusDone : reportCompileFailure(options, source, failure);
}

int eqc::findPackedSizes(const Options &options, Source &source,
                         std::vector<int64_t> &sizes) {
  CompileFailure failure;
  if (packedSizes(source.layers, source.compile, sizes, failure))
    return StatusDone;
  return reportCompileFailure(options, source, failure);
}
