//===- BenchLayer.cpp - A layer's kernel against the limits ---------------===//

#include "compiler/Bench/BenchLayer.h"

#include "compiler/Bench/RandomArray.h"
#include "compiler/Bench/Workers.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Positions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace eqc;

const Rate &PeakCache::peak(DType dtype, int threads, double seconds) {
  for (const Entry &entry : entries)
    if (entry.dtype == dtype && entry.threads == threads)
      return entry.rate;
  entries.push_back({dtype, threads, measurePeak(dtype, threads, seconds)});
  return entries.back().rate;
}

static const PlanFlops *findPlan(const std::vector<PlanFlops> &plans,
                                 const std::string &name) {
  auto found = std::find_if(plans.begin(), plans.end(),
                            [&](const PlanFlops &p) { return p.plan == name; });
  return found == plans.end() ? nullptr : &*found;
}

static std::vector<int> threadCounts(const BenchOptions &options) {
  if (!options.threads.empty())
    return options.threads;
  int all = availableCpus();
  return all > 1 ? std::vector<int>{1, all} : std::vector<int>{1};
}

BenchResult eqc::describeBench(const LayerSpec &spec,
                               const LoadedLibrary &library,
                               const BenchOptions &options) {
  BenchResult result;
  result.spec = &spec;
  result.n = spec.dynamicN() ? options.n : spec.n;
  result.batch = options.batch ? options.batch
                 : spec.batch  ? spec.batch
                               : BenchOptions::defaultBatch;
  result.plan = library.planName(spec);
  result.plans = planFlops(spec, result.n);
  result.bestPlan =
      std::min_element(result.plans.begin(), result.plans.end(),
                       [](const PlanFlops &a, const PlanFlops &b) {
                         return a.perSample < b.perSample;
                       })
          ->plan;
  return result;
}

void eqc::addRow(BenchResult &result, BenchRow row) {
  const double batch = double(result.batch);
  const PlanFlops *own = findPlan(result.plans, result.plan);
  if (!own)
    own = findPlan(result.plans, result.bestPlan);
  row.flops = batch * own->perSample;
  row.floor = floorOf(row.flops, row.bytes, row.peak.perSecond,
                      row.bandwidth.perSecond);
  const auto rows = double(countAt(positionsOfInput(*result.spec), result.n));
  if (own->inputRows > rows && row.threads > 0 &&
      bytesOfInputRows(*result.spec, rows) > double(secondLevelCache()))
    row.passes =
        floorOf(row.flops,
                row.bytes + batch * bytesOfInputRows(*result.spec,
                                                     own->inputRows - rows),
                row.peak.perSecond, row.bandwidth.perSecond);
  for (const PlanFlops &plan : result.plans)
    row.floors.push_back(floorOf(batch * plan.perSample, row.bytes,
                                 row.peak.perSecond, row.bandwidth.perSecond));
  result.rows.push_back(std::move(row));
}

BenchResult eqc::benchLayer(const LayerSpec &spec, const LoadedLibrary &library,
                            const BenchOptions &options, PeakCache &peaks) {
  BenchResult result = describeBench(spec, library, options);
  std::optional<KernelFunctions> kernel = library.kernel(spec, result.error);
  if (!kernel)
    return result;

  LayerArrays arrays(spec, result.n, result.batch);
  if (!arrays.complete()) {
    result.error =
        fmt::format("not enough memory for a batch of {}", result.batch);
    return result;
  }

  auto callOn = [&](const LayerArrays &a) {
    return kernel->forward(result.n, result.batch, a.x.data(), a.weight.data(),
                           a.bias.data(), a.y.data());
  };
  auto call = [&] { return callOn(arrays); };
  std::optional<LayerArrays> onSmallPages;
  if (arrays.x.isLarge() || arrays.y.isLarge())
    onSmallPages.emplace(spec, result.n, result.batch, Pages::Small);
  if (int status = call()) {
    result.error = fmt::format("'{}_forward' returned {}", spec.name, status);
    return result;
  }

  std::optional<RandomArray> gradX, gradWeight, gradBias;
  auto callBackward = [&] {
    return kernel->backward(
        result.n, result.batch, arrays.x.data(), arrays.weight.data(),
        arrays.y.data(), gradX->data(), gradWeight->data(), gradBias->data());
  };
  if (options.backward) {
    gradX.emplace(spec.dtype, LayerArrays::inputs(spec, result.n, result.batch),
                  5, spec.storage);
    gradWeight.emplace(spec.dtype, LayerArrays::weights(spec), 6);
    gradBias.emplace(spec.dtype, LayerArrays::biases(spec), 7);
    if (!gradX->data() || !gradWeight->data() || !gradBias->data()) {
      result.error =
          fmt::format("not enough memory for a batch of {}", result.batch);
      return result;
    }
    if (!kernel->backward) {
      result.error = "the layer was compiled without gradients";
      return result;
    }
    if (int status = callBackward()) {
      result.error =
          fmt::format("'{}_backward' returned {}", spec.name, status);
      return result;
    }
  }

  for (int threads : threadCounts(options)) {
    BenchRow row;
    row.threads = threads;
    row.peak = peaks.peak(spec.dtype, threads, options.seconds);
    row.bytes = leastBytes(spec, result.n, result.batch);
    row.bandwidth =
        measureBandwidth(int64_t(row.bytes), threads, options.seconds);
    if (!library.setNumThreads(threads)) {
      result.error = "the library does not export 'eqc_set_num_threads'";
      return result;
    }
    row.timing = timeCalls([&] { call(); }, options.seconds);
    if (onSmallPages && onSmallPages->complete())
      row.smallPages =
          timeCalls([&] { callOn(*onSmallPages); }, options.seconds);
    if (options.backward) {
      row.backward = timeCalls([&] { callBackward(); }, options.seconds);
      row.backwardFlops =
          backwardFlops(spec, result.n, result.batch, result.plan);
    }
    addRow(result, std::move(row));
  }
  return result;
}
