//===- Frontend.cpp - From a source to checked layers ---------------------===//
//
// Size limit, encoding, parser, semantic checks, in that order.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Frontend.h"

#include "compiler/Frontend/Parser.h"
#include "compiler/Frontend/Sema.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

/// Padded axes of sums with a size given at run time would have a corner for
/// each summand.
static void checkRaggedSums(const std::vector<NetworkSpec> &networks,
                            DiagnosticEngine &diags) {
  for (const NetworkSpec &network : networks)
    for (const SpaceSum &sum : network.sums)
      if (llvm::any_of(sum.summands, [&](int summand) {
            return network.spaces[static_cast<size_t>(summand)].n < 0;
          })) {
        diags
            .error(DiagId::NotBuiltYet, network.position,
                   "samples of different sizes are not built yet where axes "
                   "are of sums with a size given at run time, as '" +
                       sum.name + "' is")
            .help("leave out '--ragged', or give each summand an input of its "
                  "own");
        break;
      }
}

FrontendResult eqc::parseLayers(llvm::SourceMgr &sources, unsigned bufferId,
                                StringRef displayName,
                                const FrontendOptions &options,
                                DiagnosticEngine &diags) {
  StringRef text = sources.getMemoryBuffer(bufferId)->getBuffer();
  FrontendResult result;
  if (text.size() > options.maxSourceBytes) {
    // Not even the line table of such a source is made.
    diags.setSource(StringRef(), displayName);
    diags
        .error(DiagId::SourceTooLarge, SourceRange::at(0),
               "the source is larger than " + Twine(options.maxSourceBytes) +
                   " bytes")
        .help("split it into several files");
    result.status = diags.status();
    return result;
  }
  diags.setSource(text, displayName);
  checkUtf8(diags.source(), diags);
  const SourceFile file = Parser(diags, options.maxDiagrams).parseFile();
  checkFile(file, options, diags, result.layers, result.networks);
  if (options.ragged)
    checkRaggedSums(result.networks, diags);
  if (diags.status() == 0 && options.ragged &&
      llvm::none_of(
          result.layers,
          [](const LayerSpec &layer) { return layer.mayBeRagged(); }) &&
      llvm::none_of(result.networks, [](const NetworkSpec &network) {
        return llvm::any_of(network.spaces,
                            [](const Space &space) { return space.n < 0; });
      }))
    diags.error(DiagId::NothingRagged, result.layers.front().position,
                "ragged batches need a layer whose size is given at run time");
  result.status = diags.status();
  if (result.status != 0) {
    result.layers.clear();
    result.networks.clear();
  }
  return result;
}
