//===- KernelRunner.cpp - Calls of a kernel under observation -------------===//

#include "compiler/Check/KernelRunner.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/Oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace eqc;

void KernelRunner::Tally::add(bool ok, int64_t n, int64_t batch,
                              const std::string &what) {
  if (ok)
    return;
  if (failures++ == 0)
    first = fmt::format("{} (n = {}, batch = {})", what, n, batch);
}

CheckRow KernelRunner::Tally::row(const char *test, int64_t calls) const {
  CheckRow row;
  row.test = test;
  row.verdict = failures ? Verdict::Failed : Verdict::Ok;
  row.note = failures
                 ? fmt::format("{} of {} calls: {}", failures, calls, first)
                 : fmt::format("{} calls", calls);
  return row;
}

void KernelRunner::observe(const char *name, const GuardedArray &array,
                           int64_t n, int64_t batch) {
  const std::string side = array.touched();
  strays.add(side.empty(), n, batch,
             fmt::format("memory {} {} touched", side, name));
}

void KernelRunner::observeRest(int64_t n, int64_t batch) {
  if (!kernel.problems)
    return;
  const std::string found = kernel.problems();
  strays.add(found.empty(), n, batch, found);
}

namespace {

/// An array that a kernel must not change.
struct InputArray {
  const char *name;
  GuardedArray array;
  std::vector<unsigned char> before;

  InputArray(const char *name, ElementType type,
             const std::vector<double> &values, Placement placement)
      : name(name), array(type, values, placement), before(array.everything()) {
  }
};

/// The first element whose bits differ, in words; empty where none does. Which
/// NaN comes out of arithmetic with one is no promise.
std::string firstDifference(const std::vector<double> &before,
                            const std::vector<double> &after) {
  for (size_t i = 0; i < before.size(); ++i) {
    const double a = before[i], b = after[i];
    const bool areNaN = std::isnan(a) && std::isnan(b);
    if (!areNaN && std::memcmp(&a, &b, sizeof(a)) != 0)
      return fmt::format("element {} is {:.17g}, then {:.17g}", i, a, b);
  }
  return "";
}

constexpr Placement kPlacements[] = {Placement::Apart, Placement::First,
                                     Placement::Last};

} // namespace

std::optional<std::vector<double>>
KernelRunner::run(int64_t n, int64_t batch, const std::vector<double> &x,
                  const std::vector<double> &weight,
                  const std::vector<double> &bias) {
  const int64_t size = batch * outputPositions(spec, n) * spec.cOut;
  std::optional<std::vector<double>> result;
  for (Placement placement : kPlacements) {
    InputArray inputArrays[] = {{"x", ElementType(spec), x, placement},
                                {"weight", spec.dtype, weight, placement},
                                {"bias", spec.dtype, bias, placement}};
    auto &[xArray, wArray, bArray] = inputArrays;
    GuardedArray y(ElementType(spec), size, placement);
    // The bias of a layer without is ignored: give it none.
    int code =
        kernel.forward(n, batch, xArray.array.data(), wArray.array.data(),
                       spec.bias ? bArray.array.data() : nullptr, y.data());
    ++calls;
    status.add(code == 0, n, batch, fmt::format("returned {}", code));
    for (const InputArray &input : inputArrays) {
      inputs.add(input.array.everything() == input.before, n, batch,
                 fmt::format("{} changed", input.name));
      observe(input.name, input.array, n, batch);
    }
    guards.add(y.guardsIntact(), n, batch, "memory beside y changed");
    observe("y", y, n, batch);
    observeRest(n, batch);
    if (code != 0)
      return std::nullopt;
    const std::vector<double> values = y.values();
    if (!result)
      result = values;
    const std::string difference = firstDifference(*result, values);
    repeats.add(difference.empty(), n, batch, "results differ: " + difference);
  }
  return result;
}

