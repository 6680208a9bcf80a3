//===- CheckBilinear.cpp - Checks of layers of two inputs -----------------===//

#include "compiler/Check/CheckBilinear.h"
#include "compiler/Check/AtSizes.h"
#include "compiler/Check/BilinearOracle.h"
#include "compiler/Check/CheckCases.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Check/RandomElements.h"
#include "compiler/Plan/Bilinear/BilinearRole.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <map>
#include <optional>

using namespace eqc;

namespace {

/// The most channels of each array that the oracle looks at.
constexpr int64_t kMostChannels = 2;
constexpr const char *kWhole = "all channels against the oracle";
constexpr const char *kWholeGradients = "their gradients along directions";

/// What a call gives back: y, or gradients, and whether memory is as it should
/// be.
struct Gradients {
  Values x, z, weight, bias;
};

class BilinearChecker {
public:
  BilinearChecker(const LayerSpec &spec, const BilinearFunctions &kernel,
                  const CheckOptions &options)
      : spec(spec), kernel(kernel), options(options), random(options.seed),
        tolerance(spec.dtype == DType::F32 ? options.toleranceF32
                                           : options.toleranceF64) {}

  std::vector<CheckRow> run() {
    for (const CheckCase &planned : planCases(pairLayer(), options)) {
      test = planned;
      if (test.skipped)
        addRow(check_tests::kOracle).verdict = Verdict::Skipped;
      else
        runCase();
    }
    if (calls > 0) {
      addTally(check_tests::kStatus, statusFailures);
      addTally(check_tests::kInputs, inputFailures);
      addTally(check_tests::kGuards, guardFailures);
      addTally(check_tests::kStrays, strayFailures);
      addTally(check_tests::kRepeat, repeatFailures);
    }
    return std::move(table);
  }

private:
  //===--------------------------------------------------------------------===//
  // The definition
  //===--------------------------------------------------------------------===//

  /// The linear layer on x (x) z of a pair of channels.
  LayerSpec pairLayer() const {
    LayerSpec product = productLayer(spec);
    product.cIn = product.cOut = 1;
    product.layout = Layout::ChannelsLast;
    return product;
  }

  void countPositions() {
    LayerSpec side = pairLayer();
    for (BilinearRow row : {BilinearRow::Y, BilinearRow::X, BilinearRow::Z}) {
      side.k = orderOf(spec, row);
      side.xAxes = axesOf(spec, row);
      numPositions[static_cast<size_t>(row)] = inputPositions(side, test.n);
    }
  }
  int64_t positions(BilinearRow row) const {
    return numPositions[static_cast<size_t>(row)];
  }
  int64_t channels(BilinearRow row) const { return channelsOf(spec, row); }
  int64_t size(BilinearRow row) const {
    return test.batch * positions(row) * channels(row);
  }
  double at(const Values &values, BilinearRow row, int64_t sample,
            int64_t position, int64_t channel) const {
    return values[indexOf(row, sample, position, channel)];
  }
  int64_t indexOf(BilinearRow row, int64_t sample, int64_t position,
                  int64_t channel) const {
    return elementIndex(spec.layout, sample, position, positions(row), channel,
                        channels(row));
  }

  int64_t weightIndex(int64_t d, int64_t c1, int64_t c2, int64_t c3) const {
    return spec.depthwise
               ? d * spec.cOut + c3
               : ((d * spec.cIn + c1) * spec.cIn2 + c2) * spec.cOut + c3;
  }

  /// Calls body(c1, c2, c3) for the channels that are compared.
  template <typename Body> void forChannels(const Body &body) const {
    auto most = [](int64_t count) { return std::min(count, kMostChannels); };
    if (spec.depthwise) {
      // The first and the last, which a tail would get wrong.
      body(0, 0, 0);
      if (spec.cOut > 1)
        body(spec.cOut - 1, spec.cOut - 1, spec.cOut - 1);
      return;
    }
    for (int64_t c3 = spec.cOut - most(spec.cOut); c3 < spec.cOut; ++c3)
      for (int64_t c1 = spec.cIn - most(spec.cIn); c1 < spec.cIn; ++c1)
        for (int64_t c2 = spec.cIn2 - most(spec.cIn2); c2 < spec.cIn2; ++c2)
          body(c1, c2, c3);
  }

