//===- TuneLayer.cpp - The fastest plan by measuring ----------------------===//

#include "compiler/Tune/TuneLayer.h"
#include "compiler/Lowering/KernelTarget.h"

#include "compiler/Bench/RandomArray.h"
#include "compiler/Bench/Timing.h"
#include "compiler/Bench/Workers.h"
#include "compiler/Tune/InMemory.h"

#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace eqc;

/// What is predicted to take so many times the time of the best is not tried.
static constexpr double hopeless = 10;
/// What took so many times the time of the best in one call has no turns.
static constexpr double slow = 3;
/// Smaller tiles must be faster by so much: the difference is often noise.
static constexpr double worthwhile = 0.97;

// Two results within the tolerance of a third are within twice of each other.
static constexpr double toleranceF32 = 2 * 3e-5, toleranceF64 = 2 * 1e-11;

/// Elements that x and y may have together, and the predicted time of a call.
static constexpr double mostElements = 0x1p25, mostCallNs = 0.05e9;

/// A turn of a candidate takes about so long, or one call.
static constexpr double turnSeconds = 1e-3;
static constexpr int leastTurns = 5, mostTurns = 200;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// The cost model's own view, so that a file of rates does not decide what is
/// tried.
static PlanChoice choiceAt(const LayerSpec &spec, const TuneRequest &request,
                           TuneSize size) {
  const CostTarget target = costTargetOf(request.variant.machine);
  BuiltPlans own;
  PlanChoice choice = choosePlan(
      spec, target, request.compile.built ? *request.compile.built : own);
  choice.n = size.n, choice.batch = size.batch;
  for (PlanCandidate &candidate : choice.candidates)
    if (candidate.refused.empty())
      predictTimes(spec, target, size.n, size.batch, candidate);
  return choice;
}

static double leastCallNs(const PlanChoice &choice) {
  double least = INFINITY;
  for (const PlanCandidate &candidate : choice.candidates)
    if (candidate.refused.empty())
      least = std::min(least, candidate.callNs);
  return least;
}

TuneSize eqc::tuneSize(const LayerSpec &spec, const TuneRequest &request) {
  TuneSize size{spec.n, batchToAssume(spec, request.batch)};
  if (spec.dynamicN())
    size.n = request.n > 0 ? request.n : typicalN;
  PlanChoice choice = choiceAt(spec, request, size);
  const CostTarget target = costTargetOf(request.variant.machine);
  auto fits = [&] {
    for (PlanCandidate &candidate : choice.candidates)
      if (candidate.refused.empty())
        predictTimes(spec, target, size.n, size.batch, candidate);
    return LayerArrays::inputs(spec, size.n, size.batch) +
                   LayerArrays::outputs(spec, size.n, size.batch) <=
               mostElements &&
           leastCallNs(choice) <= mostCallNs;
  };
  while (!fits()) {
    // A batch of 8 fills all tiles; below it, a smaller n is nearer the truth.
    if (size.batch > 8 || (size.batch > 1 && !spec.dynamicN()))
      size.batch /= 2;
    else if (spec.dynamicN() && request.n == 0 && size.n > 4)
      size.n -= 2; // even, for Sp
    else if (size.batch > 1)
      size.batch /= 2;
    else
      return {};
  }
  return size;
}

std::vector<int64_t> eqc::registerCaps(const Machine &machine) {
  return {machine.registers, machine.registers * 3 / 4, machine.registers / 2};
}

//===----------------------------------------------------------------------===//
// Candidates in turns
//===----------------------------------------------------------------------===//

namespace {

class LayerTuner {
public:
  LayerTuner(const LayerSpec &spec, const TuneRequest &request, TuneSize size,
             TuneResult &result, CompileFailure &failure)
      : spec(spec), request(request), arrays(spec, size.n, size.batch),
        result(result), failure(failure) {
    result.n = size.n;
    result.batch = size.batch;
  }

  bool run();

private:
  /// A candidate that can be called.
  struct Running {
    size_t index; ///< in the result
    LoadedLibrary library;
    KernelFunctions kernel;
    int64_t callsPerTurn = 1;
    std::vector<double> times; ///< of a call, one of each turn
  };

  bool fail(int status, const std::string &message) {
    failure = {status, -1, "", message};
    return false;
  }
  bool prepare(PlanKind plan, int64_t registers);
  bool call(const Running &candidate);
  bool agree(const Running &candidate);
  bool takeTurns();
  template <typename T> double differenceFromReference() const;
  void dropSlow();

