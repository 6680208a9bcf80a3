//===- CheckSums.cpp - Are long sums as exact as promised? ----------------===//
//
// The oracle adds in double precision, one term after the other. For f32 that
// is exact enough; for f64 the larger numbers are cut into pieces of few bits,
// so that every sum over pieces is exact, and the results are added up.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/CheckSums.h"
#include "compiler/Check/CheckCases.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/Oracle.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

using namespace eqc;

namespace {

/// Elements of x and y together, and operations of the oracle, of a case.
constexpr double kMostElements = 0x1p20 + 2;
constexpr double kMostWork = 0x1p22;

class SumChecker {
public:
  SumChecker(const LayerSpec &spec, const CheckOptions &options,
             KernelRunner &runner, Random &random, std::vector<CheckRow> &table,
             int64_t n, int64_t batch)
      : spec(spec), options(options), runner(runner), random(random),
        table(table), n(n), batch(batch), rows(outputPositions(spec, n)),
        columns(inputPositions(spec, n)) {}

  void run() {
    const auto mixes =
        static_cast<int64_t>(spec.diagrams.size()) * spec.cIn * spec.cOut;
    weight = draw(spec.dtype, mixes, kFewBits);
    bias = draw(spec.dtype,
                static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut,
                kFewBits);
    forward();
    if (runner.hasBackward())
      backward();
  }

private:
  /// Numbers of so many bits, whose products and sums of a million of those are
  /// exact in double precision.
  static constexpr int kFewBits = 15;

  static double keepBits(double value, int bits) {
    return std::ldexp(std::floor(std::ldexp(value, bits)), -bits);
  }

  /// Numbers in [1/2, 1), of at most `bits` bits; of either sign where cases
  /// are asked for.
  Values draw(ElementType type, int64_t count, int bits) {
    Values values(count);
    for (double &value : values) {
      value = keepBits(roundTo(type, 0.75 + random.symmetric() / 4.01), bits);
      if (!options.cases.empty() && random.below(2) == 0)
        value = -value;
    }
    return values;
  }

  /// A tensor that is constant in every channel, the same for all samples;
  /// random where cases are asked for.
  Values constants(int64_t positions, int64_t channels, int bits) {
    if (!options.cases.empty())
      return draw(ElementType(spec), batch * positions * channels, bits);
    const Values values = draw(ElementType(spec), channels, bits);
    Values tensor(batch * positions * channels);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t c = 0; c < channels; ++c)
          tensor[elementIndex(spec.layout, b, p, positions, c, channels)] =
              values[c];
    return tensor;
  }

  /// A linear function of a tensor, without the errors of double precision.
  std::vector<long double>
  exactly(const Values &tensor,
          const std::function<Values(const Values &)> &f) {
    std::vector<long double> sum;
    Values left = tensor, piece(tensor.size());
    const int pieces = spec.dtype == DType::F32 ? 1 : 4;
    for (int i = 1; i <= pieces; ++i) {
      for (size_t e = 0; e < left.size(); ++e) {
        piece[e] = i == pieces ? left[e] : keepBits(left[e], kFewBits * i);
        left[e] -= piece[e];
      }
      const Values part = f(piece);
      sum.resize(part.size());
      for (size_t e = 0; e < part.size(); ++e)
        sum[e] += part[e];
    }
    return sum;
  }

  /// The first elements, `numStored`, are those of y or of grad_x.
  void compare(const char *test, const Values &got,
               const std::vector<long double> &expected,
               const Values &magnitudes, const Values &counts,
               size_t numStored) {
    const double epsilon = spec.dtype == DType::F32 ? 0x1p-23 : 0x1p-52;
    CheckRow row;
    row.test = test;
    row.n = spec.group.isProduct() ? -1 : n;
    row.batch = batch;
    row.measured = true;
    row.tolerance = 1;
    row.note = "1 is the bound";
    for (size_t i = 0; i < got.size(); ++i) {
      double bound =
          (8 + std::log2(std::max(1.0, counts[i]))) * epsilon * magnitudes[i];
      // A number of 16 bits is rounded once more; one of f16 may be subnormal.
      const double rounding = ElementType(spec).rounding();
      if (i < numStored && rounding > 0)
        bound = bound * (1 + rounding) + 0x1p-25 +
                rounding * static_cast<double>(std::abs(expected[i]));
      const auto error = static_cast<double>(std::abs(got[i] - expected[i]));
      const double part = relative(error, bound);
      row.error = std::isnan(part) ? std::numeric_limits<double>::infinity()
                                   : std::max(row.error, part);
    }
    row.verdict = row.error <= row.tolerance ? Verdict::Ok : Verdict::Failed;
    table.push_back(std::move(row));
  }

