//===- ExactIntegers.cpp - Which integers layers compute exactly with -----===//

#include "compiler/Fuzz/Judge.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/BilinearOracle.h"
#include "compiler/Check/Oracle.h"

#include <algorithm>
#include <cmath>

using namespace eqc;

/// The most terms that are summed up to one entry of y or of a gradient.
static double mostTerms(const LayerSpec &spec, int64_t n, int64_t batch,
                        bool gradients) {
  LayerSpec counting = spec.isBilinear() ? productLayer(spec) : spec;
  counting.normalize = Normalize::None;
  const auto ones = [](int64_t count) { return Values(count, 1.0); };
  const int64_t rows = outputPositions(counting, n),
                columns = inputPositions(counting, n);
  const Values x = ones(batch * columns * counting.cIn),
               gradY = ones(batch * rows * counting.cOut),
               weight = ones(static_cast<int64_t>(counting.diagrams.size()) *
                             counting.cIn * counting.cOut),
               bias = ones(static_cast<int64_t>(counting.biasDiagrams.size()) *
                           counting.cOut);
  double most =
      largest(oracleForward(counting, n, batch, x.data(), weight.data(),
                            bias.data(), Entries::Absolute));
  if (!gradients)
    return most;
  const OracleGradients counts =
      oracleBackward(counting, n, batch, x.data(), weight.data(), gradY.data(),
                     Entries::Absolute);
  // A gradient of one input is summed over the other's entries.
  const double others =
      spec.isBilinear()
          ? static_cast<double>(columns) * static_cast<double>(counting.cIn)
          : 1;
  most = std::max({most, largest(counts.x) * others, largest(counts.weight),
                   largest(counts.bias)});
  return most;
}

/// What entries are multiples of 1 over, where diagrams are divided by sizes; 0
/// where some size is no power of two. The gradient of x multiplies by sizes
/// that it divided by, so all of them count.
static double divisor(const LayerSpec &spec, int64_t n) {
  double most = 1;
  if (spec.normalize == Normalize::None)
    return most;
  const size_t spaces = spec.group.numSpaces();
  for (size_t space = 0; space < spaces; ++space)
    if (const int64_t size = sizeAt(spec.group, n, static_cast<int>(space));
        (size & (size - 1)) != 0)
      return 0;
  for (const Diagram &diagram : spec.diagrams) {
    if ((diagram.orbit.divisor & (diagram.orbit.divisor - 1)) != 0)
      return 0;
    auto product = static_cast<double>(diagram.orbit.divisor);
    for (int space : diagram.spacesOfBottomOnlyBlocks())
      product *= static_cast<double>(sizeAt(spec.group, n, space));
    most = std::max(most, product);
  }
  return most;
}

int64_t eqc::exactIntegers(const LayerSpec &spec,
                           const FuzzSettings &settings) {
  if (spec.storage != Storage::AsComputed)
    return 0; // results are rounded
  std::vector<std::pair<int64_t, int64_t>> calls = settings.calls;
  // Those of ragged batches, see CheckRagged.
  if (settings.ragged && spec.mayBeRagged())
    calls.emplace_back(5 * rulesOf(spec.group).sizeUnit(), 10);
  double most = 1;
  for (auto [n, batch] : calls) {
    const int64_t size = spec.dynamicN() ? n : spec.n;
    const double divided = divisor(spec, size);
    if (divided == 0)
      return 0;
    most = std::max(most,
                    divided * mostTerms(spec, size, batch, settings.gradients));
  }
  if (settings.ragged && spec.mayBeRagged() &&
      spec.normalize == Normalize::Mean)
    return 0; // samples of 5 entries
  // A plan may add what it takes away later.
  const double limit = spec.dtype == DType::F32 ? 0x1p21 : 0x1p50;
  for (int64_t size : {3, 2, 1})
    if (most * std::pow(size, spec.isBilinear() ? 3 : 2) <= limit)
      return size;
  return 0;
}
