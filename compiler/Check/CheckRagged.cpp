//===- CheckRagged.cpp - Are batches of different sizes right? ------------===//

#include "compiler/Check/CheckRagged.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/Oracle.h"

#include <algorithm>
#include <limits>

using namespace eqc;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What a call gives.
struct Results {
  Values y, gradX, gradWeight, gradBias;
};

class RaggedChecker {
public:
  RaggedChecker(const LayerSpec &spec, const CheckOptions &options,
                const KernelFunctions &kernel)
      : spec(spec), options(options), kernel(kernel), random(options.seed) {}

  void run(std::vector<CheckRow> &table);

private:
  void chooseSizes();
  int64_t elements(bool input, int64_t n) const {
    return integerPower(n, input ? spec.k : spec.l) *
           (input ? spec.cIn : spec.cOut);
  }
  int64_t total(bool input) const;
  Results runSamples();
  void runSample(int64_t n, int64_t xAt, int64_t yAt, Results &results);
  Results callAll(int64_t extent, Placement placement);
  Values pad(const Values &packed, bool input, int64_t extent,
             double outside) const;
  CheckRow compare(const char *test, const char *gradients, int64_t extent,
                   const Results &expected, CheckRow &gradientRow);

  const LayerSpec &spec;
  const CheckOptions &options;
  const KernelFunctions &kernel;
  Random random;
  std::vector<int64_t> sizes;
  Values x, weight, bias, gradY;
  std::string problem; ///< the last of a comparison
  AccessWatch watch;
};

} // namespace

/// Equal sizes next to each other, first and last ones without entries; smaller
/// ones where a sample is large.
void RaggedChecker::chooseSizes() {
  const int64_t unit = rulesOf(spec.group).sizeUnit();
  for (int64_t largest : {5, 3, 2, 1}) {
    const int64_t small = std::max<int64_t>(largest / 2, 1);
    sizes = {0, largest, largest, small, 0, small, small, largest, 1, 0};
    for (int64_t &n : sizes)
      n *= unit;
    if (static_cast<double>(total(true) + total(false)) <=
        options.batchElements)
      return;
  }
}

int64_t RaggedChecker::total(bool input) const {
  int64_t sum = 0;
  for (int64_t n : sizes)
    sum += elements(input, n);
  return sum;
}

/// One sample by the layer's own functions. One without entries is the bias
/// where y is there all the same.
void RaggedChecker::runSample(int64_t n, int64_t xAt, int64_t yAt,
                              Results &results) {
  const int64_t xs = elements(true, n), ys = elements(false, n);
  if (n == 0 && spec.k + spec.l > 0) {
    for (int64_t i = 0; i < ys && spec.bias; ++i) {
      results.y[yAt + i] = bias[i];
      results.gradBias[i] += gradY[yAt + i];
    }
    return;
  }
  const int64_t size = n > 0 ? n : rulesOf(spec.group).sizeUnit();
  auto part = [&](const Values &of, int64_t first, int64_t count) {
    return GuardedArray(ElementType(spec),
                        Values(of.begin() + first, of.begin() + first + count),
                        Placement::Apart);
  };
  auto room = [&](ElementType type, size_t count) {
    return GuardedArray(type, static_cast<int64_t>(count), Placement::Apart);
  };
  GuardedArray xArray = part(x, xAt, xs), gradYArray = part(gradY, yAt, ys);
  GuardedArray weightArray(spec.dtype, weight, Placement::Apart);
  GuardedArray biasArray(spec.dtype, bias, Placement::Apart);
  GuardedArray y = room(ElementType(spec), ys),
               gradX = room(ElementType(spec), xs),
               gradWeight = room(spec.dtype, weight.size()),
               gradBias = room(spec.dtype, bias.size());
  if (kernel.forward(size, 1, xArray.data(), weightArray.data(),
                     biasArray.data(), y.data()) != 0)
    problem = "the layer's own function failed";
  const Values yValues = y.values();
  std::copy(yValues.begin(), yValues.end(), results.y.begin() + yAt);
  if (!kernel.backwardRagged)
    return;
  if (kernel.backward(size, 1, xArray.data(), weightArray.data(),
                      gradYArray.data(), gradX.data(), gradWeight.data(),
                      gradBias.data()) != 0)
    problem = "the layer's own function failed";
  const Values gradXValues = gradX.values();
  std::copy(gradXValues.begin(), gradXValues.end(),
            results.gradX.begin() + xAt);
  const Values weights = gradWeight.values(), biases = gradBias.values();
  for (size_t i = 0; i < weights.size(); ++i)
    results.gradWeight[i] += weights[i];
  for (size_t i = 0; i < biases.size(); ++i)
    results.gradBias[i] += biases[i];
}

Results RaggedChecker::runSamples() {
  Results results{Values(gradY.size()), Values(x.size()), Values(weight.size()),
                  Values(bias.size())};
  int64_t xAt = 0, yAt = 0;
  for (int64_t n : sizes) {
    runSample(n, xAt, yAt, results);
    xAt += elements(true, n);
    yAt += elements(false, n);
  }
  return results;
}

