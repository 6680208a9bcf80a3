//===- Count.cpp - How many diagrams there are ------------------*- C++ -*-===//
//
// Closed forms, saturating: an absurd k or l is answered at once.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Enumerate.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// Every count of this many vertices that grows at all is past 2^64 - 1: the
/// slowest, partitions into at most two blocks, is 2^(N-1).
static constexpr uint64_t kManyVertices = 64;

static constexpr Count kSaturated = {UINT64_MAX, true};

static Count add(Count a, Count b) {
  Count sum;
  if (a.saturated || b.saturated ||
      __builtin_add_overflow(a.value, b.value, &sum.value))
    return kSaturated;
  return sum;
}

static Count multiply(Count a, Count b) {
  if ((a.value == 0 && !a.saturated) || (b.value == 0 && !b.saturated))
    return {};
  Count product;
  if (a.saturated || b.saturated ||
      __builtin_mul_overflow(a.value, b.value, &product.value))
    return kSaturated;
  return product;
}

/// Partitions of N vertices into at most n blocks: sums of Stirling numbers.
static Count countPartitions(long long n, uint64_t numVertices) {
  if (numVertices == 0 || n == 1)
    return {1, false};
  if (n == 0)
    return {};
  if (numVertices > kManyVertices)
    return kSaturated;
  size_t size = static_cast<size_t>(numVertices);
  std::vector<Count> stirling(size + 1);
  stirling[0].value = 1;
  for (size_t m = 1; m <= size; ++m) {
    for (size_t b = m; b > 0; --b)
      stirling[b] = add(multiply({b, false}, stirling[b]), stirling[b - 1]);
    stirling[0].value = 0;
  }
  size_t most = n < 0 ? size : std::min<uint64_t>(size, n);
  Count total;
  for (size_t b = 0; b <= most; ++b)
    total = add(total, stirling[b]);
  return total;
}

/// (N-1)!! for even N, none for odd N.
static Count countMatchings(uint64_t numVertices) {
  if (numVertices % 2 != 0)
    return {};
  if (numVertices > kManyVertices)
    return kSaturated;
  Count total = {1, false};
  for (uint64_t odd = 3; odd < numVertices; odd += 2)
    total = multiply(total, {odd, false});
  return total;
}

