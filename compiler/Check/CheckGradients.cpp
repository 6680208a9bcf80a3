//===- CheckGradients.cpp - Are the gradients of a layer right? -----------===//

#include "compiler/Check/CheckGradients.h"
#include "compiler/Check/Oracle.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

using namespace eqc;

namespace {

class GradientChecker {
public:
  GradientChecker(const GradientCase &test, KernelRunner &runner,
                  Random &random, std::vector<CheckRow> &table)
      : c(test), spec(test.spec), runner(runner), random(random), table(table),
        rows(outputPositions(spec, test.test.n)),
        cols(inputPositions(spec, test.test.n)),
        tolerance((spec.dtype == DType::F32 ? c.options.toleranceF32
                                            : c.options.toleranceF64) +
                  ElementType(spec).rounding()) {}

  void run() {
    drawGradient();
    std::optional<Gradients> all = call(gradY, kAllGradients);
    if (!all) {
      CheckRow &row = addRow(check_tests::kGradX);
      row.verdict = Verdict::Failed;
      row.note = "the kernel failed";
      return;
    }
    compareWithOracle(*all);
    if (c.options.oracleOnly)
      return;
    testSubsets(*all);
    if (c.test.batch > 1)
      testNaN(all->x);
  }

private:
  CheckRow &addRow(const char *name) {
    CheckRow row;
    row.test = name;
    row.n = spec.group.isProduct() ? -1 : c.test.n;
    row.batch = c.test.batch;
    table.push_back(std::move(row));
    return table.back();
  }

  std::optional<Gradients> call(const Values &gradient, unsigned which) {
    return runner.runBackward(c.test.n, c.test.batch, c.x, c.weight, gradient,
                              which);
  }

  /// Zero outside the chosen part, so that only that contributes.
  void drawGradient() {
    gradY = drawValues(ElementType(spec), c.test.batch * rows * spec.cOut,
                       random, c.options.integers);
    std::vector<bool> sampleUsed(c.test.batch, false),
        channelUsed(spec.cOut, false);
    for (int64_t s : c.samples)
      sampleUsed[s] = true;
    for (int64_t channel : c.outputChannels)
      channelUsed[channel] = true;
    for (int64_t s = 0; s < c.test.batch; ++s)
      for (int64_t p = 0; p < rows; ++p)
        for (int64_t channel = 0; channel < spec.cOut; ++channel)
          if (!sampleUsed[s] || !channelUsed[channel])
            gradY[elementIndex(spec.layout, s, p, rows, channel, spec.cOut)] =
                0;
  }

  void compare(const char *name, const Values &got, const Values &expected,
               double scale) {
    CheckRow &row = addRow(name);
    row.note = c.test.note;
    row.measured = true;
    row.error = relative(largestDifference(got, expected), scale);
    row.tolerance = tolerance;
    row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
  }

  void compareWithOracle(const Gradients &got) {
    LayerSpec part = spec;
    part.cIn = static_cast<int64_t>(c.inputChannels.size());
    part.cOut = static_cast<int64_t>(c.outputChannels.size());
    part.diagrams.clear();
    Values weight, gradWeight, gradBias;
    for (size_t d = 0; d < spec.diagrams.size(); ++d) {
      if (!c.diagramUsed[d])
        continue;
      part.diagrams.push_back(spec.diagrams[d]);
      for (int64_t ci : c.inputChannels)
        for (int64_t co : c.outputChannels) {
          const int64_t at =
              (static_cast<int64_t>(d) * spec.cIn + ci) * spec.cOut + co;
          weight.push_back(c.weight[at]);
          gradWeight.push_back(got.weight[at]);
        }
    }
    for (size_t e = 0; e < spec.biasDiagrams.size(); ++e)
      for (int64_t co : c.outputChannels)
        gradBias.push_back(got.bias[e * spec.cOut + co]);
    const Values x = selectPart(c.x, spec.layout, c.samples, cols, spec.cIn,
                                c.inputChannels),
                 gradient = selectPart(gradY, spec.layout, c.samples, rows,
                                       spec.cOut, c.outputChannels);
    auto evaluate = [&](const Values &in, const Values &w, const Values &out,
                        Entries entries) {
      return oracleBackward(part, c.test.n, c.test.samples, in.data(), w.data(),
                            out.data(), entries);
    };
    const OracleGradients expected =
        evaluate(x, weight, gradient, Entries::Signed);
    OracleGradients magnitudes;
    if (spec.combinesDiagrams())
      magnitudes = evaluate(absolute(x), absolute(weight), absolute(gradient),
                            Entries::Absolute);
    auto compareTo = [&](const char *name, const Values &values,
                         Values OracleGradients::*member) {
      const double scale =
          scaleOf(spec, expected.*member,
                  [&]() -> const Values & { return magnitudes.*member; });
      compare(name, values, expected.*member, scale);
      return scale;
    };
    scaleOfX = compareTo(check_tests::kGradX,
                         selectPart(got.x, spec.layout, c.samples, cols,
                                    spec.cIn, c.inputChannels),
                         &OracleGradients::x);
    compareTo(check_tests::kGradWeight, gradWeight, &OracleGradients::weight);
    if (spec.bias)
      compareTo(check_tests::kGradBias, gradBias, &OracleGradients::bias);
  }

