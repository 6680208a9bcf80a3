//===- Sample.h - Random arrays of one sample -------------------*- C++ -*-===//

#ifndef EQC_TEST_PLAN_SAMPLE_H
#define EQC_TEST_PLAN_SAMPLE_H

#include "Support.h"

#include "compiler/Check/Oracle.h"

namespace eqc::test {

/// x, weight and bias of a layer at size n, and what its definition makes of
/// them.
struct Sample {
  Sample(const LayerSpec &spec, int64_t n, Random &random)
      : x(randomVector(
            random, static_cast<size_t>(integerPower(n, spec.k) * spec.cIn))),
        weight(
            randomVector(random, spec.diagrams.size() * spec.cIn * spec.cOut)),
        bias(randomVector(random, spec.biasDiagrams.size() * spec.cOut)),
        y(oracleForward(spec, n, 1, x.data(), weight.data(),
                        spec.bias ? bias.data() : nullptr)) {}

  std::vector<double> x, weight, bias, y;
};

} // namespace eqc::test

#endif // EQC_TEST_PLAN_SAMPLE_H