  CheckRow failure(const char *test) const {
    CheckRow row;
    row.test = test;
    row.n = spec.group.isProduct() ? -1 : n;
    row.batch = batch;
    row.verdict = Verdict::Failed;
    row.note = "the kernel failed";
    return row;
  }

  /// The layer whose results, for ones, are the numbers of terms.
  LayerSpec counting() const {
    LayerSpec layer = spec;
    layer.normalize = Normalize::None;
    return layer;
  }
  /// What comes through a change of basis may be off by its condition more.
  static void scale(Values &magnitudes, size_t first, size_t end,
                    double condition) {
    for (size_t i = first; i < end; ++i)
      magnitudes[i] *= condition;
  }
  static Values ones(const Values &like) { return Values(like.size(), 1.0); }

  void forward() {
    // What is taken of numbers is not what is taken of their pieces.
    if (spec.pool != Pool::Sum && spec.dtype == DType::F64 &&
        !options.cases.empty())
      return;
    const Values x = constants(columns, spec.cIn, 60);
    auto y = runner.run(n, batch, x, weight, bias);
    if (!y) {
      table.push_back(failure(check_tests::kSums));
      return;
    }
    auto apply = [&](const LayerSpec &layer, const Values &in, const Values &w,
                     const Values &added, Entries entries) {
      return oracleForward(layer, n, batch, in.data(), w.data(), added.data(),
                           entries);
    };
    const Values noBias(bias.size(), 0.0);
    bool isFirst = true;
    Values magnitudes = apply(spec, absolute(x), absolute(weight),
                              absolute(bias), Entries::Absolute);
    scale(magnitudes, 0, magnitudes.size(), options.basisCondition);
    compare(
        check_tests::kSums, *y,
        exactly(x,
                [&](const Values &piece) {
                  const bool withBias = isFirst;
                  isFirst = false;
                  return apply(spec, piece, weight, withBias ? bias : noBias,
                               Entries::Signed);
                }),
        magnitudes,
        apply(counting(), ones(x), ones(weight), ones(bias), Entries::Absolute),
        y->size());
  }

  void backward() {
    const Values x = constants(columns, spec.cIn, kFewBits),
                 gradY = constants(rows, spec.cOut, 60);
    auto got = runner.runBackward(n, batch, x, weight, gradY, kAllGradients);
    if (!got) {
      table.push_back(failure(check_tests::kGradSums));
      return;
    }
    auto apply = [&](const LayerSpec &layer, const Values &in, const Values &w,
                     const Values &gradient, Entries entries) {
      const OracleGradients all = oracleBackward(
          layer, n, batch, in.data(), w.data(), gradient.data(), entries);
      Values joined = all.x;
      joined.insert(joined.end(), all.weight.begin(), all.weight.end());
      joined.insert(joined.end(), all.bias.begin(), all.bias.end());
      return joined;
    };
    Values joined = got->x;
    joined.insert(joined.end(), got->weight.begin(), got->weight.end());
    if (spec.bias)
      joined.insert(joined.end(), got->bias.begin(), got->bias.end());
    Values magnitudes = apply(spec, absolute(x), absolute(weight),
                              absolute(gradY), Entries::Absolute);
    scale(magnitudes, 0, got->x.size(), options.gradientCondition);
    const Values counts = apply(counting(), ones(x), ones(weight), ones(gradY),
                                Entries::Absolute);
    // Sums may be taken in the basis of the layer.
    if (options.basisCondition > 1) {
      const Values sums =
          apply(spec, ones(x), ones(weight), ones(gradY), Entries::Absolute);
      boundInNorm(magnitudes, got->x.size(), sums, counts, x, gradY);
      scale(magnitudes, got->x.size(), magnitudes.size(),
            options.basisCondition);
    }
    compare(check_tests::kGradSums, joined,
            exactly(gradY,
                    [&](const Values &piece) {
                      return apply(spec, x, weight, piece, Entries::Signed);
                    }),
            magnitudes, counts, got->x.size());
  }

