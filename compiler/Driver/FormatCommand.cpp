//===- FormatCommand.cpp - eqc fmt ----------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Driver/Input.h"
#include "compiler/Frontend/Format.h"
#include "compiler/Frontend/Parser.h"

#include "llvm/Support/raw_ostream.h"

using namespace eqc;

/// The formatted source; nothing, with a status and printed errors, where it is
/// none.
static std::optional<std::string>
format(const Options &options, const llvm::MemoryBuffer &text, int &status) {
  DiagnosticEngine diags;
  diags.setSource(text.getBuffer(), text.getBufferIdentifier());
  checkUtf8(diags.source(), diags);
  Parser(diags, options.frontend.maxDiagrams).parseFile();
  printDiagnostics(options, diags);
  status = diags.status();
  if (status != 0)
    return std::nullopt;
  return formatSource(diags.source());
}

int eqc::runFormat(const Options &options) {
  Outputs outputs;
  int worst = StatusDone;
  for (const std::string &path : options.inputs) {
    const uint64_t limit = options.frontend.maxSourceBytes;
    std::unique_ptr<llvm::MemoryBuffer> text = readFile(path, limit);
    if (!text)
      return StatusFile;
    if (text->getBufferSize() > limit)
      return report({StatusLimit, "'" + printable(path) + "' is larger than " +
                                      std::to_string(limit) + " bytes"});
    int status = StatusDone;
    const std::optional<std::string> formatted = format(options, *text, status);
    worst = std::max(worst, status);
    if (!formatted)
      continue;
    const bool isFormatted = *formatted == text->getBuffer();
    if (options.formatCheck) {
      if (!isFormatted) {
        llvm::errs() << printable(displayName(path)) << ": not formatted\n";
        worst = std::max<int>(worst, StatusRefused);
      }
    } else if (isStdin(path) || !isFormatted) {
      outputs.setContents(outputs.add(isStdin(path) ? "-" : path), *formatted);
    }
  }
  // All files or none.
  if (worst != StatusDone || options.formatCheck)
    return worst;
  if (Failure failure = outputs.commit())
    return report(failure);
  return StatusDone;
}
