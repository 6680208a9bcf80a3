//===- FakeLayer.h - A kernel written by hand for the runtime's tests -----===//
//
// A stand-in for a generated object, small enough to compute by hand:
//
//   y[b, i, o] = sum of x[b] + sum_c x[b, i, c] * weight[c, o] + bias[o]
//
// Phase 0 sums each sample into scratch, phase 1 writes y, so that a schedule
// with phases and parts is really needed.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_RUNTIME_FAKELAYER_H
#define EQC_TEST_RUNTIME_FAKELAYER_H

#include "test/Runtime/FakeDefinition.h"

#include <eqc/kernel.h>

#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EQC_TEST_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EQC_TEST_SANITIZED 1
#endif

namespace eqc::test {

#ifdef EQC_TEST_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// What one call needs, with small whole numbers so that sums are exact.
struct FakeCall {
  int64_t n, batch;
  std::vector<float> x, weight, bias, y;

  FakeCall(int64_t n, int64_t batch);
  int run(const eqc_kernel &kernel);
  /// What y must be, straight from the definition.
  std::vector<float> expected() const;
};

/// What y holds before a call that must not touch it.
constexpr float untouched = -12345.0f;

/// A layer whose parts a test may change before it calls. Its schedule and
/// hooks are globals: one FakeLayer at a time.
class FakeLayer {
public:
  explicit FakeLayer(bool dynamic = true);
  ~FakeLayer();
  FakeLayer(const FakeLayer &) = delete;

  eqc_layer_info info;
  eqc_kernel kernel;
  std::vector<eqc_variant> variants;
  eqc_schedule schedule; ///< scratch_bytes is filled in from block
  /// Called at the start of every forward of the kernel, on any thread.
  void (*onForward)() = nullptr;
  int64_t chosen = 0;

  /// A variant that computes the layer.
  static eqc_variant variant(int64_t level, const char *features = "");
  /// Points the kernel at variants again after a change.
  void update();
};

} // namespace eqc::test

#endif // EQC_TEST_RUNTIME_FAKELAYER_H
