//===- TuneLayer.h - The fastest plan by measuring --------------*- C++ -*-===//
//
// Compiles a layer by every plan that is possible, and by the best of them with
// smaller register tiles, calls all of them in turns on this machine, and takes
// the fastest.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TUNE_TUNELAYER_H
#define EQC_TUNE_TUNELAYER_H

#include "compiler/Pipelines/Compile.h"
#include "compiler/Target/CpuVariant.h"

#include <string>
#include <vector>

namespace eqc {

/// What was tried, and how it did.
struct TuneCandidate {
  PlanKind plan = PlanKind::Auto; ///< one of them
  int64_t registers = 0;          ///< that tiles use
  double seconds = 0;             ///< the median time of a call
  std::string skipped;            ///< why there is no time; empty when there is
};

struct TuneResult {
  int64_t n = 1, batch = 1; ///< at which the candidates were called
  std::vector<TuneCandidate> candidates;
  size_t chosen = 0;

  LayerTuning tuning() const {
    return {candidates[chosen].plan, candidates[chosen].registers};
  }
};

/// How layers are tuned.
struct TuneRequest {
  CompileOptions compile; ///< `plan` other than auto: only by this one
  CpuVariant variant;     ///< whose code is measured
  int64_t n = 0;          ///< for layers with `n = ?`; 0: as the model does
  int64_t batch = 0;      ///< 0: the layer's, else as the model does
  double seconds = 0.2;   ///< that the calls of one candidate take about
};

/// The n and the batch to call a layer at: as asked for, but small enough that
/// its arrays fit and a call does not take long. Zeros where nothing is.
struct TuneSize {
  int64_t n = 0, batch = 0;
};
TuneSize tuneSize(const LayerSpec &spec, const TuneRequest &request);

/// The caps on registers that a result may have for this shape, largest first.
std::vector<int64_t> registerCaps(const Machine &machine);

/// Measures the candidates. False, with `failure` filled in, where that is not
/// possible: with status 4 where a limit is in the way, with 70 where two
/// candidates disagree.
bool tuneLayer(const LayerSpec &spec, const TuneRequest &request,
               TuneResult &result, CompileFailure &failure);

/// The candidates and their times as a table.
std::string reportTuning(const TuneRequest &request, const TuneResult &result);

} // namespace eqc

#endif // EQC_TUNE_TUNELAYER_H
