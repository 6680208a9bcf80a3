//===- Combinatorics.cpp - Numbers of partitions and matchings ------------===//

#include "compiler/Algebra/Combinatorics.h"

#include <algorithm>
#include <cassert>
#include <utility>

using namespace eqc;

/// Every count of this many vertices that grows at all is past 2^64 - 1: the
/// slowest, partitions into at most two blocks, is 2^(N-1).
static constexpr uint64_t kManyVertices = 64;

Count eqc::add(Count a, Count b) {
  Count sum;
  if (a.saturated || b.saturated ||
      __builtin_add_overflow(a.value, b.value, &sum.value))
    return kSaturated;
  return sum;
}

Count eqc::multiply(Count a, Count b) {
  if ((a.value == 0 && !a.saturated) || (b.value == 0 && !b.saturated))
    return {};
  Count product;
  if (a.saturated || b.saturated ||
      __builtin_mul_overflow(a.value, b.value, &product.value))
    return kSaturated;
  return product;
}

/// Partitions of few vertices by the number of their blocks.
static std::vector<Count> stirlingNumbers(size_t size) {
  std::vector<Count> stirling(size + 1);
  stirling[0].value = 1;
  for (size_t m = 1; m <= size; ++m) {
    for (size_t b = m; b > 0; --b)
      stirling[b] = add(multiply({b, false}, stirling[b]), stirling[b - 1]);
    stirling[0].value = 0;
  }
  return stirling;
}

Count eqc::countPartitionsInto(int64_t n, uint64_t numVertices) {
  if (n < 0 || static_cast<uint64_t>(n) > numVertices)
    return {};
  if (n == 1)
    return {1, false};
  if (numVertices > kManyVertices)
    return n == 0 ? Count() : kSaturated;
  return stirlingNumbers(numVertices)[static_cast<size_t>(n)];
}

Count eqc::countPartitions(int64_t n, uint64_t numVertices) {
  if (numVertices == 0 || n == 1)
    return {1, false};
  if (n == 0)
    return {};
  if (numVertices > kManyVertices)
    return kSaturated;
  size_t size = static_cast<size_t>(numVertices);
  const std::vector<Count> stirling = stirlingNumbers(size);
  size_t most = n < 0 ? size : std::min<uint64_t>(size, n);
  Count total;
  for (size_t b = 0; b <= most; ++b)
    total = add(total, stirling[b]);
  return total;
}

Count eqc::countMatchings(uint64_t numVertices) {
  if (numVertices % 2 != 0)
    return {};
  if (numVertices > kManyVertices)
    return kSaturated;
  Count total = {1, false};
  for (uint64_t odd = 3; odd < numVertices; odd += 2)
    total = multiply(total, {odd, false});
  return total;
}

Count eqc::countEvenPartitions(int64_t n, uint64_t numVertices) {
  if (numVertices % 2 != 0)
    return {};
  if (numVertices == 0 || n == 1)
    return {1, false};
  if (numVertices > kManyVertices) // 2^(N-2) into at most two
    return kSaturated;
  // T(m, b) = b^2 T(m-1, b) + (2b-1) T(m-1, b-1), partitions of 2m vertices
  // into b blocks (the triangle A156289 of the OEIS).
  const uint64_t pairs = numVertices / 2;
  std::vector<Count> blocks(pairs + 1);
  blocks[0].value = 1;
  for (uint64_t m = 1; m <= pairs; ++m) {
    for (uint64_t b = m; b > 0; --b)
      blocks[b] = add(multiply({b * b, false}, blocks[b]),
                      multiply({2 * b - 1, false}, blocks[b - 1]));
    blocks[0].value = 0;
  }
  const uint64_t most = n < 0 ? pairs : std::min<uint64_t>(pairs, n);
  Count total;
  for (uint64_t b = 0; b <= most; ++b)
    total = add(total, blocks[b]);
  return total;
}

Count eqc::countInvolutions(uint64_t numVertices) {
  if (numVertices > kManyVertices)
    return kSaturated;
  // The last vertex is alone, or paired with one of the others.
  Count before = {1, false}, count = {1, false};
  for (uint64_t size = 2; size <= numVertices; ++size)
    std::swap(before = add(count, multiply({size - 1, false}, before)), count);
  return count;
}

