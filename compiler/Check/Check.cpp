//===- Check.cpp - Is a compiled layer right? -----------------------------===//
//
// The order of random draws is part of the reproducibility of a seed: keep it
// independent of results.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/Check.h"
#include "compiler/Check/AtSizes.h"
#include "compiler/Check/CheckCases.h"
#include "compiler/Check/CheckGradients.h"
#include "compiler/Check/CheckRagged.h"
#include "compiler/Check/CheckSums.h"
#include "compiler/Check/CheckSymmetry.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/KernelRunner.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Check/RandomElements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

using namespace eqc;

namespace {

class LayerChecker {
public:
  LayerChecker(const LayerSpec &spec, const KernelFunctions &kernel,
               const CheckOptions &options)
      : spec(spec), options(options), runner(spec, kernel),
        random(options.seed),
        tolerance((spec.dtype == DType::F32 ? options.toleranceF32
                                            : options.toleranceF64) +
                  ElementType(spec).rounding()) {}

  std::vector<CheckRow> run();

private:
  void runCase(const CheckCase &test);
  void compareWithOracle(const CheckCase &test, const Values &y);
  void testEquivariance(const CheckCase &test);
  void testSymmetry(const CheckCase &test, const Values &y);
  void testNaN(const CheckCase &test, const Values &y);

  Values draw(int64_t count);
  Values drawInput(const CheckCase &test);
  std::vector<int64_t> choose(int64_t count, int64_t total);
  CheckRow &addRow(const char *name, const CheckCase &test);

  const LayerSpec &spec;
  const CheckOptions &options;
  KernelRunner runner;
  Random random;
  double tolerance;
  std::vector<CheckRow> table;

  // The current case.
  Values x, weight, bias;
  std::vector<int64_t> samples, inputChannels, outputChannels;
  std::vector<bool> diagramUsed;
  double scale = 0; ///< of y
};

} // namespace

Values LayerChecker::draw(int64_t count) {
  return drawValues(spec.dtype, count, random, options.integers);
}

/// An x that keeps the promise of its symmetry.
Values LayerChecker::drawInput(const CheckCase &test) {
  Values in = drawValues(ElementType(spec),
                         test.batch * inputPositions(spec, test.n) * spec.cIn,
                         random, options.integers);
  makeSymmetric(in, spec, test.n, test.batch);
  return in;
}

/// `count` different numbers below `total`, ascending.
std::vector<int64_t> LayerChecker::choose(int64_t count, int64_t total) {
  std::vector<int64_t> numbers(total);
  std::iota(numbers.begin(), numbers.end(), 0);
  if (count < total) {
    random.shuffle(numbers);
    numbers.resize(count);
    std::sort(numbers.begin(), numbers.end());
  }
  return numbers;
}

CheckRow &LayerChecker::addRow(const char *name, const CheckCase &test) {
  CheckRow row;
  row.test = name;
  row.n = spec.group.isProduct() ? -1 : test.n;
  row.batch = test.batch;
  row.note = test.note;
  table.push_back(std::move(row));
  return table.back();
}

void LayerChecker::compareWithOracle(const CheckCase &test, const Values &y) {
  // Linear algebra: the chosen outputs depend on the chosen inputs (the others
  // are zero) through the chosen part of the weights alone.
  LayerSpec part = spec;
  part.cIn = static_cast<int64_t>(inputChannels.size());
  part.cOut = static_cast<int64_t>(outputChannels.size());
  const int64_t rows = outputPositions(spec, test.n);
  const int64_t cols = inputPositions(spec, test.n);
  Values partWeight, partBias;
  for (size_t d = 0; d < spec.diagrams.size(); ++d)
    for (int64_t ci : inputChannels)
      for (int64_t co : outputChannels)
        partWeight.push_back(weight[(d * spec.cIn + ci) * spec.cOut + co]);
  for (size_t e = 0; e < spec.biasDiagrams.size(); ++e)
    for (int64_t co : outputChannels)
      partBias.push_back(bias[e * spec.cOut + co]);
  const Values partX =
      selectPart(x, spec.layout, samples, cols, spec.cIn, inputChannels);
  auto evaluate = [&](const Values &in, const Values &w, const Values &b,
                      Entries entries) {
    return oracleForward(part, test.n, test.samples, in.data(), w.data(),
                         b.data(), entries);
  };
  const Values expected =
      evaluate(partX, partWeight, partBias, Entries::Signed);
  scale = scaleOf(spec, expected, [&] {
    return evaluate(absolute(partX), absolute(partWeight), absolute(partBias),
                    Entries::Absolute);
  });
  Values got =
      selectPart(y, spec.layout, samples, rows, spec.cOut, outputChannels);

  CheckRow &row = addRow(check_tests::kOracle, test);
  row.measured = true;
  row.error = relative(largestDifference(got, expected), scale);
  row.tolerance = tolerance;
  row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
}