/// The packed samples as corners of arrays with axes of one extent.
Values RaggedChecker::pad(const Values &packed, bool input, int64_t extent,
                          double outside) const {
  const int64_t order = input ? spec.k : spec.l;
  const int64_t channels = input ? spec.cIn : spec.cOut;
  const int64_t room = integerPower(extent, order);
  Values padded(sizes.size() * room * channels, outside);
  int64_t from = 0;
  for (size_t s = 0; s < sizes.size(); ++s) {
    const int64_t n = sizes[s], positions = integerPower(n, order);
    for (int64_t position = 0; position < positions; ++position) {
      int64_t rest = position, place = 0, stride = 1;
      for (int64_t axis = 0; axis < order; ++axis, stride *= extent) {
        place += rest % n * stride;
        rest /= n;
      }
      for (int64_t channel = 0; channel < channels; ++channel)
        padded[elementIndex(spec.layout, static_cast<int64_t>(s), place, room,
                            channel, channels)] =
            packed[from + elementIndex(spec.layout, 0, position, positions,
                                       channel, channels)];
    }
    from += positions * channels;
  }
  return padded;
}

/// Both functions on packed arrays, or with an extent on padded ones.
Results RaggedChecker::callAll(int64_t extent, Placement placement) {
  const bool padded = extent > 0;
  auto array = [&](const Values &packed, bool input, double outside) {
    return GuardedArray(ElementType(spec),
                        padded ? pad(packed, input, extent, outside) : packed,
                        placement);
  };
  const auto batch = static_cast<int64_t>(sizes.size());
  GuardedArray xs = array(x, true, kNaN), gs = array(gradY, false, kNaN);
  GuardedArray ws(spec.dtype, weight, placement),
      bs(spec.dtype, bias, placement);
  GuardedArray y = array(Values(gradY.size(), kNaN), false, kNaN),
               gradX = array(Values(x.size(), kNaN), true, kNaN),
               gradWeight(spec.dtype, Values(weight.size(), kNaN), placement),
               gradBias(spec.dtype, Values(bias.size(), kNaN), placement);
  int status =
      padded ? kernel.forwardPadded(extent, batch, sizes.data(), xs.data(),
                                    ws.data(), bs.data(), y.data())
             : kernel.forwardRagged(batch, sizes.data(), xs.data(), ws.data(),
                                    bs.data(), y.data());
  if (status == 0 && kernel.backwardRagged)
    status = padded
                 ? kernel.backwardPadded(extent, batch, sizes.data(), xs.data(),
                                         ws.data(), gs.data(), gradX.data(),
                                         gradWeight.data(), gradBias.data())
                 : kernel.backwardRagged(batch, sizes.data(), xs.data(),
                                         ws.data(), gs.data(), gradX.data(),
                                         gradWeight.data(), gradBias.data());
  if (status != 0)
    problem = "a call returned " + std::to_string(status);
  for (const GuardedArray *each :
       {&xs, &gs, &ws, &bs, &y, &gradX, &gradWeight, &gradBias})
    if (!each->guardsIntact() || !each->touched().empty())
      problem = "a call touched memory beside its arrays";
  return {y.values(), gradX.values(), gradWeight.values(), gradBias.values()};
}

/// Rows about y, returned, and about the gradients.
CheckRow RaggedChecker::compare(const char *test, const char *gradients,
                                int64_t extent, const Results &expected,
                                CheckRow &gradientRow) {
  CheckRow row;
  for (CheckRow *each : {&row, &gradientRow}) {
    each->test = each == &row ? test : gradients;
    each->batch = static_cast<int64_t>(sizes.size());
    each->measured = true;
    each->tolerance = (spec.dtype == DType::F32 ? options.toleranceF32
                                                : options.toleranceF64) +
                      ElementType(spec).rounding();
  }
  Values y = expected.y, gradX = expected.gradX;
  if (extent > 0) {
    y = pad(y, false, extent, 0);
    gradX = pad(gradX, true, extent, 0);
  }
  for (Placement placement :
       {Placement::Apart, Placement::First, Placement::Last}) {
    const Results got = callAll(extent, placement);
    auto widen = [](CheckRow &to, const Values &a, const Values &b) {
      to.error =
          std::max(to.error, relative(largestDifference(a, b), largest(b)));
    };
    widen(row, got.y, y);
    widen(gradientRow, got.gradX, gradX);
    widen(gradientRow, got.gradWeight, expected.gradWeight);
    widen(gradientRow, got.gradBias, expected.gradBias);
  }
  for (CheckRow *each : {&row, &gradientRow}) {
    each->note = problem;
    each->verdict = problem.empty() && each->error <= each->tolerance
                        ? Verdict::Ok
                        : Verdict::Failed;
  }
  problem.clear();
  return row;
}

void RaggedChecker::run(std::vector<CheckRow> &table) {
  chooseSizes();
  auto draw = [&](int64_t count) {
    return drawValues(spec.dtype, count, random, options.integers);
  };
  auto drawTensor = [&](int64_t count) {
    return drawValues(ElementType(spec), count, random, options.integers);
  };
  x = drawTensor(total(true));
  gradY = drawTensor(total(false));
  weight =
      draw(static_cast<int64_t>(spec.diagrams.size()) * spec.cIn * spec.cOut);
  bias = draw(static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut);
  const Results expected = runSamples();
  const int64_t extent = *std::max_element(sizes.begin(), sizes.end()) +
                         rulesOf(spec.group).sizeUnit();
  for (bool padded : {false, true}) {
    CheckRow gradients;
    table.push_back(
        compare(padded ? check_tests::kPadded : check_tests::kRagged,
                padded ? check_tests::kGradPadded : check_tests::kGradRagged,
                padded ? extent : 0, expected, gradients));
    if (kernel.backwardRagged)
      table.push_back(std::move(gradients));
  }
}

void eqc::checkRagged(const LayerSpec &spec, const CheckOptions &options,
                      const KernelFunctions &kernel,
                      std::vector<CheckRow> &table) {
  RaggedChecker(spec, options, kernel).run(table);
}