  /// x (x) z of a sample and a pair of channels.
  Values productOf(int64_t sample, int64_t c1, int64_t c2) const {
    const int64_t left = positions(BilinearRow::X);
    const int64_t right = positions(BilinearRow::Z);
    Values product(left * right);
    for (int64_t i = 0; i < left; ++i)
      for (int64_t m = 0; m < right; ++m)
        product[i * right + m] = at(x, BilinearRow::X, sample, i, c1) *
                                 at(z, BilinearRow::Z, sample, m, c2);
    return product;
  }

  Values weightsOf(int64_t c1, int64_t c2, int64_t c3) const {
    Values part;
    for (size_t d = 0; d < spec.diagrams.size(); ++d)
      part.push_back(weight[weightIndex(static_cast<int64_t>(d), c1, c2, c3)]);
    return part;
  }

  /// Weights of channels that are not compared are zero, and so are those of
  /// diagrams that would take too long.
  void drawWeights() {
    const auto diagrams = static_cast<int64_t>(spec.diagrams.size());
    weight.assign(diagrams * spec.weightsOfDiagram(), 0);
    std::vector<int64_t> numbers(diagrams);
    for (int64_t d = 0; d < diagrams; ++d)
      numbers[d] = d;
    random.shuffle(numbers);
    numbers.resize(std::min(diagrams, test.diagrams));
    for (int64_t d : numbers)
      forChannels([&](int64_t c1, int64_t c2, int64_t c3) {
        weight[weightIndex(d, c1, c2, c3)] = draw(1).front();
      });
  }

  //===--------------------------------------------------------------------===//
  // Calls
  //===--------------------------------------------------------------------===//

  /// Arrays of a call, in one placement.
  class Arrays {
  public:
    Arrays(BilinearChecker &checker, Placement placement)
        : checker(checker), placement(placement) {}
    void *read(const Values &values) {
      inputs.emplace_back(checker.spec.dtype, values, placement);
      before.push_back(inputs.back().everything());
      return inputs.back().data();
    }
    GuardedArray &written(int64_t size) {
      return outputs.emplace_back(checker.spec.dtype, size, placement);
    }
    void examine() {
      size_t i = 0;
      for (const GuardedArray &input : inputs) {
        checker.inputFailures += input.everything() != before[i++];
        checker.strayFailures += !input.touched().empty();
      }
      for (const GuardedArray &output : outputs) {
        checker.guardFailures += !output.guardsIntact();
        checker.strayFailures += !output.touched().empty();
      }
    }

  private:
    BilinearChecker &checker;
    const Placement placement;
    std::list<GuardedArray> inputs, outputs;
    std::vector<std::vector<unsigned char>> before;
  };

  static constexpr Placement kPlacements[] = {
      Placement::Apart, Placement::First, Placement::Last};

  std::optional<Values> forward(const Values &x, const Values &z) {
    std::optional<Values> result;
    for (Placement placement : kPlacements) {
      Arrays arrays(*this, placement);
      GuardedArray &y = arrays.written(size(BilinearRow::Y));
      void *xData = arrays.read(x);
      // One array may be both.
      void *zData = &x == &z ? xData : arrays.read(z);
      void *biasData = spec.bias ? arrays.read(bias) : nullptr;
      const int code = kernel.forward(test.n, test.batch, xData, zData,
                                      arrays.read(weight), biasData, y.data());
      ++calls;
      statusFailures += code != 0;
      arrays.examine();
      if (code != 0)
        return std::nullopt;
      if (!result)
        result = y.values();
      repeatFailures += !same(*result, y.values());
    }
    return result;
  }

