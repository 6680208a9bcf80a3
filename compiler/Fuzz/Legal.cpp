//===- Legal.cpp - Programs that can be judged ----------------------------===//

#include "compiler/Fuzz/Legal.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/BilinearOracle.h"
#include "compiler/Check/Oracle.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <algorithm>

using namespace eqc;

/// Bounds on a layer: each keeps a compilation or a call below a second or so.
static constexpr uint64_t kMostDiagrams = 220;
static constexpr double kMostWork = 4e6;
static constexpr double kMostElements = 60000;

FrontendResult eqc::readSource(const std::string &source, bool ragged) {
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendOptions options;
  options.maxDiagrams = kMostDiagrams;
  options.ragged = ragged;
  const unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(source, "fuzz.eq"), llvm::SMLoc());
  return parseLayers(sources, id, "fuzz.eq", options, diags);
}

namespace {
struct Cost {
  double work = 0, elements = 0, weights = 0;
};
} // namespace

/// Of one sample, as the definition is evaluated.
static Cost costOf(const LayerSpec &spec, int64_t n) {
  const LayerSpec product = spec.isBilinear() ? productLayer(spec) : spec;
  const auto cIn = static_cast<double>(product.cIn);
  const auto cOut = static_cast<double>(product.cOut);
  const double rows = realOutputPositions(product, n);
  Cost cost;
  for (const Diagram &diagram : product.diagrams)
    cost.work += (oracleVisits(diagram, product.group, n) + rows * cOut) * cIn;
  cost.elements = realInputPositions(product, n) * cIn + rows * cOut;
  cost.weights =
      static_cast<double>(spec.diagrams.size() * spec.weightsOfDiagram());
  return cost;
}

std::optional<LayerSpec> eqc::lastLayer(const FuzzProgram &program,
                                        const FuzzSettings &settings) {
  FrontendResult result = readSource(program.source());
  if (result.status != 0 || result.layers.empty())
    return std::nullopt;
  LayerSpec spec = std::move(result.layers.back());
  for (auto [n, batch] : settings.calls) {
    const int64_t size = spec.dynamicN() ? n : spec.n;
    for (size_t c = 0; c < spec.group.numSpaces(); ++c)
      if (const auto space = static_cast<int>(c);
          sizeOf(spec.group, spec.n, space) < 0 &&
          n % rulesOf(spec.group.of(space)).sizeUnit() != 0)
        return std::nullopt;
    const Cost cost = costOf(spec, size);
    if (cost.work > kMostWork || cost.elements > kMostElements ||
        cost.weights > kMostElements)
      return std::nullopt;
    for (const Diagram &diagram : spec.diagrams)
      if ((diagram.free >= 0 || !diagram.orbit.exists()) &&
          diagram.hasSymbol() &&
          sizeAt(spec.group, size,
                 diagram.free < 0 ? diagram.head : diagram.freeSpace()) > 6)
        return std::nullopt;
  }
  return spec;
}

bool eqc::mayBeRagged(const FuzzProgram &program) {
  return readSource(program.source(), /*ragged=*/true).status == 0;
}

void eqc::lowerBatches(FuzzProgram &program) {
  const FrontendResult result = readSource(program.source());
  for (auto &[n, batch] : program.settings.calls)
    for (const LayerSpec &spec : result.layers) {
      const Cost cost = costOf(spec, spec.dynamicN() ? n : spec.n);
      const double most =
          std::min(kMostWork / cost.work, kMostElements / cost.elements);
      batch = std::max<int64_t>(
          1, std::min(batch, static_cast<int64_t>(std::min(most, 1e6))));
    }
}