Count eqc::binomial(uint64_t size, uint64_t r) {
  r = std::min(r, size - r);
  uint64_t value = 1;
  // Grows with every step and at least doubles, so few steps are made.
  for (uint64_t i = 1; i <= r; ++i) {
    unsigned __int128 next =
        static_cast<unsigned __int128>(value) * (size - r + i) / i;
    if (next > UINT64_MAX)
      return kSaturated;
    value = static_cast<uint64_t>(next);
  }
  return {value, false};
}

//===----------------------------------------------------------------------===//
// Tableaux
//===----------------------------------------------------------------------===//

namespace {

class TableauSum {
public:
  /// Without a shape the squares for the partitions themselves.
  TableauSum(int64_t n, int64_t maxParts, ShapeOf shape)
      : n(n), maxParts(maxParts), shape(shape) {}

  Count compute(int64_t size) {
    addPartitions(size, size);
    return total;
  }

private:
  /// Adds all partitions that extend `mu` by `rest`, parts at most `largest`.
  void addPartitions(int64_t rest, int64_t largest) {
    if (total.saturated)
      return;
    if (rest == 0) {
      const Count tableaux = countTableaux(shape ? shape(mu, n) : mu);
      total = add(total, shape ? tableaux : multiply(tableaux, tableaux));
      return;
    }
    if (static_cast<int64_t>(mu.size()) == maxParts)
      return;
    for (int64_t part = std::min(rest, largest); part > 0; --part) {
      mu.push_back(part);
      addPartitions(rest - part, part);
      mu.pop_back();
    }
  }

  /// The hook length formula, by the exponents of primes: N! does not fit.
  static Count countTableaux(const std::vector<int64_t> &lambda);

  int64_t n, maxParts;
  ShapeOf shape;
  std::vector<int64_t> mu;
  Count total;
};

} // namespace

Count TableauSum::countTableaux(const std::vector<int64_t> &lambda) {
  int64_t size = 0;
  for (int64_t row : lambda)
    size += row;
  // How often each number is a factor: 1..N once, every hook once less.
  std::vector<int64_t> power(size + 1, 1);
  std::vector<int64_t> columns(lambda.empty() ? 0 : lambda[0], 0);
  for (int64_t row : lambda)
    for (int64_t c = 0; c < row; ++c)
      ++columns[c];
  for (size_t r = 0; r < lambda.size(); ++r)
    for (int64_t c = 0; c < lambda[r]; ++c)
      --power[lambda[r] - c + columns[c] - static_cast<int64_t>(r) - 1];
  Count result = {1, false};
  // Push composite numbers down to their factors, then only primes are left.
  for (int64_t number = size; number > 1; --number) {
    int64_t factor = 2;
    while (factor * factor <= number && number % factor != 0)
      ++factor;
    if (factor * factor <= number) {
      power[factor] += power[number];
      power[number / factor] += power[number];
      continue;
    }
    assert(power[number] >= 0 && "the hook product divides the factorial");
    for (int64_t i = 0; i < power[number] && !result.saturated; ++i)
      result = multiply(result, {static_cast<uint64_t>(number), false});
  }
  return result;
}

Count eqc::sumOfTableaux(int64_t n, int64_t size, int64_t maxParts,
                         ShapeOf shape) {
  // From here on all but the groups of size 1 are past 2^64 - 1: the smallest,
  // Sp(2), has Catalan(N/2).
  constexpr int64_t manyVertices = 80;
  if (2 * size > manyVertices)
    return maxParts == 1 && n == 1 ? Count{1, false} : kSaturated;
  return TableauSum(n, maxParts, shape).compute(size);
}

Count eqc::countIncreasingPermutations(int64_t n, int64_t size) {
  return sumOfTableaux(n, size, n, nullptr); // at least Catalan(size) for n > 1
}

Count eqc::factorial(uint64_t size) {
  Count total{1, false};
  for (uint64_t i = 2; i <= size && !total.saturated; ++i)
    total = multiply(total, {i, false});
  return total;
}

// Patience sorting: `tails[i]` is the least last value of a subsequence of
// length i + 1.
int64_t eqc::longestIncreasing(const std::vector<int> &word) {
  std::vector<int> tails;
  for (int value : word) {
    auto it = std::lower_bound(tails.begin(), tails.end(), value);
    if (it == tails.end())
      tails.push_back(value);
    else
      *it = value;
  }
  return static_cast<int64_t>(tails.size());
}
