//===- Cache.cpp - Any bytes as files that eqc wrote once -----------------===//
//
// The first byte says which: an entry of the cache of `--tune`, where the word
// KEY stands for the key that is wanted, or a file of rates. What is damaged
// counts as missing, or is an error in the file; what is taken is the same
// when it is written and read again.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Target.h"

#include "compiler/Frontend/Frontend.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Tune/RatesFile.h"
#include "compiler/Tune/TuneCache.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace eqc;

static LayerSpec someLayer() {
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  const unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(
          "layer f { group = S; n = 4; k = 2; l = 2 }"),
      llvm::SMLoc());
  return parseLayers(sources, id, "f.eq", {}, diags).layers.at(0);
}

static void readEntry(std::string text) {
  static const LayerSpec spec = someLayer();
  TuneRequest request;
  request.variant.name = "some";
  request.variant.machine = {32, 16};
  const std::string key = "key";
  if (const size_t at = text.find("KEY"); at != std::string::npos)
    text.replace(at, 3, key);
  const std::optional<TuneResult> read = parseTuning(text, key, spec, request);
  if (!read)
    return;
  require(read->n > 0 && read->batch > 0, "sizes are sizes");
  require(read->chosen < read->candidates.size(), "what was chosen is there");
  require(read->candidates[read->chosen].skipped.empty(), "and was measured");
  const std::string written = renderTuning(key, *read);
  const std::optional<TuneResult> again =
      parseTuning(written, key, spec, request);
  require(again && renderTuning(key, *again) == written,
          "it is the same when it is written and read again");
}

static void readRates(const std::string &text) {
  DiagnosticEngine diags;
  diags.setSource(text, "rates.json");
  std::vector<CostTarget> targets;
  const bool taken = parseRates(diags, {32, 16}, targets);
  require(taken == diags.sorted().empty(), "a failure says why");
  for (const Diagnostic *error : diags.sorted())
    require(error->range.begin <= error->range.end &&
                error->range.end <= text.size(),
            "errors lie in the file");
  require(!taken || !targets.empty(), "there are rates");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const std::string text(reinterpret_cast<const char *>(data) + 1, size - 1);
  if (data[0] % 2)
    readEntry(text);
  else
    readRates(text);
  return 0;
}