  static bool same(const Values &a, const Values &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double p, double q) {
                        return p == q || (std::isnan(p) && std::isnan(q));
                      });
  }

  /// The gradients whose bits are set, of which x, z, weight, bias are 1, 2, 4,
  /// 8; arrays that they do not need are not given.
  std::optional<Gradients> backward(unsigned which) {
    std::optional<Gradients> result;
    for (Placement placement : kPlacements) {
      Arrays arrays(*this, placement);
      GuardedArray &gx = arrays.written(size(BilinearRow::X));
      GuardedArray &gz = arrays.written(size(BilinearRow::Z));
      GuardedArray &gw = arrays.written(static_cast<int64_t>(weight.size()));
      GuardedArray &gb = arrays.written(static_cast<int64_t>(bias.size()));
      auto given = [&](unsigned bits, const Values &values) {
        return which & bits ? arrays.read(values) : nullptr;
      };
      auto wanted = [&](unsigned bit, GuardedArray &array) {
        return which & bit ? array.data() : nullptr;
      };
      const int code = kernel.backward(
          test.n, test.batch, given(2 | 4, x), given(1 | 4, z),
          given(1 | 2, weight), arrays.read(gradY), wanted(1, gx),
          wanted(2, gz), wanted(4, gw), wanted(8, gb));
      ++calls;
      statusFailures += code != 0;
      arrays.examine();
      if (code != 0)
        return std::nullopt;
      Gradients found{gx.values(), gz.values(), gw.values(), gb.values()};
      if (!result)
        result = found;
      repeatFailures += !same(found.x, result->x) ||
                        !same(found.z, result->z) ||
                        !same(found.weight, result->weight) ||
                        (spec.bias && !same(found.bias, result->bias));
    }
    return result;
  }

  //===--------------------------------------------------------------------===//
  // Tests
  //===--------------------------------------------------------------------===//

  CheckRow &addRow(const char *name) {
    CheckRow row;
    row.test = name;
    row.n = spec.group.isProduct() ? -1 : test.n;
    row.batch = test.batch;
    row.note = test.note;
    table.push_back(std::move(row));
    return table.back();
  }

  void addTally(const char *name, int64_t failures) {
    CheckRow row;
    row.test = name;
    row.verdict = failures ? Verdict::Failed : Verdict::Ok;
    row.note = failures ? fmt::format("{} of {} calls", failures, calls)
                        : fmt::format("{} calls", calls);
    table.push_back(std::move(row));
  }

  void compare(const char *name, const Values &got, const Values &expected,
               double factor = 1) {
    CheckRow &row = addRow(name);
    row.measured = true;
    row.error = relative(largestDifference(got, expected), largest(expected));
    row.tolerance = tolerance * factor;
    row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
  }

  void fail(const char *name, const std::string &note) {
    CheckRow &row = addRow(name);
    row.verdict = Verdict::Failed;
    row.note = note;
  }

  void runCase() {
    countPositions();
    x = draw(size(BilinearRow::X));
    z = draw(size(BilinearRow::Z));
    gradY = draw(size(BilinearRow::Y));
    bias = draw(static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut);
    drawWeights();
    const std::optional<Values> y = forward(x, z);
    if (!y)
      return fail(check_tests::kOracle, "the kernel failed");
    compareWithOracle(*y);
    testEquivariance();
    testSameInput();
    if (test.batch > 1)
      testNaN(*y);
    testEmpty();
    if (kernel.backward)
      testGradients();
    if (bilinearWork(spec, test.n, test.batch) <= options.workLimit / 8)
      testWhole();
  }

  Values draw(int64_t count) {
    return drawValues(spec.dtype, count, random, options.integers);
  }

  void compareWithOracle(const Values &y) {
    const LayerSpec product = pairLayer();
    const int64_t rows = positions(BilinearRow::Y);
    Values got, expected;
    const int64_t sample = test.batch - 1;
    std::map<int64_t, Values> sums; // of each channel of y
    forChannels([&](int64_t c1, int64_t c2, int64_t c3) {
      auto [place, isNew] = sums.try_emplace(c3, rows, 0);
      Values biasOf;
      for (size_t e = 0; e < spec.biasDiagrams.size(); ++e)
        biasOf.push_back(isNew ? bias[e * spec.cOut + c3] : 0);
      const Values part =
          oracleForward(product, test.n, 1, productOf(sample, c1, c2).data(),
                        weightsOf(c1, c2, c3).data(), biasOf.data());
      for (int64_t r = 0; r < rows; ++r)
        place->second[r] += part[r];
    });
    for (const auto &[channel, values] : sums)
      for (int64_t r = 0; r < rows; ++r) {
        expected.push_back(values[r]);
        got.push_back(at(y, BilinearRow::Y, sample, r, channel));
      }
    compare(check_tests::kOracle, got, expected);
  }

  void testEquivariance() {
    RandomElements elements(spec, test.n, random, options.integers > 0);
    auto move = [&](BilinearRow row, const Values &values) {
      return elements.move(values, orderOf(spec, row), axesOf(spec, row),
                           test.batch, channels(row), spec.layout,
                           dualsOf(spec, row));
    };
    auto round = [&](Values values) {
      for (double &v : values)
        v = roundTo(spec.dtype, v);
      return values;
    };
    const Values movedX = round(move(BilinearRow::X, x));
    const Values movedZ = round(move(BilinearRow::Z, z));
    if (!staysExact(movedX, options) || !staysExact(movedZ, options))
      return;
    const auto y = forward(x, z);
    const auto moved = forward(movedX, movedZ);
    if (!y || !moved)
      return fail(check_tests::kEquivariance, "the kernel failed");
    const Values expected = move(BilinearRow::Y, *y);
    CheckRow &row = addRow(check_tests::kEquivariance);
    row.note.clear();
    row.measured = true;
    row.error = relative(largestDifference(*moved, expected),
                         std::max(largest(*y), largest(*moved)));
    row.tolerance = 4 * tolerance * elements.growth();
    row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
  }

  /// x may be z.
  void testSameInput() {
    if (size(BilinearRow::X) != size(BilinearRow::Z))
      return;
    const Values copy = x;
    const auto shared = forward(x, x), apart = forward(x, copy);
    if (!shared || !apart || !same(*shared, *apart))
      fail("x as both inputs", "differs from a copy of x");
  }

  void testNaN(const Values &y) {
    for (BilinearRow row : {BilinearRow::X, BilinearRow::Z}) {
      Values left = x, right = z;
      Values &spoilt = row == BilinearRow::X ? left : right;
      const int64_t sample = random.below(test.batch);
      spoilt[indexOf(row, sample, random.below(positions(row)),
                     random.below(channels(row)))] =
          std::numeric_limits<double>::quiet_NaN();
      const auto got = forward(left, right);
      bool good = got.has_value();
      for (int64_t s = 0; good && s < test.batch; ++s)
        for (int64_t p = 0; s != sample && p < positions(BilinearRow::Y); ++p)
          for (int64_t c = 0; c < spec.cOut; ++c)
            good &= at(*got, BilinearRow::Y, s, p, c) ==
                    at(y, BilinearRow::Y, s, p, c);
      CheckRow &tested = addRow(check_tests::kNaN);
      tested.note.clear();
      if (good)
        continue;
      tested.verdict = Verdict::Failed;
      tested.note = "another sample changed";
    }
  }

  void testEmpty() {
    GuardedArray w(spec.dtype, weight, Placement::Apart);
    GuardedArray b(spec.dtype, bias, Placement::Apart);
    bool good = kernel.forward(test.n, 0, nullptr, nullptr, w.data(),
                               spec.bias ? b.data() : nullptr, nullptr) == 0;
    if (kernel.backward) {
      GuardedArray gw(spec.dtype, static_cast<int64_t>(weight.size()),
                      Placement::Apart);
      good &= kernel.backward(test.n, 0, nullptr, nullptr, nullptr, nullptr,
                              nullptr, nullptr, gw.data(), nullptr) == 0;
      good &= largest(gw.values()) == 0;
    }
    CheckRow &row = addRow(check_tests::kEmptyBatch);
    row.note.clear();
    row.batch = 0;
    row.verdict = good ? Verdict::Ok : Verdict::Failed;
  }

  void testGradients() {
    // Channels that are not compared take no part.
    std::vector<bool> used(spec.cOut, false);
    forChannels([&](int64_t, int64_t, int64_t c3) { used[c3] = true; });
    const int64_t sample = test.batch - 1;
    for (int64_t s = 0; s < test.batch; ++s)
      for (int64_t p = 0; p < positions(BilinearRow::Y); ++p)
        for (int64_t c = 0; c < spec.cOut; ++c)
          if (!used[c] || s != sample)
            gradY[indexOf(BilinearRow::Y, s, p, c)] = 0;
    const unsigned every = spec.bias ? 15 : 7;
    const std::optional<Gradients> all = backward(every);
    if (!all)
      return fail(check_tests::kGradX, "the kernel failed");
    compareGradients(*all, sample);
    bool good = true;
    for (unsigned which = 1; which < every; ++which) {
      const std::optional<Gradients> some = backward(which);
      good &= some && (!(which & 1) || same(some->x, all->x)) &&
              (!(which & 2) || same(some->z, all->z)) &&
              (!(which & 4) || same(some->weight, all->weight)) &&
              (!(which & 8) || same(some->bias, all->bias));
    }
    CheckRow &row = addRow(check_tests::kSubsets);
    row.note.clear();
    row.verdict = good ? Verdict::Ok : Verdict::Failed;
  }

  /// All samples and channels at once; gradients by their products with random
  /// directions, along which the definition is linear.
  void testWhole() {
    weight = draw(static_cast<int64_t>(spec.diagrams.size()) *
                  spec.weightsOfDiagram());
    const auto y = forward(x, z);
    if (!y)
      return fail(kWhole, "the kernel failed");
    auto defined = [&](const Values &left, const Values &right,
                       const Values &weights, const Values &added) {
      return oracleBilinear(spec, test.n, test.batch, left.data(), right.data(),
                            weights.data(), added.data());
    };
    compare(kWhole, *y, defined(x, z, weight, bias));
    if (!kernel.backward)
      return;
    gradY = draw(size(BilinearRow::Y));
    const std::optional<Gradients> got = backward(spec.bias ? 15 : 7);
    if (!got)
      return fail(kWholeGradients, "the kernel failed");
    double error = 0;
    auto along = [&](const Values &gradient, const Values &direction,
                     const Values &slope) {
      double found = 0, expected = 0, scale = 0;
      for (size_t i = 0; i < direction.size(); ++i) {
        found += gradient[i] * direction[i];
        scale += std::abs(gradient[i] * direction[i]);
      }
      for (size_t i = 0; i < slope.size(); ++i)
        expected += slope[i] * gradY[i];
      const double difference = relative(std::abs(found - expected), scale);
      if (!(difference <= error)) // or is not a number
        error = difference;
    };
    auto like = [&](const Values &values) {
      return draw(static_cast<int64_t>(values.size()));
    };
    const Values none(bias.size(), 0), dx = like(x), dz = like(z),
                                       dw = like(weight), db = like(bias);
    along(got->x, dx, defined(dx, z, weight, none));
    along(got->z, dz, defined(x, dz, weight, none));
    along(got->weight, dw, defined(x, z, dw, none));
    if (spec.bias)
      along(got->bias, db, defined(x, z, Values(weight.size(), 0), db));
    CheckRow &row = addRow(kWholeGradients);
    row.measured = true;
    row.error = error;
    row.tolerance = tolerance;
    row.verdict = error <= tolerance ? Verdict::Ok : Verdict::Failed;
  }

  void compareGradients(const Gradients &got, int64_t sample) {
    const LayerSpec product = pairLayer();
    const int64_t rows = positions(BilinearRow::Y);
    const int64_t left = positions(BilinearRow::X);
    const int64_t right = positions(BilinearRow::Z);
    std::map<int64_t, Values> ofX, ofZ; // by channel
    Values gotWeight, expectedWeight, gotBias, expectedBias;
    forChannels([&](int64_t c1, int64_t c2, int64_t c3) {
      Values gradient(rows);
      for (int64_t r = 0; r < rows; ++r)
        gradient[r] = at(gradY, BilinearRow::Y, sample, r, c3);
      const OracleGradients part =
          oracleBackward(product, test.n, 1, productOf(sample, c1, c2).data(),
                         weightsOf(c1, c2, c3).data(), gradient.data());
      Values &gx = ofX.try_emplace(c1, left, 0).first->second;
      Values &gz = ofZ.try_emplace(c2, right, 0).first->second;
      for (int64_t i = 0; i < left; ++i)
        for (int64_t m = 0; m < right; ++m) {
          const double value = part.x[i * right + m];
          gx[i] += value * at(z, BilinearRow::Z, sample, m, c2);
          gz[m] += value * at(x, BilinearRow::X, sample, i, c1);
        }
      for (size_t d = 0; d < spec.diagrams.size(); ++d) {
        expectedWeight.push_back(part.weight[d]);
        gotWeight.push_back(
            got.weight[weightIndex(static_cast<int64_t>(d), c1, c2, c3)]);
      }
      for (size_t e = 0; e < spec.biasDiagrams.size(); ++e) {
        expectedBias.push_back(part.bias[e]);
        gotBias.push_back(got.bias[e * spec.cOut + c3]);
      }
    });
    auto compareInput = [&](const char *name, BilinearRow row,
                            const std::map<int64_t, Values> &expected,
                            const Values &found) {
      Values a, b;
      for (const auto &[channel, values] : expected)
        for (size_t p = 0; p < values.size(); ++p) {
          a.push_back(at(found, row, sample, static_cast<int64_t>(p), channel));
          b.push_back(values[p]);
        }
      compare(name, a, b);
    };
    compareInput(check_tests::kGradX, BilinearRow::X, ofX, got.x);
    compareInput("grad_z against the oracle", BilinearRow::Z, ofZ, got.z);
    compare(check_tests::kGradWeight, gotWeight, expectedWeight);
    if (spec.bias)
      compare(check_tests::kGradBias, gotBias, expectedBias);
  }

  const LayerSpec &spec;
  const BilinearFunctions &kernel;
  const CheckOptions &options;
  Random random;
  const double tolerance;
  std::vector<CheckRow> table;
  int64_t calls = 0, statusFailures = 0, inputFailures = 0, guardFailures = 0,
          strayFailures = 0, repeatFailures = 0;

  // The current case.
  CheckCase test;
  int64_t numPositions[3] = {}; ///< of each row, in this case
  Values x, z, weight, bias, gradY;
};

} // namespace

