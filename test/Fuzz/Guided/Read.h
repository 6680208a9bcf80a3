//===- Read.h - Sources as the targets read them ----------------*- C++ -*-===//

#ifndef EQC_TEST_FUZZ_GUIDED_READ_H
#define EQC_TEST_FUZZ_GUIDED_READ_H

#include "test/Fuzz/Guided/Target.h"

#include "compiler/Frontend/Frontend.h"
#include "compiler/Frontend/Print.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace eqc::test {

/// A source with no more diagrams than are quick, and what became of it.
struct Parsed {
  explicit Parsed(llvm::StringRef source, llvm::StringRef folder = "") {
    FrontendOptions options;
    options.maxDiagrams = 300;
    options.folder = folder.str();
    const unsigned id = sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(source, "t.eq"), llvm::SMLoc());
    result = parseLayers(sources, id, "t.eq", options, diags);
  }

  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendResult result;
};

/// That there are layers or errors, never both, that errors lie in the source,
/// and that what was accepted is the same when it is printed and read again.
inline void requireReadRight(Parsed &run, size_t size) {
  const int status = run.result.status;
  require(status == 0 || status == 1 || status == 4, "the status is known");
  std::string text;
  llvm::raw_string_ostream os(text);
  run.diags.print(os);
  if (status != 0) {
    require(run.result.layers.empty() && run.result.networks.empty(),
            "nothing is made of what is refused");
    require(!text.empty(), "an error is told");
    for (const Diagnostic *error : run.diags.sorted())
      require(error->range.begin <= error->range.end &&
                  error->range.end <= size,
              "errors lie in the source");
    return;
  }
  require(text.empty() && !run.result.layers.empty(),
          "what is accepted has no errors");
  for (const LayerSpec &spec : run.result.layers) {
    const std::string printed = toSource(spec);
    const Parsed again(printed);
    require(again.result.status == 0 && again.result.layers.size() == 1,
            "a printed layer is read again");
    require(again.result.layers[0].diagrams == spec.diagrams &&
                again.result.layers[0].biasDiagrams == spec.biasDiagrams &&
                toSource(again.result.layers[0]) == printed,
            "it is the same layer");
  }
  for (const NetworkSpec &network : run.result.networks) {
    const std::string printed = networkSource(network, run.result.layers);
    const Parsed again(printed);
    require(again.result.status == 0 && again.result.networks.size() == 1,
            "a printed network is read again");
    require(again.result.networks[0].params == network.params &&
                again.result.networks[0].steps.size() == network.steps.size() &&
                networkSource(again.result.networks[0], again.result.layers) ==
                    printed,
            "it is the same network");
  }
}

} // namespace eqc::test

#endif // EQC_TEST_FUZZ_GUIDED_READ_H
