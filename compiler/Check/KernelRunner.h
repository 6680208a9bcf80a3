//===- KernelRunner.h - Calls of a kernel under observation -----*- C++ -*-===//
//
// Hands a kernel arrays between guard zones and remembers what it did to them.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_KERNELRUNNER_H
#define EQC_CHECK_KERNELRUNNER_H

#include "compiler/Check/Check.h"
#include "compiler/Check/GuardedArray.h"

#include <optional>

namespace eqc {

/// Which gradients are asked for, as bits.
enum GradientBits : unsigned {
  kGradX = 1,
  kGradWeight = 2,
  kGradBias = 4,
  kAllGradients = 7,
};
/// Those that were not asked for are empty.
struct Gradients {
  std::vector<double> x, weight, bias;
};

class KernelRunner {
public:
  KernelRunner(const LayerSpec &spec, const KernelFunctions &kernel)
      : spec(spec), kernel(kernel) {}

  /// y of one call, or nothing when it did not return 0. Calls with arrays in
  /// every placement and compares the bits.
  std::optional<std::vector<double>> run(int64_t n, int64_t batch,
                                         const std::vector<double> &x,
                                         const std::vector<double> &weight,
                                         const std::vector<double> &bias);

  bool hasBackward() const { return static_cast<bool>(kernel.backward); }
  /// The gradients asked for, or nothing when the call did not return 0. Arrays
  /// that are not needed for them are not given. Calls with arrays in every
  /// placement and compares the bits.
  std::optional<Gradients> runBackward(int64_t n, int64_t batch,
                                       const std::vector<double> &x,
                                       const std::vector<double> &weight,
                                       const std::vector<double> &gradY,
                                       unsigned which);

  /// batch = 0 with no x and no y, then with guarded arrays without elements.
  void runEmpty(int64_t n, const std::vector<double> &weight,
                const std::vector<double> &bias);

  /// The rows about all calls made so far.
  std::vector<CheckRow> rows() const;

private:
  /// The first thing that went wrong, and how often it did.
  struct Tally {
    int64_t failures = 0;
    std::string first;
    void add(bool ok, int64_t n, int64_t batch, const std::string &what);
    CheckRow row(const char *test, int64_t calls) const;
  };

  /// Notes whether memory beside an array of a call was touched.
  void observe(const char *name, const GuardedArray &array, int64_t n,
               int64_t batch);
  /// Notes what the arrays of a call cannot show.
  void observeRest(int64_t n, int64_t batch);
  void runEmptyBackward(int64_t n, const std::vector<double> &weight);

  const LayerSpec &spec;
  const KernelFunctions &kernel;
  int64_t calls = 0, emptyCalls = 0;
  Tally status, inputs, guards, strays, repeats, empty;
  AccessWatch watch;
};

} // namespace eqc

#endif // EQC_CHECK_KERNELRUNNER_H