/// N over r.
static Count binomial(uint64_t size, uint64_t r) {
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

Count eqc::countDiagrams(Group group, long long n, long long l, long long k) {
  assert(l >= 0 && k >= 0 && "rows have sizes");
  // Two values of at most 2^63 - 1 each.
  uint64_t numVertices = static_cast<uint64_t>(l) + static_cast<uint64_t>(k);
  switch (group) {
  case Group::S:
    return countPartitions(n, numVertices);
  case Group::O:
    return countMatchings(numVertices);
  case Group::Sp:
    return n > 0 && n % 2 != 0 ? Count() : countMatchings(numVertices);
  case Group::SO: {
    assert(n > 0 && "SO needs a fixed n");
    uint64_t free = static_cast<uint64_t>(n);
    Count total = countMatchings(numVertices);
    if (numVertices >= free && (numVertices - free) % 2 == 0)
      total = add(total, multiply(binomial(numVertices, free),
                                  countMatchings(numVertices - free)));
    return total;
  }
  }
  return {};
}

std::string eqc::whyNoDiagrams(Group group, long long n, long long l,
                               long long k) {
  uint64_t numVertices = static_cast<uint64_t>(l) + static_cast<uint64_t>(k);
  bool odd = numVertices % 2 != 0;
  std::string order = "k + l = " + std::to_string(numVertices);
  std::string size = "n = " + std::to_string(n);
  switch (group) {
  case Group::S:
    return "";
  case Group::O:
    return odd ? "O(n) has no equivariant maps when k + l is odd (" + order +
                     ")"
               : "";
  case Group::Sp:
    if (n > 0 && n % 2 != 0)
      return "Sp(n) needs even n (" + size + ")";
    return odd ? "Sp(n) has no equivariant maps when k + l is odd (" + order +
                     ")"
               : "";
  case Group::SO:
    if (!odd)
      return "";
    if (n % 2 == 0)
      return "SO(n) has no equivariant maps when n is even and k + l is odd (" +
             size + ", " + order + ")";
    if (numVertices < static_cast<uint64_t>(n))
      return "SO(n) has no equivariant maps when k + l is odd and less than n "
             "(" +
             size + ", " + order + ")";
    return "";
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

namespace {

/// Sums the numbers f^lambda of standard Young tableaux over the shapes of a
/// group. By the Robinson-Schensted correspondence that counts the involutions
/// of `inBasis`, and it is the character formula for the dimension.
class TableauSum {
public:
  /// From a partition mu of `size` into at most `maxParts` parts to a shape.
  using Shape = std::vector<long long> (*)(const std::vector<long long> &mu,
                                           long long n);

  TableauSum(long long n, long long maxParts, Shape shape)
      : n(n), maxParts(maxParts), shape(shape) {}

  Count compute(long long size) {
    addPartitions(size, size);
    return total;
  }

private:
  /// Adds all partitions that extend `mu` by `rest`, parts at most `largest`.
  void addPartitions(long long rest, long long largest) {
    if (total.saturated)
      return;
    if (rest == 0) {
      total = add(total, countTableaux(shape(mu, n)));
      return;
    }
    if (static_cast<long long>(mu.size()) == maxParts)
      return;
    for (long long part = std::min(rest, largest); part > 0; --part) {
      mu.push_back(part);
      addPartitions(rest - part, part);
      mu.pop_back();
    }
  }

  /// The hook length formula, by the exponents of primes: N! does not fit.
  static Count countTableaux(const std::vector<long long> &lambda);

  long long n, maxParts;
  Shape shape;
  std::vector<long long> mu;
  Count total;
};

} // namespace

Count TableauSum::countTableaux(const std::vector<long long> &lambda) {
  long long size = 0;
  for (long long row : lambda)
    size += row;
  // How often each number is a factor: 1..N once, every hook once less.
  std::vector<long long> power(size + 1, 1);
  std::vector<long long> columns(lambda.empty() ? 0 : lambda[0], 0);
  for (long long row : lambda)
    for (long long c = 0; c < row; ++c)
      ++columns[c];
  for (size_t r = 0; r < lambda.size(); ++r)
    for (long long c = 0; c < lambda[r]; ++c)
      --power[lambda[r] - c + columns[c] - static_cast<long long>(r) - 1];
  Count result = {1, false};
  // Push composite numbers down to their factors, then only primes are left.
  for (long long number = size; number > 1; --number) {
    long long factor = 2;
    while (factor * factor <= number && number % factor != 0)
      ++factor;
    if (factor * factor <= number) {
      power[factor] += power[number];
      power[number / factor] += power[number];
      continue;
    }
    assert(power[number] >= 0 && "the hook product divides the factorial");
    for (long long i = 0; i < power[number] && !result.saturated; ++i)
      result = multiply(result, {static_cast<uint64_t>(number), false});
  }
  return result;
}

Count eqc::countBasis(Group group, long long n, int l, int k) {
  assert(n > 0 && "a basis needs a fixed n");
  long long numVertices = static_cast<long long>(l) + k;
  // From here on all but the groups of size 1 are past 2^64 - 1: the smallest,
  // Sp(2), has Catalan(N/2).
  constexpr long long manyVertices = 80;

  auto evenRows = [](const std::vector<long long> &mu, long long) {
    std::vector<long long> lambda;
    for (long long part : mu)
      lambda.push_back(2 * part);
    return lambda;
  };
  auto doubledRows = [](const std::vector<long long> &mu, long long) {
    std::vector<long long> lambda;
    for (long long part : mu)
      lambda.insert(lambda.end(), 2, part);
    return lambda;
  };
  auto oddRows = [](const std::vector<long long> &mu, long long rows) {
    std::vector<long long> lambda(rows, 1);
    for (size_t r = 0; r < mu.size(); ++r)
      lambda[r] += 2 * mu[r];
    return lambda;
  };
  auto sum = [&](long long size, long long maxParts, TableauSum::Shape shape) {
    if (2 * size > manyVertices)
      return maxParts == 1 && n == 1 ? Count{1, false} : kSaturated;
    return TableauSum(n, maxParts, shape).compute(size);
  };

  switch (group) {
  case Group::S:
    return countDiagrams(group, n, l, k);
  case Group::O:
    return numVertices % 2 == 0 ? sum(numVertices / 2, n, evenRows) : Count();
  case Group::Sp:
    return numVertices % 2 == 0 && n % 2 == 0
               ? sum(numVertices / 2, n / 2, doubledRows)
               : Count();
  case Group::SO: {
    Count total;
    if (numVertices % 2 == 0)
      total = sum(numVertices / 2, n, evenRows);
    if (numVertices >= n && (numVertices - n) % 2 == 0)
      total = add(total, sum((numVertices - n) / 2, n, oddRows));
    return total;
  }
  }
  return {};
}
