//===- CheckValues.cpp - Tensors of a check -------------------------------===//

#include "compiler/Check/CheckValues.h"
#include "compiler/Check/GuardedArray.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eqc;

Values eqc::drawValues(ElementType type, int64_t count, Random &random,
                       int64_t integers) {
  Values values(count);
  for (double &v : values)
    v = integers > 0
            ? static_cast<double>(random.below(2 * integers + 1) - integers)
            : roundTo(type, random.symmetric());
  return values;
}

double eqc::largest(const Values &values) {
  double result = 0;
  for (double v : values)
    result = std::max(result, std::abs(v));
  return result;
}

bool eqc::staysExact(const Values &moved, const CheckOptions &options) {
  return options.integers == 0 ||
         largest(moved) <= 2.0 * static_cast<double>(options.integers);
}

double eqc::largestDifference(const Values &a, const Values &b) {
  double result = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    double difference = std::abs(a[i] - b[i]);
    if (!std::isfinite(difference))
      return std::numeric_limits<double>::infinity();
    result = std::max(result, difference);
  }
  return result;
}

Values eqc::absolute(Values values) {
  for (double &value : values)
    value = std::abs(value);
  return values;
}

double eqc::relative(double error, double scale) {
  return scale > 0 ? error / scale : error;
}

int64_t eqc::elementIndex(Layout layout, int64_t sample, int64_t position,
                          int64_t positions, int64_t channel,
                          int64_t channels) {
  return layout == Layout::ChannelsLast
             ? (sample * positions + position) * channels + channel
             : (sample * channels + channel) * positions + position;
}

Values eqc::selectPart(const Values &tensor, Layout layout,
                       const std::vector<int64_t> &samples, int64_t positions,
                       int64_t channels, const std::vector<int64_t> &chosen) {
  const int64_t batch = static_cast<int64_t>(samples.size());
  const int64_t count = static_cast<int64_t>(chosen.size());
  Values result(batch * positions * count);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t c = 0; c < count; ++c)
        result[elementIndex(layout, b, p, positions, c, count)] =
            tensor[elementIndex(layout, samples[b], p, positions, chosen[c],
                                channels)];
  return result;
}
