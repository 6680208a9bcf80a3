//===- BenchLayer.cpp - A layer's kernel against the limits ---------------===//

#include "compiler/Bench/BenchLayer.h"

#include "compiler/Bench/Workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

using namespace eqc;

namespace {

/// An array of the layer's elements, filled with numbers in [-1, 1).
class RandomArray {
public:
  /// `data()` is null when there is no memory for `count` elements.
  RandomArray(DType dtype, double count, uint64_t seed) : state(seed) {
    size_t width = dtype == DType::F32 ? 4 : 8;
    double bytes = std::max(count, 1.0) * double(width) + 64;
    if (bytes > 0x1p46)
      return;
    size_t rounded = (size_t(bytes) + 63) / 64 * 64;
    memory.reset(std::aligned_alloc(64, rounded));
    if (!memory)
      return;
    size_t elements = rounded / width;
    if (dtype == DType::F32)
      fill(static_cast<float *>(memory.get()), elements);
    else
      fill(static_cast<double *>(memory.get()), elements);
  }

  void *data() const { return memory.get(); }

private:
  /// xorshift64*: arrays may have gigabytes, and nothing depends on quality.
  template <typename T> void fill(T *values, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      state ^= state >> 12;
      state ^= state << 25;
      state ^= state >> 27;
      int64_t bits = int64_t(state * 0x2545F4914F6CDD1DULL) >> 40;
      values[i] = T(double(bits) * 0x1p-23);
    }
  }

  struct Freed {
    void operator()(void *p) const { std::free(p); }
  };
  std::unique_ptr<void, Freed> memory;
  uint64_t state;
};

} // namespace

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

BenchResult eqc::benchLayer(const LayerSpec &spec, const LoadedLibrary &library,
                            const BenchOptions &options, PeakCache &peaks) {
  BenchResult result;
  result.spec = &spec;
  result.n = spec.dynamicN() ? options.n : spec.n;
  result.batch = options.batch ? options.batch
                 : spec.batch  ? spec.batch
                               : BenchOptions::defaultBatch;
  result.plan = library.planName(spec);
  result.plans = planFlops(spec, result.n);
  const PlanFlops &best =
      *std::min_element(result.plans.begin(), result.plans.end(),
                        [](const PlanFlops &a, const PlanFlops &b) {
                          return a.perSample < b.perSample;
                        });
  result.bestPlan = best.plan;
  const PlanFlops *own = findPlan(result.plans, result.plan);

  std::optional<KernelFunctions> kernel = library.kernel(spec, result.error);
  if (!kernel)
    return result;

  const double batch = double(result.batch);
  double elements = double(spec.cIn * spec.cOut) * double(spec.diagrams.size());
  RandomArray weight(spec.dtype, elements, 1);
  RandomArray bias(spec.dtype,
                   double(spec.biasDiagrams.size()) * double(spec.cOut), 2);
  double xSize = batch * std::pow(double(result.n), spec.k) * double(spec.cIn);
  double ySize = batch * std::pow(double(result.n), spec.l) * double(spec.cOut);
  RandomArray x(spec.dtype, xSize, 3);
  RandomArray y(spec.dtype, ySize, 4);
  if (!weight.data() || !bias.data() || !x.data() || !y.data()) {
    result.error =
        fmt::format("not enough memory for a batch of {}", result.batch);
    return result;
  }

  auto call = [&] {
    return kernel->forward(result.n, result.batch, x.data(), weight.data(),
                           bias.data(), y.data());
  };
  if (int status = call()) {
    result.error = fmt::format("'{}_forward' returned {}", spec.name, status);
    return result;
  }

  std::optional<RandomArray> gradX, gradWeight, gradBias;
  auto callBackward = [&] {
    return kernel->backward(result.n, result.batch, x.data(), weight.data(),
                            y.data(), gradX->data(), gradWeight->data(),
                            gradBias->data());
  };
  if (options.backward) {
    gradX.emplace(spec.dtype, xSize, 5);
    gradWeight.emplace(spec.dtype, elements, 6);
    gradBias.emplace(spec.dtype,
                     double(spec.biasDiagrams.size()) * double(spec.cOut), 7);
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
    if (options.backward) {
      row.backward = timeCalls([&] { callBackward(); }, options.seconds);
      row.backwardFlops = batch * backwardFlops(spec, result.n, result.plan);
    }
    row.flops = batch * (own ? own : &best)->perSample;
    row.floor = floorOf(row.flops, row.bytes, row.peak.perSecond,
                        row.bandwidth.perSecond);
    row.bestFloor = floorOf(batch * best.perSample, row.bytes,
                            row.peak.perSecond, row.bandwidth.perSecond);
    result.rows.push_back(row);
  }
  return result;
}