  /// A change of basis keeps norms, not elements: a weight whose matrix has few
  /// entries is made of sums over all of x and grad_y. So what its gradient is
  /// relative to is |D| |x| |grad_y|, in the norms of Frobenius and Euclid,
  /// instead of the sum of its own terms, which is no larger. `magnitudes` are
  /// those of grad_x, of `first` elements, then of grad_weight and grad_bias;
  /// so are the sums of entries of D, over the batch, and their `counts`.
  void boundInNorm(Values &magnitudes, size_t first, const Values &sums,
                   const Values &counts, const Values &x,
                   const Values &gradY) const {
    const Values ofX = norms(x, columns, spec.cIn),
                 ofY = norms(gradY, rows, spec.cOut);
    for (size_t i = first; i < magnitudes.size(); ++i) {
      if (counts[i] == 0)
        continue;
      const bool isBias = i >= first + weight.size();
      const auto at = static_cast<int64_t>(
          i - first - (isBias ? weight.size() : size_t(0)));
      const int64_t out = at % spec.cOut, in = at / spec.cOut % spec.cIn;
      double together = 0;
      for (int64_t b = 0; b < batch; ++b)
        together +=
            ofY[b * spec.cOut + out] * (isBias ? 1.0 : ofX[b * spec.cIn + in]);
      const double norm =
          sums[i] / std::sqrt(counts[i] * static_cast<double>(batch));
      magnitudes[i] = std::max(magnitudes[i], norm * together);
    }
  }

  /// The length of every channel of every sample.
  Values norms(const Values &tensor, int64_t positions,
               int64_t channels) const {
    Values result(batch * channels);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t c = 0; c < channels; ++c) {
        double squares = 0;
        for (int64_t p = 0; p < positions; ++p) {
          const double value =
              tensor[elementIndex(spec.layout, b, p, positions, c, channels)];
          squares += value * value;
        }
        result[b * channels + c] = std::sqrt(squares);
      }
    return result;
  }

  const LayerSpec &spec;
  const CheckOptions &options;
  KernelRunner &runner;
  Random &random;
  std::vector<CheckRow> &table;
  const int64_t n, batch, rows, columns;
  Values weight, bias;
};

/// What a sample takes at a size, in units of the limits.
double shareOf(const LayerSpec &spec, const CheckOptions &options, int64_t n) {
  double work = realOutputPositions(spec, n) * static_cast<double>(spec.cIn) *
                static_cast<double>(spec.cOut) *
                static_cast<double>(spec.diagrams.size());
  work += oracleVisits(spec, n) * static_cast<double>(spec.cIn);
  const double elements =
      realInputPositions(spec, n) * static_cast<double>(spec.cIn) +
      realOutputPositions(spec, n) * static_cast<double>(spec.cOut);
  const double mostWork = std::min(kMostWork, options.callLimit);
  return std::max(work / mostWork,
                  elements / (kMostElements * (mostWork / kMostWork)));
}

} // namespace

/// Whether all sizes are powers of two.
static bool divideExactly(const LayerSpec &spec, int64_t n) {
  const size_t numSpaces = spec.group.numSpaces();
  for (size_t c = 0; c < numSpaces; ++c)
    if (const int64_t size = sizeAt(spec.group, n, static_cast<int>(c));
        (size & (size - 1)) != 0)
      return false;
  return true;
}

void eqc::checkSums(const LayerSpec &spec, const CheckOptions &options,
                    KernelRunner &runner, Random &random,
                    std::vector<CheckRow> &table) {
  auto check = [&](int64_t n, int64_t batch) {
    // Division by other numbers than powers of two is not exact in double
    // precision.
    if (spec.dtype == DType::F64 && spec.normalize == Normalize::Mean &&
        !divideExactly(spec, n))
      return;
    SumChecker(spec, options, runner, random, table, n, batch).run();
  };
  if (!options.cases.empty()) {
    for (const CheckCase &test : planCases(spec, options))
      if (!test.skipped)
        check(test.n, test.batch);
    return;
  }
  int64_t n = spec.n;
  if (spec.dynamicN()) {
    n = 2;
    while (n < (1 << 20) && shareOf(spec, options, 2 * n) <= 1)
      n *= 2;
    if (shareOf(spec, options, n) <= 1)
      check(n, 1);
    n = 2;
  }
  const double share = shareOf(spec, options, n);
  const auto most = static_cast<int64_t>(1 / share);
  if (most >= 2)
    check(n, std::min<int64_t>(most, 1 << 18));
}
