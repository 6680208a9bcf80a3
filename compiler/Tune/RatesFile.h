//===- RatesFile.h - Rates of a machine as JSON -----------------*- C++ -*-===//
//
// What `eqc bench --calibrate` writes and `--rates` reads.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TUNE_RATESFILE_H
#define EQC_TUNE_RATESFILE_H

#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Plan/CostModel.h"

#include <string>
#include <vector>

namespace eqc {

/// Rates for CPUs with registers of one shape.
struct MeasuredRates {
  CostTarget target;
  std::string cpu;    ///< that the kernels were compiled for
  size_t kernels = 0; ///< the rates were fitted to
  /// Predicted over measured times, or the other way round: of half the kernels
  /// at most `typicalRatio`, of all at most `worstRatio`.
  double typicalRatio = 1, worstRatio = 1;
};

/// `machine` is the name of the CPU that was measured.
std::string renderRates(const std::vector<MeasuredRates> &rates,
                        const std::string &machine);

/// Reads the text that is the source of `diags` into `targets`, which must have
/// rates for `needed`. Reports what is wrong and returns false.
bool parseRates(DiagnosticEngine &diags, const Machine &needed,
                std::vector<CostTarget> &targets);

} // namespace eqc

#endif // EQC_TUNE_RATESFILE_H
