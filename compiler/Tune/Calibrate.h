//===- Calibrate.h - The rates of this machine ------------------*- C++ -*-===//
//
// Measures what the cost model needs to know of a CPU.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TUNE_CALIBRATE_H
#define EQC_TUNE_CALIBRATE_H

#include "compiler/Pipelines/Compile.h"
#include "compiler/Tune/RatesFile.h"

namespace eqc {

/// Rates for the kinds of registers that the CPUs of `options` have and this
/// machine can run, each measurement lasting about `seconds`. Empty, with
/// `failure` filled in, when it can run none or a kernel does not work.
std::vector<MeasuredRates> calibrate(const CompileOptions &options,
                                     double seconds, CompileFailure &failure);

/// A table of the rates beside those that are built in.
std::string reportRates(const std::vector<MeasuredRates> &rates,
                        const std::string &machine);

} // namespace eqc

#endif // EQC_TUNE_CALIBRATE_H
