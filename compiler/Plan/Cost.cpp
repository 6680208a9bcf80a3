//===- Cost.cpp - What a plan executes, counted ---------------------------===//

#include "compiler/Plan/Cost.h"

#include "compiler/Plan/Positions.h"
#include "compiler/Plan/Saturating.h"

#include <algorithm>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Polynomials as counts
//===----------------------------------------------------------------------===//

int64_t eqc::countAt(const Poly &poly, int64_t n) {
  // What is added and what is taken away apart, so that each only grows.
  using Wide = unsigned __int128;
  Wide positive = 0, negative = 0;
  auto accumulate = [&](int64_t coefficient, Wide scale) {
    Wide magnitude = coefficient < 0 ? -static_cast<Wide>(coefficient)
                                     : static_cast<Wide>(coefficient);
    Wide &sum = coefficient < 0 ? negative : positive;
    Wide product;
    return !__builtin_mul_overflow(magnitude, scale, &product) &&
           !__builtin_add_overflow(sum, product, &sum);
  };
  if (!accumulate(poly.constantTerm(), 1))
    return saturatedCount;
  for (const Poly::Term &term : poly.variableTerms()) {
    Wide scale = term.monomial.half < 0 ? 1 : static_cast<Wide>(n / 2);
    for (int i = 0; i < term.monomial.degree(); ++i)
      if (__builtin_mul_overflow(scale, static_cast<Wide>(n), &scale))
        return saturatedCount;
    if (!accumulate(term.coefficient, scale))
      return saturatedCount;
  }
  if (negative > positive)
    return 0; // not a count
  const Wide value = positive - negative;
  return value > static_cast<Wide>(saturatedCount)
             ? saturatedCount
             : static_cast<int64_t>(value);
}

/// `n^2`, `n m`, `n/2`: sizes by their names.
static std::string toString(const Monomial &monomial,
                            const std::vector<std::string> &sizes) {
  auto nameOf = [&](int number) {
    return sizes[std::min(static_cast<size_t>(number), sizes.size() - 1)];
  };
  std::string text;
  for (int i = 0; i < Monomial::kMostSizes; ++i)
    if (const int power = monomial.degrees[static_cast<size_t>(i)]; power > 0)
      text += (text.empty() ? "" : " ") + nameOf(i) +
              (power > 1 ? "^" + std::to_string(power) : "");
  if (monomial.half >= 0)
    text += (text.empty() ? "" : " ") + nameOf(monomial.half) + "/2";
  return text;
}

std::string eqc::toString(const Poly &poly,
                          const std::vector<std::string> &sizes) {
  std::string text;
  auto append = [&](int64_t coefficient, const std::string &power) {
    if (coefficient == 0)
      return;
    const bool negative = coefficient < 0;
    const std::string magnitude =
        std::to_string(negative ? -static_cast<uint64_t>(coefficient)
                                : static_cast<uint64_t>(coefficient));
    if (!text.empty())
      text += negative ? " - " : " + ";
    else if (negative)
      text += "-";
    if (power.empty())
      text += magnitude;
    else
      text += magnitude == "1" ? power : magnitude + " " + power;
  };
  const std::vector<Poly::Term> &terms = poly.variableTerms();
  for (auto term = terms.rbegin(); term != terms.rend(); ++term)
    append(term->coefficient, ::toString(term->monomial, sizes));
  append(poly.constantTerm(), "");
  return text.empty() ? "0" : text;
}

//===----------------------------------------------------------------------===//
// Totals
//===----------------------------------------------------------------------===//

/// Whether a stage adds rows of c_in channels.
static bool addsInputs(const StageCost &stage) {
  return stage.kind == StageKind::Read || (stage.kind == StageKind::Transform &&
                                           stage.target == PlanArray::Stored);
}

Poly PlanCost::readAdditions() const {
  Poly sum;
  for (const StageCost &stage : stages)
    if (addsInputs(stage))
      sum += stage.additions;
  return sum;
}

Poly PlanCost::scalings() const {
  Poly sum;
  for (const StageCost &stage : stages)
    sum += stage.scalings;
  return sum;
}

Poly PlanCost::multiplyAdds() const {
  Poly sum;
  for (const StageCost &stage : stages)
    sum += stage.multiplyAdds;
  return sum;
}

Poly PlanCost::outputAdditions() const {
  Poly sum;
  for (const StageCost &stage : stages)
    if (!addsInputs(stage))
      sum += stage.additions;
  return sum;
}

int64_t Operations::flops() const {
  return saturatingMultiply(
      2,
      saturatingAdd(multiplyAdds, saturatingAdd(additions, multiplications)));
}

Operations eqc::operationsOf(const PlanCost &cost, const LayerSpec &spec,
                             int64_t n) {
  auto times = [&](const Poly &poly, int64_t channels) {
    return saturatingMultiply(countAt(poly, n), channels);
  };
  Operations operations;
  operations.additions =
      saturatingAdd(times(cost.readAdditions(), spec.cIn),
                    times(cost.outputAdditions(), spec.cOut));
  operations.multiplications = times(cost.scalings(), spec.cIn);
  operations.multiplyAdds =
      times(cost.multiplyAdds(), saturatingMultiply(spec.cIn, spec.cOut));
  return operations;
}

/// Of rows of so many channels of x or y.
static int64_t bytesOf(const LayerSpec &spec, int64_t rows, int64_t channels) {
  return saturatingMultiply(saturatingMultiply(rows, channels),
                            spec.storedSize());
}
static int64_t outputBytesOf(const LayerSpec &spec, int64_t n) {
  return bytesOf(spec, countAt(positionsOfOutput(spec), n), spec.cOut);
}

int64_t eqc::plannedBytesOf(const PlanCost &cost, const LayerSpec &spec,
                            int64_t n) {
  return saturatingAdd(bytesOf(spec, countAt(cost.inputRows, n), spec.cIn),
                       outputBytesOf(spec, n));
}

LeastBytes eqc::leastBytesOf(const LayerSpec &spec, int64_t n) {
  auto bytes = [&](int64_t rows, int64_t channels) {
    return saturatingMultiply(saturatingMultiply(rows, channels),
                              spec.elementSize());
  };
  LeastBytes least;
  least.perSample =
      saturatingAdd(bytesOf(spec, countAt(positionsOfInput(spec), n), spec.cIn),
                    outputBytesOf(spec, n));
  least.perCall = saturatingAdd(
      bytes(saturatingMultiply(static_cast<int64_t>(spec.diagrams.size()),
                               spec.cIn),
            spec.cOut),
      bytes(static_cast<int64_t>(spec.biasDiagrams.size()), spec.cOut));
  return least;
}

int64_t eqc::scratchBytesOf(const PlanCost &cost, const LayerSpec &spec,
                            int64_t n) {
  return saturatingMultiply(
      saturatingAdd(saturatingMultiply(countAt(cost.scratchIn, n), spec.cIn),
                    saturatingMultiply(countAt(cost.scratchOut, n), spec.cOut)),
      spec.elementSize());
}
