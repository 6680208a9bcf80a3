//===- KernelRunner.cpp - Calls of a kernel under observation -------------===//

#include "compiler/Check/KernelRunner.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/Oracle.h"

#include <fmt/format.h>

#include <algorithm>

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

std::optional<std::vector<double>>
KernelRunner::run(int64_t n, int64_t batch, const std::vector<double> &x,
                  const std::vector<double> &weight,
                  const std::vector<double> &bias) {
  GuardedArray xArray(spec.dtype, x), wArray(spec.dtype, weight),
      bArray(spec.dtype, bias);
  const GuardedArray xBefore = xArray, wBefore = wArray, bBefore = bArray;
  const int64_t size = batch * integerPower(n, spec.l) * spec.cOut;
  GuardedArray y(spec.dtype, size), again(spec.dtype, size);
  // The bias of a layer without is ignored: give it none.
  void *biasData = spec.bias ? bArray.data() : nullptr;

  bool ok = true;
  for (GuardedArray *out : {&y, &again}) {
    int code = kernel.forward(n, batch, xArray.data(), wArray.data(), biasData,
                              out->data());
    ++calls;
    status.add(code == 0, n, batch, fmt::format("returned {}", code));
    inputs.add(xArray.sameBytes(xBefore), n, batch, "x changed");
    inputs.add(wArray.sameBytes(wBefore), n, batch, "weight changed");
    inputs.add(bArray.sameBytes(bBefore), n, batch, "bias changed");
    guards.add(out->guardsIntact(), n, batch, "memory beside y changed");
    ok = ok && code == 0;
  }
  repeats.add(!ok || y.sameBytes(again), n, batch, "results differ");
  if (!ok)
    return std::nullopt;
  return y.values();
}

std::optional<Gradients>
KernelRunner::runBackward(int64_t n, int64_t batch,
                          const std::vector<double> &x,
                          const std::vector<double> &weight,
                          const std::vector<double> &gradY, unsigned which) {
  GuardedArray xArray(spec.dtype, x), wArray(spec.dtype, weight),
      gArray(spec.dtype, gradY);
  const GuardedArray xBefore = xArray, wBefore = wArray, gBefore = gArray;
  const auto biasSize =
      static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut;
  struct Outputs {
    GuardedArray x, weight, bias;
  };
  auto make = [&] {
    return Outputs{
        GuardedArray(spec.dtype, static_cast<int64_t>(x.size())),
        GuardedArray(spec.dtype, static_cast<int64_t>(weight.size())),
        GuardedArray(spec.dtype, biasSize)};
  };
  Outputs first = make(), again = make();
  const Outputs untouched = make();

  bool ok = true;
  auto given = [&](unsigned bit, GuardedArray &array) {
    return which & bit ? array.data() : nullptr;
  };
  for (Outputs *out : {&first, &again}) {
    int code = kernel.backward(
        n, batch, given(kGradWeight, xArray), given(kGradX, wArray),
        gArray.data(), given(kGradX, out->x), given(kGradWeight, out->weight),
        given(kGradBias, out->bias));
    ++calls;
    status.add(code == 0, n, batch, fmt::format("backward returned {}", code));
    inputs.add(xArray.sameBytes(xBefore), n, batch, "x changed");
    inputs.add(wArray.sameBytes(wBefore), n, batch, "weight changed");
    inputs.add(gArray.sameBytes(gBefore), n, batch, "grad_y changed");
    guards.add(out->x.guardsIntact(), n, batch, "memory beside grad_x changed");
    guards.add(out->weight.guardsIntact(), n, batch,
               "memory beside grad_weight changed");
    guards.add(spec.bias ? out->bias.guardsIntact()
                         : out->bias.sameBytes(untouched.bias),
               n, batch, "memory beside grad_bias changed");
    ok = ok && code == 0;
  }
  repeats.add(!ok || (first.x.sameBytes(again.x) &&
                      first.weight.sameBytes(again.weight) &&
                      first.bias.sameBytes(again.bias)),
              n, batch, "gradients differ");
  if (!ok)
    return std::nullopt;
  return Gradients{first.x.values(), first.weight.values(),
                   first.bias.values()};
}

void KernelRunner::runEmptyBackward(int64_t n,
                                    const std::vector<double> &weight) {
  const auto biasSize =
      static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut;
  GuardedArray gradX(spec.dtype, 0),
      gradWeight(spec.dtype, static_cast<int64_t>(weight.size())),
      gradBias(spec.dtype, biasSize);
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
  ++emptyCalls;
}

void KernelRunner::runEmpty(int64_t n, const std::vector<double> &weight,
                            const std::vector<double> &bias) {
  GuardedArray w(spec.dtype, weight), b(spec.dtype, bias);
  GuardedArray x(spec.dtype, 0), y(spec.dtype, 0);
  void *biasData = spec.bias ? b.data() : nullptr;
  int code = kernel.forward(n, 0, nullptr, w.data(), biasData, nullptr);
  empty.add(code == 0, n, 0, fmt::format("returned {} for null x and y", code));
  code = kernel.forward(n, 0, x.data(), w.data(), biasData, y.data());
  empty.add(code == 0, n, 0, fmt::format("returned {}", code));
  empty.add(y.guardsIntact(), n, 0, "y written");
  emptyCalls += 2;
  if (hasBackward())
    runEmptyBackward(n, weight);
}

std::vector<CheckRow> KernelRunner::rows() const {
  return {empty.row(check_tests::kEmptyBatch, emptyCalls),
          status.row(check_tests::kStatus, calls),
          inputs.row(check_tests::kInputs, calls),
          guards.row(check_tests::kGuards, calls),
          repeats.row(check_tests::kRepeat, calls)};
}
