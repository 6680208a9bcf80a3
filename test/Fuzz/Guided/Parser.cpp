//===- Parser.cpp - Any bytes as a source ---------------------------------===//
//
// The front end gives layers or errors, never both; errors lie within the
// source; what it accepted survives being printed and read again.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Target.h"

#include "compiler/Frontend/Frontend.h"
#include "compiler/Frontend/Print.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace eqc;

namespace {

struct Parsed {
  explicit Parsed(llvm::StringRef source) {
    FrontendOptions options;
    options.maxDiagrams = 300;
    const unsigned id = sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(source, "t.eq"), llvm::SMLoc());
    result = parseLayers(sources, id, "t.eq", options, diags);
  }

  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendResult result;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const llvm::StringRef source(reinterpret_cast<const char *>(data), size);
  Parsed run(source);
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
    return 0;
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
  return 0;
}