void LayerChecker::testEquivariance(const CheckCase &test) {
  const Values in = drawInput(test);
  RandomElements elements(spec, test.n, random, options.integers > 0);
  Values moved = elements.move(in, spec.k, spec.xAxes, test.batch, spec.cIn,
                               spec.layout, spec.xDuals);
  if (!staysExact(moved, options))
    return;
  for (double &v : moved)
    v = roundTo(ElementType(spec), v);
  auto y = runner.run(test.n, test.batch, in, weight, bias);
  auto yOfMoved = runner.run(test.n, test.batch, moved, weight, bias);

  CheckRow &row = addRow(check_tests::kEquivariance, test);
  row.note.clear();
  if (!y || !yOfMoved) {
    row.verdict = Verdict::Failed;
    row.note = "the kernel failed";
    return;
  }
  const Values movedY = elements.move(*y, spec.l, spec.yAxes, test.batch,
                                      spec.cOut, spec.layout, spec.yDuals);
  row.measured = true;
  row.error = relative(largestDifference(*yOfMoved, movedY),
                       std::max({largest(*y), largest(*yOfMoved), scale}));
  row.tolerance = 4 * tolerance * elements.growth();
  row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
}

/// That y is what its symmetry makes of it.
void LayerChecker::testSymmetry(const CheckCase &test, const Values &y) {
  CheckRow &row = addRow(check_tests::kSymmetry, test);
  row.note.clear();
  row.measured = true;
  for (const AxisPermutation &generator : spec.symmetry.out)
    row.error = std::max(
        row.error,
        relative(largestDifference(
                     y, permuteOutput(y, generator, spec, test.n, test.batch)),
                 std::max(largest(y), scale)));
  row.tolerance = 2 * tolerance;
  row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
}

void LayerChecker::testNaN(const CheckCase &test, const Values &y) {
  const int64_t rows = outputPositions(spec, test.n);
  const int64_t cols = inputPositions(spec, test.n);
  const int64_t sample = random.below(test.batch);
  const int64_t position = random.below(cols);
  const int64_t channel = random.below(spec.cIn);
  Values spoilt = x;
  spoilt[elementIndex(spec.layout, sample, position, cols, channel, spec.cIn)] =
      std::numeric_limits<double>::quiet_NaN();
  auto got = runner.run(test.n, test.batch, spoilt, weight, bias);

  CheckRow &row = addRow(check_tests::kNaN, test);
  row.note.clear();
  if (!got) {
    row.verdict = Verdict::Failed;
    row.note = "the kernel failed";
    return;
  }

  // Which rows of the spoilt sample may, and which must, be spoilt: a zero
  // weight may hide a NaN or not.
  std::vector<bool> may(rows, !options.nanWithinSample), must(rows, false);
  if (options.nanWithinSample)
    for (size_t d = 0; d < spec.diagrams.size(); ++d) {
      markDependentRows(spec, d, test.n, position, may);
      if (diagramUsed[d])
        markDependentRows(spec, d, test.n, position, must);
    }

  const double scale = std::max(largest(y), this->scale);
  row.measured = true;
  row.tolerance = tolerance;
  for (int64_t s = 0; s < test.batch; ++s)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < spec.cOut; ++c) {
        int64_t i = elementIndex(spec.layout, s, r, rows, c, spec.cOut);
        bool finite = std::isfinite((*got)[i]);
        if (s == sample && must[r] && finite && row.verdict == Verdict::Ok) {
          row.verdict = Verdict::Failed;
          row.note = "an element that depends on a NaN is finite";
        }
        if (s == sample && may[r])
          continue;
        double error = finite ? relative(std::abs((*got)[i] - y[i]), scale)
                              : std::numeric_limits<double>::infinity();
        row.error = std::max(row.error, error);
        if (error <= row.tolerance || row.verdict == Verdict::Failed)
          continue;
        row.verdict = Verdict::Failed;
        row.note = s == sample
                       ? "a NaN reached an element that does not depend on it"
                       : fmt::format("a NaN in sample {} reached sample {}",
                                     sample, s);
      }
}

