//===- Cost.cpp - What a plan executes, counted ---------------------------===//

#include "compiler/Plan/Cost.h"

#include "compiler/Plan/Saturating.h"

using namespace eqc;

//===----------------------------------------------------------------------===//
// Polynomials as counts
//===----------------------------------------------------------------------===//

int64_t eqc::countAt(const Poly &poly, int64_t n) {
  // What is added and what is taken away apart, so that each only grows.
  using Wide = unsigned __int128;
  Wide positive = 0, negative = 0, power = 1;
  bool huge = false; // the power no longer fits
  auto accumulate = [&](int64_t coefficient, Wide scale) {
    Wide magnitude = coefficient < 0 ? -static_cast<Wide>(coefficient)
                                     : static_cast<Wide>(coefficient);
    Wide &sum = coefficient < 0 ? negative : positive;
    Wide product;
    return !__builtin_mul_overflow(magnitude, scale, &product) &&
           !__builtin_add_overflow(sum, product, &sum);
  };
  for (int i = 0; i <= poly.degree(); ++i) {
    if (poly.coefficient(i) != 0 &&
        (huge || !accumulate(poly.coefficient(i), power)))
      return saturatedCount;
    huge |= __builtin_mul_overflow(power, static_cast<Wide>(n), &power);
  }
  if (!accumulate(poly.halfCoefficient(), static_cast<Wide>(n / 2)))
    return saturatedCount;
  if (negative > positive)
    return 0; // not a count
  const Wide value = positive - negative;
  return value > static_cast<Wide>(saturatedCount)
             ? saturatedCount
             : static_cast<int64_t>(value);
}

std::string eqc::toString(const Poly &poly) {
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
  for (int i = poly.degree(); i >= 2; --i)
    append(poly.coefficient(i), "n^" + std::to_string(i));
  append(poly.coefficient(1), "n");
  append(poly.halfCoefficient(), "n/2");
  append(poly.coefficient(0), "");
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

LeastBytes eqc::leastBytesOf(const LayerSpec &spec, int64_t n) {
  auto bytes = [&](int64_t rows, int64_t channels) {
    return saturatingMultiply(saturatingMultiply(rows, channels),
                              spec.elementSize());
  };
  LeastBytes least;
  least.perSample =
      saturatingAdd(bytes(countAt(Poly::power(spec.k), n), spec.cIn),
                    bytes(countAt(Poly::power(spec.l), n), spec.cOut));
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