  const LayerSpec &spec;
  const TuneRequest &request;
  LayerArrays arrays;
  TuneResult &result;
  CompileFailure &failure;
  std::vector<Running> running;
  std::vector<char> reference; ///< y of the first candidate
};

} // namespace

bool LayerTuner::call(const Running &candidate) {
  const int status = candidate.kernel.forward(
      result.n, result.batch, arrays.x.data(), arrays.weight.data(),
      arrays.bias.data(), arrays.y.data());
  return status == 0 ||
         fail(status == -5 ? 4 : 70,
              fmt::format("'{}_forward' returned {}", spec.name, status));
}

/// Largest absolute difference over the largest absolute value.
template <typename T> double LayerTuner::differenceFromReference() const {
  auto *first = reinterpret_cast<const T *>(reference.data());
  auto *second = static_cast<const T *>(arrays.y.data());
  double difference = 0, largest = 0;
  for (size_t i = 0; i < reference.size() / sizeof(T); ++i) {
    const double a = double(first[i]), b = double(second[i]);
    if (!(std::isfinite(a) && std::isfinite(b)))
      return INFINITY;
    difference = std::max(difference, std::abs(a - b));
    largest = std::max({largest, std::abs(a), std::abs(b)});
  }
  return largest > 0 ? difference / largest : 0;
}

bool LayerTuner::agree(const Running &candidate) {
  const auto elements =
      static_cast<size_t>(LayerArrays::outputs(spec, result.n, result.batch));
  const size_t bytes = elements * size_t(spec.elementSize());
  if (reference.empty()) {
    auto *y = static_cast<const char *>(arrays.y.data());
    reference.assign(y, y + bytes);
    return true;
  }
  const bool single = spec.dtype == DType::F32;
  const double difference = single ? differenceFromReference<float>()
                                   : differenceFromReference<double>();
  if (difference <= (single ? toleranceF32 : toleranceF64))
    return true;
  const TuneCandidate &first = result.candidates[running.front().index];
  const TuneCandidate &other = result.candidates[candidate.index];
  return fail(70,
              fmt::format("layer '{}': the {} plan with {} registers and "
                          "the {} plan with {} differ by {:.2g}",
                          spec.name, planName(first.plan), first.registers,
                          planName(other.plan), other.registers, difference));
}

bool LayerTuner::prepare(PlanKind plan, int64_t registers) {
  TuneCandidate &candidate = result.candidates.emplace_back();
  candidate.plan = plan;
  candidate.registers = registers;
  CompileOptions compile = request.compile;
  compile.cpus = {request.variant.name};
  compile.gradients = false; // decided by what is called most
  compile.tuning = {{plan, registers}};
  CompileFailure why;
  std::optional<LoadedLibrary> library = compileInMemory(spec, compile, why);
  if (!library) {
    candidate.skipped = why.message;
    return why.status == 4 || fail(why.status, why.message);
  }
  std::string error;
  std::optional<KernelFunctions> kernel = library->kernel(spec, error);
  if (!kernel)
    return fail(70, error);
  Running &added = running.emplace_back(Running{result.candidates.size() - 1,
                                                std::move(*library),
                                                std::move(*kernel),
                                                1,
                                                {}});
  if (!call(added) || !agree(added))
    return false;
  const double start = now();
  if (!call(added))
    return false;
  const double took = now() - start;
  result.candidates.back().seconds = took;
  added.callsPerTurn =
      std::max<int64_t>(1, int64_t(turnSeconds / std::max(took, 1e-7)));
  return true;
}

void LayerTuner::dropSlow() {
  double least = INFINITY;
  for (const Running &candidate : running)
    least = std::min(least, result.candidates[candidate.index].seconds);
  llvm::erase_if(running, [&](const Running &candidate) {
    return result.candidates[candidate.index].seconds > slow * least;
  });
}

