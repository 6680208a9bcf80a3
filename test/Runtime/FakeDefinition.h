//===- FakeDefinition.h - What layers written by hand compute ---*- C++ -*-===//

#ifndef EQC_TEST_RUNTIME_FAKEDEFINITION_H
#define EQC_TEST_RUNTIME_FAKEDEFINITION_H

#include <cstdint>
#include <vector>

namespace eqc::test {

constexpr int64_t fakeIn = 3, fakeOut = 5;

/// y[b,i,o] = sum of x[b] + sum_c x[b,i,c] weight[c,o] + bias[o], straight from
/// the definition.
inline std::vector<float> fakeDefinition(int64_t n, int64_t batch,
                                         const float *x, const float *weight,
                                         const float *bias) {
  std::vector<float> result;
  for (int64_t b = 0; b != batch; ++b) {
    const float *sample = x + b * n * fakeIn;
    float sum = 0;
    for (int64_t i = 0; i != n * fakeIn; ++i)
      sum += sample[i];
    for (int64_t i = 0; i != n; ++i)
      for (int64_t o = 0; o != fakeOut; ++o) {
        float value = sum + bias[o];
        for (int64_t c = 0; c != fakeIn; ++c)
          value += sample[i * fakeIn + c] * weight[c * fakeOut + o];
        result.push_back(value);
      }
  }
  return result;
}

} // namespace eqc::test

#endif // EQC_TEST_RUNTIME_FAKEDEFINITION_H