CheckReport eqc::runCheck(const LayerSpec &spec,
                          const BilinearFunctions &kernel,
                          const CheckOptions &options) {
  CheckReport report;
  report.title = fmt::format(
      "layer {}: {}, k = {} * {}, l = {}, channels {}, {}, {}, {} diagrams{}",
      spec.name,
      spec.typed ? std::string("axes of spaces")
                 : fmt::format("group {}, n = {}", groupName(spec.group),
                               spec.dynamicN() ? "?" : std::to_string(spec.n)),
      spec.k1(), spec.k2, spec.l,
      spec.depthwise
          ? std::to_string(spec.cOut)
          : fmt::format("{} * {} -> {}", spec.cIn, spec.cIn2, spec.cOut),
      spec.dtype == DType::F32 ? "f32" : "f64",
      spec.layout == Layout::ChannelsLast ? "channels_last" : "channels_first",
      spec.diagrams.size(),
      spec.bias ? fmt::format(" and {} of the bias", spec.biasDiagrams.size())
                : "");
  if (!isCheckedAtSizes(spec)) {
    report.rows = BilinearChecker(spec, kernel, options).run();
    return report;
  }
  report.rows = checkAtSizes(
      spec, options,
      [&](const LayerSpec &fixed, const CheckOptions &ofCase, int64_t n) {
        const BilinearFunctions sized = calledWith(kernel, n);
        return BilinearChecker(fixed, sized, ofCase).run();
      });
  return report;
}