/// Calls the candidates in turns, each round starting with another one, so that
/// what disturbs the machine for a while disturbs them all.
bool LayerTuner::takeTurns() {
  for (Running &candidate : running)
    candidate.times.clear();
  const double end = now() + request.seconds * double(running.size());
  for (int turn = 0; turn < leastTurns || (turn < mostTurns && now() < end);
       ++turn)
    for (size_t i = 0; i < running.size(); ++i) {
      Running &candidate = running[(i + size_t(turn)) % running.size()];
      if (!call(candidate)) // not counted: another one's data is in the caches
        return false;
      const double start = now();
      for (int64_t c = 0; c < candidate.callsPerTurn; ++c)
        if (!call(candidate))
          return false;
      candidate.times.push_back((now() - start) /
                                double(candidate.callsPerTurn));
    }
  for (Running &candidate : running)
    result.candidates[candidate.index].seconds =
        summarize(candidate.times, candidate.callsPerTurn).median;
  return true;
}

/// Whether layers have all functions that are asked for under a plan.
static bool serves(PlanKind plan, const LayerSpec &spec,
                   const CompileOptions &options) {
  return !options.ragged || !spec.mayBeRagged() || rulesOf(plan).takesRagged;
}

bool LayerTuner::run() {
  if (!arrays.complete())
    return fail(4, "there is not enough memory");
  const SingleThread alone;
  const std::vector<int64_t> caps = registerCaps(request.variant.machine);
  const PlanChoice choice = choiceAt(spec, request, {result.n, result.batch});
  const double least = leastCallNs(choice);
  for (const PlanCandidate &plan : choice.candidates) {
    const PlanKind asked = request.compile.plan;
    if (!plan.refused.empty() ||
        (asked != PlanKind::Auto && plan.kind != asked) ||
        (plan.kind != asked && !serves(plan.kind, spec, request.compile)))
      continue;
    if (plan.kind != asked && plan.callNs > hopeless * least) {
      result.candidates.push_back(
          {plan.kind, caps.front(), 0,
           fmt::format("predicted to take {:.0f} times the least time",
                       plan.callNs / least)});
      continue;
    }
    if (!prepare(plan.kind, caps.front()))
      return false;
  }
  if (running.empty())
    return fail(4, "no plan can be measured");
  dropSlow();
  if (!takeTurns())
    return false;
  auto faster = [&](const Running &a, const Running &b) {
    return result.candidates[a.index].seconds <
           result.candidates[b.index].seconds;
  };
  std::iter_swap(running.begin(),
                 std::min_element(running.begin(), running.end(), faster));
  running.erase(running.begin() + 1, running.end());
  const size_t whole = running.front().index;
  for (size_t i = 1; i < caps.size(); ++i)
    if (!prepare(result.candidates[whole].plan, caps[i]))
      return false;
  if (!takeTurns())
    return false;
  result.chosen = whole;
  const auto best = std::min_element(running.begin(), running.end(), faster);
  if (result.candidates[best->index].seconds <
      worthwhile * result.candidates[whole].seconds)
    result.chosen = best->index;
  return true;
}

bool eqc::tuneLayer(const LayerSpec &spec, const TuneRequest &request,
                    TuneResult &result, CompileFailure &failure) {
  BuiltPlans built; // for the compilations of all candidates
  TuneRequest own = request;
  if (!own.compile.built)
    own.compile.built = &built;
  const TuneSize size = tuneSize(spec, own);
  // Kernels are those of what is computed in, however x and y are stored.
  LayerSpec computed = spec;
  computed.storage = Storage::AsComputed;
  if (size.batch > 0)
    return LayerTuner(computed, own, size, result, failure).run();
  failure = {4, -1, "", "one sample is too large to measure"};
  return false;
}

std::string eqc::reportTuning(const TuneRequest &request,
                              const TuneResult &result) {
  std::string text = fmt::format(
      "\n  measured at {}batch = {} on one thread with {}:\n"
      "    {:<10}{:>9}  {:>12}\n",
      result.n > 0 ? fmt::format("n = {} and ", result.n) : "", result.batch,
      request.variant.name, "plan", "registers", "call");
  for (const TuneCandidate &candidate : result.candidates)
    text +=
        fmt::format("    {:<10}{:>9}  {:>12}{}\n", planName(candidate.plan),
                    candidate.registers,
                    candidate.skipped.empty()
                        ? fmt::format("{:.4g} us", candidate.seconds * 1e6)
                        : "-",
                    candidate.skipped.empty() ? "" : "  " + candidate.skipped);
  const TuneCandidate &chosen = result.candidates[result.chosen];
  return text + fmt::format("\n  tuned: {} with tiles of {} registers\n",
                            planName(chosen.plan), chosen.registers);
}
