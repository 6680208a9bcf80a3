//===- Check.h - Is a compiled layer right? ---------------------*- C++ -*-===//
//
// Runs a layer's kernel on random data and compares it with the oracle, tests
// equivariance and what the contract says about memory and NaN.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_CHECK_H
#define EQC_CHECK_CHECK_H

#include "compiler/Algebra/LayerSpec.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace eqc {

/// The functions of one compiled layer, with the types erased. `n` is always
/// the actual size, also where the compiled function does not take it; arrays
/// are of the layer's dtype.
/// Of several sizes given at run time n is that of all of them or, negative,
/// the address of a list of them.
struct KernelFunctions {
  std::function<int(int64_t n, int64_t batch, const void *x, const void *weight,
                    const void *bias, void *y)>
      forward;
  /// Empty for a layer without gradients.
  std::function<int(int64_t n, int64_t batch, const void *x, const void *weight,
                    const void *gradY, void *gradX, void *gradWeight,
                    void *gradBias)>
      backward;
  /// Of layers whose samples may differ in size; else empty. Those of padded
  /// arrays have the extent of their axes first.
  std::function<int(int64_t batch, const int64_t *n, const void *x,
                    const void *weight, const void *bias, void *y)>
      forwardRagged;
  std::function<int(int64_t n, int64_t batch, const int64_t *sizes,
                    const void *x, const void *weight, const void *bias,
                    void *y)>
      forwardPadded;
  /// With gradients.
  std::function<int(int64_t batch, const int64_t *n, const void *x,
                    const void *weight, const void *gradY, void *gradX,
                    void *gradWeight, void *gradBias)>
      backwardRagged;
  std::function<int(int64_t n, int64_t batch, const int64_t *sizes,
                    const void *x, const void *weight, const void *gradY,
                    void *gradX, void *gradWeight, void *gradBias)>
      backwardPadded;
  /// What calls did since it was asked last that the arrays cannot show; empty
  /// for nothing. May be empty itself.
  std::function<std::string()> problems;
};

struct CheckOptions {
  uint64_t seed = 1;
  /// Largest absolute error over largest absolute value, against the oracle.
  double toleranceF32 = 3e-5;
  double toleranceF64 = 1e-11;
  /// Operations the oracle may spend on one case; larger cases are reduced, and
  /// say so.
  double workLimit = 2e8;
  /// Elements that x, y and the weights of one case may have together; a layer
  /// with more for a single sample is not checked.
  double elementLimit = 0x1p26;
  /// Multiply-adds that one call of the layer may take, roughly, where kernels
  /// are interpreted: smaller batches, or no check.
  double callLimit = std::numeric_limits<double>::infinity();
  /// Batches above 2 are reduced to stay below this many elements.
  double batchElements = 0x1p22;
  /// Whether a NaN must also stay away from the elements of its own sample that
  /// do not depend on it: not promised by the dense and schur plans.
  bool nanWithinSample = true;
  /// Above 0 all numbers are integers up to this size, so that results are
  /// exact unless their sums outgrow the element type. What holds up to
  /// roundings alone is left out: elements of groups, long sums.
  int64_t integers = 0;
  /// Only y and the gradients against the oracle, and what calls do to memory:
  /// the same kernels are checked as a whole elsewhere.
  bool oracleOnly = false;
  /// Sizes (where one is given at run time) and batches to check instead of the
  /// usual ones.
  std::vector<std::pair<int64_t, int64_t>> cases;
  /// By what the bounds on errors are multiplied where sums are long: the
  /// conditions of the bases that the schur plan changes to, for y and the
  /// gradients of weight and bias, and for the gradient of x.
  double basisCondition = 1, gradientCondition = 1;
};

enum class Verdict { Ok, Failed, Skipped };

/// One line of the table.
struct CheckRow {
  std::string test;
  int64_t n = -1;     ///< -1: about all cases
  int64_t batch = -1; ///< -1: about all cases
  bool measured = false;
  double error = 0; ///< when measured, as is the tolerance
  double tolerance = 0;
  Verdict verdict = Verdict::Ok;
  std::string note;
};

/// The names of the tests, as they stand in the rows.
namespace check_tests {
inline constexpr const char *kOracle = "against the oracle";
inline constexpr const char *kSums = "long sums within their bound";
inline constexpr const char *kGradSums = "long sums of gradients";
inline constexpr const char *kEquivariance = "equivariance";
inline constexpr const char *kSymmetry = "symmetry of y";
inline constexpr const char *kNaN = "NaN stays in its sample";
inline constexpr const char *kGradX = "grad_x against the oracle";
inline constexpr const char *kGradWeight = "grad_weight against the oracle";
inline constexpr const char *kGradBias = "grad_bias against the oracle";
inline constexpr const char *kSubsets = "some gradients, same bits";
inline constexpr const char *kGradNaN = "NaN stays in its sample of grad_x";
inline constexpr const char *kRagged = "ragged samples as alone";
inline constexpr const char *kGradRagged = "their gradients as alone";
inline constexpr const char *kPadded = "padded samples as alone";
inline constexpr const char *kGradPadded = "their gradients as alone, padded";
inline constexpr const char *kEmptyBatch = "batch 0";
inline constexpr const char *kStatus = "calls return 0";
inline constexpr const char *kInputs = "inputs unchanged";
inline constexpr const char *kGuards = "nothing written beyond outputs";
inline constexpr const char *kStrays = "nothing touched beside arrays";
inline constexpr const char *kRepeat = "same call, same bits";
// Of layers for GPUs.
inline constexpr const char *kStreams = "two streams, same bits";
inline constexpr const char *kWorkspace = "caller's workspace, same bits";
inline constexpr const char *kGraph = "graph launched again, same bits";
// Of networks.
inline constexpr const char *kGradNetwork = "gradients against the oracle";
inline constexpr const char *kTape = "with a tape, same bits";
inline constexpr const char *kPackedNetwork = "packed parameters, same bits";
inline constexpr const char *kGradForms = "gradients with a tape, same bits";
inline constexpr const char *kInfo = "description of the layer";
} // namespace check_tests

struct CheckReport {
  std::string title; ///< the layer, or the network, in a line
  bool isNetwork = false;
  std::vector<CheckRow> rows;

  /// Whether some test failed.
  bool failed() const;
  /// Whether at least one case was small enough to compare with the oracle.
  bool checked() const;
  bool passed() const { return checked() && !failed(); }
};

/// Checks one layer. The tolerance of the equivariance error is the oracle's
/// times 4 |g|^(k+l), |g| the largest singular value of the group element (1
/// except for Sp), because both the kernel's errors and the rounding of g x
/// pass through g or through the layer; it is relative to the largest absolute
/// value of the two results compared.
CheckReport runCheck(const LayerSpec &spec, const KernelFunctions &kernel,
                     const CheckOptions &options = {});

/// The report as a table of text, ending in a verdict and a newline.
std::string renderReport(const CheckReport &report);

/// One line about all layers of a file.
std::string renderSummary(const std::vector<CheckReport> &reports);

} // namespace eqc

#endif // EQC_CHECK_CHECK_H
