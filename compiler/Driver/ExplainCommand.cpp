//===- ExplainCommand.cpp - eqc explain -----------------------------------===//

#include "compiler/Driver/Commands.h"
#include "compiler/Frontend/Explained.h"
#include "compiler/Report/Explain.h"

#include "llvm/Support/FormatVariadic.h"

using namespace eqc;

/// The text about a file; the exit status.
static int explainFile(const Options &options, std::string &text) {
  Source source(options);
  if (int status = loadSource(options, source))
    return status;
  std::vector<std::string> words;
  if (int status = tuneSource(options, source, &words))
    return status;
  std::vector<Measured> measured(words.size());
  for (size_t i = 0; i < words.size(); ++i)
    if (!words[i].empty())
      measured[i] = {source.compile.tuning[i], words[i]};
  CompileFailure failure;
  llvm::json::Object value;
  const bool done =
      options.explainJson
          ? explainProgram(source.layers, source.networks, source.compile,
                           measured, value, failure)
          : explainProgram(source.layers, source.networks, source.compile,
                           measured, text, failure);
  source.watch.rest();
  if (!done)
    return reportCompileFailure(options, source, failure);
  if (options.explainJson)
    text = llvm::formatv("{0:2}\n", llvm::json::Value(std::move(value)));
  return StatusDone;
}

/// The page of an error or of a status of the runtime.
static std::string explainId(llvm::StringRef id) {
  if (const DiagnosticInfo *info = lookupDiagnostic(id))
    return explainDiagnostic(*info);
  return (id + "\n\n").str() + explainedStatus(id);
}

int eqc::runExplain(const Options &options) {
  std::string text;
  if (!options.diagnosticCode.empty())
    text = explainId(options.diagnosticCode);
  else if (int status = explainFile(options, text))
    return status;
  if (Failure failure = writeStdout(text))
    return report(failure);
  return StatusDone;
}