std::optional<Gradients>
KernelRunner::runBackward(int64_t n, int64_t batch,
                          const std::vector<double> &x,
                          const std::vector<double> &weight,
                          const std::vector<double> &gradY, unsigned which) {
  const auto biasSize =
      static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut;
  std::optional<Gradients> result;
  for (Placement placement : kPlacements) {
    InputArray inputArrays[] = {
        {"x", ElementType(spec), x, placement},
        {"weight", spec.dtype, weight, placement},
        {"grad_y", ElementType(spec), gradY, placement}};
    auto &[xArray, wArray, gArray] = inputArrays;
    auto make = [&](int64_t size) {
      return GuardedArray(spec.dtype, size, placement);
    };
    GuardedArray gradX(ElementType(spec), static_cast<int64_t>(x.size()),
                       placement),
        gradWeight = make(static_cast<int64_t>(weight.size())),
        gradBias = make(biasSize);
    const std::vector<unsigned char> untouched = gradBias.everything();
    auto given = [&](unsigned bit, GuardedArray &array) {
      return which & bit ? array.data() : nullptr;
    };
    // Where extremes are taken of x its gradient needs it, too.
    const unsigned readsX = kGradWeight | (spec.pools() ? kGradX : 0);
    int code = kernel.backward(
        n, batch, given(readsX, xArray.array), given(kGradX, wArray.array),
        gArray.array.data(), given(kGradX, gradX),
        given(kGradWeight, gradWeight), given(kGradBias, gradBias));
    ++calls;
    status.add(code == 0, n, batch, fmt::format("backward returned {}", code));
    for (const InputArray &input : inputArrays) {
      inputs.add(input.array.everything() == input.before, n, batch,
                 fmt::format("{} changed", input.name));
      observe(input.name, input.array, n, batch);
    }
    auto examine = [&](const char *name, const GuardedArray &array, bool ok) {
      guards.add(ok, n, batch, fmt::format("memory beside {} changed", name));
      observe(name, array, n, batch);
    };
    examine("grad_x", gradX, gradX.guardsIntact());
    examine("grad_weight", gradWeight, gradWeight.guardsIntact());
    examine("grad_bias", gradBias,
            spec.bias ? gradBias.guardsIntact()
                      : gradBias.everything() == untouched);
    observeRest(n, batch);
    if (code != 0)
      return std::nullopt;
    const Gradients found = {gradX.values(), gradWeight.values(),
                             gradBias.values()};
    if (!result)
      result = found;
    for (auto part : {&Gradients::x, &Gradients::weight, &Gradients::bias}) {
      const std::string difference =
          firstDifference((*result).*part, found.*part);
      repeats.add(difference.empty(), n, batch,
                  "gradients differ: " + difference);
    }
  }
  return result;
}

void KernelRunner::runEmptyBackward(int64_t n,
                                    const std::vector<double> &weight) {
  const auto biasSize =
      static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut;
  GuardedArray gradX(ElementType(spec), 0, Placement::Apart),
      gradWeight(spec.dtype, static_cast<int64_t>(weight.size()),
                 Placement::Apart),
      gradBias(spec.dtype, biasSize, Placement::Apart);
  int code =
      kernel.backward(n, 0, nullptr, nullptr, nullptr, gradX.data(),
                      gradWeight.data(), spec.bias ? gradBias.data() : nullptr);
  empty.add(code == 0, n, 0, fmt::format("backward returned {}", code));
  auto zero = [](const GuardedArray &array) {
    const std::vector<double> values = array.values();
    return std::all_of(values.begin(), values.end(),
                       [](double v) { return v == 0; });
  };
  empty.add(zero(gradWeight), n, 0, "grad_weight is not zero");
  empty.add(zero(gradBias), n, 0, "grad_bias is not zero");
  empty.add(gradX.guardsIntact() && gradWeight.guardsIntact() &&
                gradBias.guardsIntact(),
            n, 0, "memory beside a gradient changed");
  observeRest(n, 0);
  ++emptyCalls;
}

void KernelRunner::runEmpty(int64_t n, const std::vector<double> &weight,
                            const std::vector<double> &bias) {
  GuardedArray w(spec.dtype, weight, Placement::Apart),
      b(spec.dtype, bias, Placement::Apart);
  GuardedArray x(ElementType(spec), 0, Placement::Last),
      y(ElementType(spec), 0, Placement::Apart);
  void *biasData = spec.bias ? b.data() : nullptr;
  int code = kernel.forward(n, 0, nullptr, w.data(), biasData, nullptr);
  empty.add(code == 0, n, 0, fmt::format("returned {} for null x and y", code));
  code = kernel.forward(n, 0, x.data(), w.data(), biasData, y.data());
  empty.add(code == 0, n, 0, fmt::format("returned {}", code));
  empty.add(y.guardsIntact(), n, 0, "y written");
  observeRest(n, 0);
  emptyCalls += 2;
  if (hasBackward())
    runEmptyBackward(n, weight);
}

std::vector<CheckRow> KernelRunner::rows() const {
  return {empty.row(check_tests::kEmptyBatch, emptyCalls),
          status.row(check_tests::kStatus, calls),
          inputs.row(check_tests::kInputs, calls),
          guards.row(check_tests::kGuards, calls),
          strays.row(check_tests::kStrays, calls),
          repeats.row(check_tests::kRepeat, calls)};
}