void LayerChecker::runCase(const CheckCase &test) {
  const int64_t cols = inputPositions(spec, test.n);
  const int64_t diagrams = static_cast<int64_t>(spec.diagrams.size());
  const int64_t mixSize = spec.cIn * spec.cOut;
  samples = choose(test.samples, test.batch);
  inputChannels = choose(test.cIn, spec.cIn);
  outputChannels = choose(test.cOut, spec.cOut);
  diagramUsed.assign(diagrams, false);
  for (int64_t d : choose(test.diagrams, diagrams))
    diagramUsed[d] = true;

  x = drawInput(test);
  weight = draw(diagrams * mixSize);
  bias = draw(static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut);
  for (int64_t d = 0; d < diagrams; ++d)
    if (!diagramUsed[d])
      std::fill_n(weight.begin() + d * mixSize, mixSize, 0.0);
  std::vector<bool> channelUsed(spec.cIn, false);
  for (int64_t c : inputChannels)
    channelUsed[c] = true;
  for (int64_t c = 0; c < spec.cIn; ++c)
    if (!channelUsed[c])
      for (int64_t b = 0; b < test.batch; ++b)
        for (int64_t p = 0; p < cols; ++p)
          x[elementIndex(spec.layout, b, p, cols, c, spec.cIn)] = 0;

  auto y = runner.run(test.n, test.batch, x, weight, bias);
  if (!y) {
    CheckRow &row = addRow(check_tests::kOracle, test);
    row.verdict = Verdict::Failed;
    row.note = "the kernel failed";
    return;
  }
  compareWithOracle(test, *y);
  if (!options.oracleOnly) {
    if (!spec.symmetry.out.empty())
      testSymmetry(test, *y);
    testEquivariance(test);
    if (test.batch > 1)
      testNaN(test, *y);
  }
  if (runner.hasBackward())
    checkGradients({spec, options, test, x, weight, samples, inputChannels,
                    outputChannels, diagramUsed},
                   runner, random, table);
}

std::vector<CheckRow> LayerChecker::run() {
  std::set<int64_t> emptyRun;
  for (const CheckCase &test : planCases(spec, options)) {
    if (test.skipped) {
      addRow(check_tests::kOracle, test).verdict = Verdict::Skipped;
      continue;
    }
    runCase(test);
    if (emptyRun.insert(test.n).second)
      runner.runEmpty(test.n, weight, bias);
  }
  if (!emptyRun.empty() && options.integers == 0 && !options.oracleOnly)
    checkSums(spec, options, runner, random, table);
  // Without a single case there is nothing to say about calls.
  if (!emptyRun.empty())
    for (CheckRow &row : runner.rows())
      table.push_back(std::move(row));
  return std::move(table);
}

CheckReport eqc::runCheck(const LayerSpec &spec, const KernelFunctions &kernel,
                          const CheckOptions &options) {
  CheckReport report;
  std::string n = spec.dynamicN() ? "?" : std::to_string(spec.n);
  std::string acting =
      fmt::format("group {}, n = {}", groupName(spec.group), n);
  if (spec.typed) {
    acting = spec.spaces().empty() ? "no axes" : "axes of ";
    auto add = [&](const std::string &name, const std::string &what) {
      acting += (acting.back() == ' ' ? "" : " ") + name + ":" + what;
    };
    for (const Space &space : spec.spaces())
      add(space.name, spaceText(space));
    for (const SpaceSum &sum : spec.group.sums())
      add(sum.name, summandsText(spec.group.spaces(), sum, "+"));
  }
  report.title = fmt::format(
      "layer {}: {}, k = {}, l = {}, channels {} -> {}, {}, {}, "
      "{} diagrams{}",
      spec.name, acting, spec.k, spec.l, spec.cIn, spec.cOut,
      dtypeName(spec.dtype, spec.storage),
      spec.layout == Layout::ChannelsLast ? "channels_last" : "channels_first",
      spec.diagrams.size(),
      spec.bias ? fmt::format(" and {} of the bias", spec.biasDiagrams.size())
                : "");
  if (isCheckedAtSizes(spec))
    report.rows = checkAtSizes(
        spec, options,
        [&](const LayerSpec &fixed, const CheckOptions &ofCase, int64_t n) {
          KernelFunctions sized = calledWith(kernel, n);
          sized.problems = kernel.problems;
          return LayerChecker(fixed, sized, ofCase).run();
        });
  else
    report.rows = LayerChecker(spec, kernel, options).run();
  // Without a single case not even one sample is small enough.
  if (kernel.forwardRagged && report.checked())
    checkRagged(spec, options, kernel, report.rows);
  return report;
}
