//===- ExplainCommand.cpp - eqc explain -----------------------------------===//

#include "compiler/Driver/Commands.h"
#include "compiler/Driver/Explain.h"
#include "compiler/Driver/ExplainNetwork.h"

using namespace eqc;

int eqc::runExplain(const Options &options) {
  std::string text;
  if (!options.diagnosticCode.empty()) {
    text = explainDiagnostic(*lookupDiagnostic(options.diagnosticCode));
  } else {
    Source source;
    if (int status = loadSource(options, source))
      return status;
    std::vector<std::string> measured;
    if (int status = tuneSource(options, source, &measured))
      return status;
    for (size_t i = 0; i < source.layers.size(); ++i) {
      if (!text.empty())
        text += "\n";
      std::optional<LayerTuning> tuning;
      if (!measured.empty() && !measured[i].empty())
        tuning = source.compile.tuning[i];
      CompileFailure failure;
      if (!explainLayer(source.layers[i], source.compile, tuning, text,
                        failure))
        return reportCompileFailure(options, source, failure);
      if (!measured.empty())
        text += measured[i];
    }
    for (const NetworkSpec &network : source.networks) {
      text += "\n";
      explainNetwork(network, text);
    }
  }
  if (Failure failure = writeStdout(text))
    return report(failure);
  return StatusDone;
}
