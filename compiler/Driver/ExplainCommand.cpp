//===- ExplainCommand.cpp - eqc explain -----------------------------------===//

#include "compiler/Driver/Commands.h"
#include "compiler/Driver/Explain.h"

using namespace eqc;

int eqc::runExplain(const Options &options) {
  std::string text;
  if (!options.diagnosticCode.empty()) {
    text = explainDiagnostic(*lookupDiagnostic(options.diagnosticCode));
  } else {
    Source source;
    if (int status = loadSource(options, source))
      return status;
    for (const LayerSpec &layer : source.layers) {
      if (!text.empty())
        text += "\n";
      text += explainLayer(layer, options.compile);
    }
  }
  if (Failure failure = writeStdout(text))
    return report(failure);
  return StatusDone;
}
