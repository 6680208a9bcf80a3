//===- BenchLayer.h - A layer's kernel against the limits -------*- C++ -*-===//

#ifndef EQC_BENCH_BENCHLAYER_H
#define EQC_BENCH_BENCHLAYER_H

#include "compiler/Bench/BenchOptions.h"
#include "compiler/Bench/LayerCost.h"
#include "compiler/Bench/Limits.h"
#include "compiler/Bench/Timing.h"
#include "compiler/Check/LoadedLibrary.h"

#include <string>
#include <vector>

namespace eqc {

/// The kernel with one number of threads, or on a GPU.
struct BenchRow {
  int threads = 1;   ///< 0: on a GPU
  double launch = 0; ///< seconds of a kernel that does nothing, on GPUs
  Rate peak, bandwidth;
  Timing timing;
  Floor floor; ///< of the plan that was compiled
  /// The floor where x is moved as often as the plan reads it; no seconds: a
  /// cache holds a sample of x between two passes, or there is one.
  Floor passes;
  std::vector<Floor> floors; ///< of every plan, as BenchResult::plans has them
  double flops = 0;          ///< of the plan that was compiled, whole batch
  double bytes = 0;          ///< that must be moved
  Timing backward;           ///< of all gradients; no runs: not measured
  double backwardFlops = 0;
  /// With large x and y on pages of 4 KB; no runs: they are small.
  Timing smallPages;
  double efficiency() const { return efficiencyAgainst(floor); }
  /// Of the time that is left without that of an empty kernel; 0 where nothing
  /// is left.
  double netEfficiency() const {
    const double net = timing.median - launch;
    return net > 0 ? floor.seconds / net : 0;
  }
  double efficiencyAgainst(const Floor &other) const {
    return timing.median > 0 ? other.seconds / timing.median : 0;
  }
};

struct BenchResult {
  const LayerSpec *spec = nullptr;
  int64_t n = 0, batch = 0;
  std::string plan;             ///< as compiled
  std::string bestPlan;         ///< the one with the least flops
  std::vector<PlanFlops> plans; ///< for one sample
  std::vector<BenchRow> rows;
  std::string error; ///< why there are no rows; empty when there are
};

/// Peak rates, each measured once.
class PeakCache {
public:
  const Rate &peak(DType dtype, int threads, double seconds);

private:
  struct Entry {
    DType dtype;
    int threads;
    Rate rate;
  };
  std::vector<Entry> entries;
};

/// What is known of a layer before it is measured.
BenchResult describeBench(const LayerSpec &spec, const LoadedLibrary &library,
                          const BenchOptions &options);
/// Adds a row whose times, rates and bytes are there, with its flops and
/// floors.
void addRow(BenchResult &result, BenchRow row);

/// Measures one layer of a library.
BenchResult benchLayer(const LayerSpec &spec, const LoadedLibrary &library,
                       const BenchOptions &options, PeakCache &peaks);

/// The GPU that was measured; without a name it was this machine's CPU.
struct BenchMachine {
  std::string gpu;
  std::string chip; ///< "sm_90"
};

/// The machine and all layers as text, and as a JSON document.
std::string renderBench(const std::vector<BenchResult> &results,
                        const BenchMachine &machine);
std::string renderBenchJson(const std::vector<BenchResult> &results,
                            const BenchMachine &machine);

} // namespace eqc

#endif // EQC_BENCH_BENCHLAYER_H
