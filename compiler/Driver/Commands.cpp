//===- Commands.cpp - What the commands share -----------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Driver/Input.h"
#include "compiler/Library/LoadedObject.h"

#include "llvm/Support/raw_ostream.h"

using namespace eqc;
using llvm::StringRef;

int eqc::report(const Failure &failure) {
  if (!failure.quiet)
    llvm::errs() << "eqc: "
                 << (failure.status == StatusInternal ? "internal error: "
                                                      : "error: ")
                 << failure.message << "\n";
  return failure.status;
}

static void printDiagnostics(const Options &options, const Source &source) {
  // One write: several runs may share a terminal.
  std::string text;
  llvm::raw_string_ostream os(text);
  if (options.json)
    source.diags.printJson(os);
  else
    source.diags.print(os);
  llvm::errs() << text;
}

int eqc::loadSource(const Options &options, Source &source) {
  std::string problem;
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      readInput(options.input, options.frontend.maxSourceBytes, problem);
  if (!buffer)
    return report({StatusFile, "cannot read '" + printable(options.input) +
                                   "': " + problem});
  return parseSource(options, std::move(buffer), displayName(options.input),
                     source);
}

int eqc::parseSource(const Options &options,
                     std::unique_ptr<llvm::MemoryBuffer> text, StringRef name,
                     Source &source) {
  unsigned id =
      source.buffers.AddNewSourceBuffer(std::move(text), llvm::SMLoc());
  FrontendResult result =
      parseLayers(source.buffers, id, name, options.frontend, source.diags);
  source.layers = std::move(result.layers);
  printDiagnostics(options, source);
  return result.status;
}

/// Reports a failure of the compiler, located where it is about a layer; the
/// exit status.
static int reportCompileFailure(const Options &options, Source &source,
                                const CompileFailure &failure) {
  const DiagnosticInfo *info = lookupDiagnostic(failure.id);
  bool located = failure.layer >= 0 &&
                 size_t(failure.layer) < source.layers.size() &&
                 failure.status != StatusInternal;
  if (located && info) {
    source.diags.error(info->id, source.layers[failure.layer].position,
                       failure.message);
    printDiagnostics(options, source);
    return failure.status;
  }
  std::string message = printable(failure.message);
  if (located) {
    const LayerSpec &layer = source.layers[failure.layer];
    llvm::errs() << printable(layer.position.file) << ":" << layer.position.line
                 << ":" << layer.position.column << ": error: " << message
                 << "\n";
    return failure.status;
  }
  return report({failure.status, message});
}

int eqc::compileSource(const Options &options, Source &source, CodeKind kind,
                       llvm::SmallVectorImpl<char> &code) {
  CompileFailure failure;
  if (compileLayers(source.layers, options.compile, kind, code, failure))
    return StatusDone;
  code.clear();
  return reportCompileFailure(options, source, failure);
}

int eqc::loadCompiled(const Options &options, Source &source,
                      std::optional<LoadedLibrary> &library) {
  llvm::SmallVector<char, 0> object;
  if (int status = compileSource(options, source, CodeKind::Object, object))
    return status;
  std::string problem;
  std::shared_ptr<LoadedObject> code = LoadedObject::load(object, problem);
  if (!code)
    return report(
        {StatusInternal, "cannot load the compiled layers: " + problem});
  library.emplace(
      [code](const std::string &name) { return code->function(name); });
  return StatusDone;
}

int eqc::findPackedSizes(const Options &options, Source &source,
                         std::vector<int64_t> &sizes) {
  CompileFailure failure;
  if (packedSizes(source.layers, options.compile, sizes, failure))
    return StatusDone;
  return reportCompileFailure(options, source, failure);
}