  void testSubsets(const Gradients &all) {
    CheckRow &row = addRow(check_tests::kSubsets);
    for (unsigned which = 1; which < kAllGradients; ++which) {
      if (which == kGradBias && !spec.bias)
        continue;
      std::optional<Gradients> some = call(gradY, which);
      auto same = [&](unsigned bit, const Values &a, const Values &b) {
        return !(which & bit) || a == b;
      };
      if (some && same(kGradX, some->x, all.x) &&
          same(kGradWeight, some->weight, all.weight) &&
          same(kGradBias, some->bias, all.bias))
        continue;
      row.verdict = Verdict::Failed;
      row.note = "one alone, or two together, differ from all three";
    }
  }

  void testNaN(const Values &gradX) {
    const int64_t sample = random.below(c.test.batch);
    const int64_t position = random.below(rows);
    const int64_t channel = random.below(spec.cOut);
    Values spoilt = gradY;
    spoilt[elementIndex(spec.layout, sample, position, rows, channel,
                        spec.cOut)] = std::numeric_limits<double>::quiet_NaN();
    std::optional<Gradients> got = call(spoilt, kGradX);
    CheckRow &row = addRow(check_tests::kGradNaN);
    if (!got) {
      row.verdict = Verdict::Failed;
      row.note = "the kernel failed";
      return;
    }
    // A zero weight may hide a NaN or not.
    std::vector<bool> may(cols, !c.options.nanWithinSample), must(cols, false);
    if (c.options.nanWithinSample)
      for (size_t d = 0; d < spec.diagrams.size(); ++d) {
        markDependentColumns(spec, d, c.test.n, position, may);
        // A largest entry of x is one of those that it might be.
        if (c.diagramUsed[d] && spec.pool == Pool::Sum)
          markDependentColumns(spec, d, c.test.n, position, must);
      }
    const double scale = std::max(largest(gradX), scaleOfX);
    row.measured = true;
    row.tolerance = tolerance;
    for (int64_t s = 0; s < c.test.batch; ++s)
      for (int64_t p = 0; p < cols; ++p)
        for (int64_t ci = 0; ci < spec.cIn; ++ci) {
          const int64_t i = elementIndex(spec.layout, s, p, cols, ci, spec.cIn);
          const bool finite = std::isfinite(got->x[i]);
          if (s == sample && must[p] && finite && row.verdict == Verdict::Ok) {
            row.verdict = Verdict::Failed;
            row.note = "an element that depends on a NaN is finite";
          }
          if (s == sample && may[p])
            continue;
          const double error =
              finite ? relative(std::abs(got->x[i] - gradX[i]), scale)
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

  const GradientCase &c;
  const LayerSpec &spec;
  KernelRunner &runner;
  Random &random;
  std::vector<CheckRow> &table;
  const int64_t rows, cols;
  const double tolerance;
  Values gradY;
  double scaleOfX = 0; ///< of grad_x
};

} // namespace

void eqc::checkGradients(const GradientCase &test, KernelRunner &runner,
                         Random &random, std::vector<CheckRow> &table) {
  GradientChecker(test, runner, random, table).run();
}
