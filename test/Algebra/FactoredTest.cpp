//===- FactoredTest.cpp - The published algorithm ---------------*- C++ -*-===//
//
// Factoring, executed step by step with every addition counted.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Factored.h"
#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <numeric>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

/// Calls `check(group, n, diagram)` for all diagrams of at most `most`
/// vertices.
template <typename Check> void forAll(int most, Check check) {
  for (Group group : testGroups())
    for (int n : {1, 2, 3, 4}) {
      if (!hasSize(group, n))
        continue;
      for (int size = 0; size <= most; ++size)
        for (int l = 0; l <= size; ++l)
          for (const Diagram &d : enumerateDiagrams(group, n, l, size - l))
            if (d.head < 0) // these are no products
              check(group, n, d);
    }
}

/// The planar diagram: the factored one without its permutations.
Diagram planarOf(FactoredDiagram factored) {
  std::iota(factored.in.begin(), factored.in.end(), 0);
  std::iota(factored.out.begin(), factored.out.end(), 0);
  return unfactor(factored);
}

/// No two blocks but the free one cross, the outputs drawn left to right and
/// the inputs right to left around a circle.
bool isPlanar(const Diagram &d) {
  std::vector<int> circle;
  for (int v = 0; v < d.l; ++v)
    circle.push_back(d.block[v]);
  for (int v = d.l + d.k; v-- > d.l;)
    circle.push_back(d.block[v]);
  int size = int(circle.size());
  for (int a = 0; a < size; ++a)
    for (int b = a + 1; b < size; ++b)
      for (int c = b + 1; c < size; ++c)
        for (int e = c + 1; e < size; ++e)
          if (circle[a] == circle[c] && circle[b] == circle[e] &&
              circle[a] != circle[b])
            return false;
  return true;
}

bool isPermutation(std::vector<int> p, int size) {
  std::sort(p.begin(), p.end());
  std::vector<int> identity(size);
  std::iota(identity.begin(), identity.end(), 0);
  return p == identity;
}

TEST(Factored, RoundTripAndPlanarity) {
  forAll(7, [](Group group, int n, const Diagram &d) {
    FactoredDiagram factored = factorDiagram(d);
    EXPECT_EQ(unfactor(factored), d);
    EXPECT_TRUE(isPermutation(factored.in, d.k)) << toString(d);
    EXPECT_TRUE(isPermutation(factored.out, d.l)) << toString(d);
    EXPECT_TRUE(isPlanar(planarOf(factored))) << toString(d);
    EXPECT_EQ(int(factored.contractionOrder.size()), d.numBottomOnlyBlocks());
    // Top-only, free, through, bottom-only; bottom-only sizes grow rightwards.
    int place = 0, size = 0, last = int(factored.factors.size());
    for (const KroneckerFactor &factor : factored.factors) {
      int here = factor.free          ? 1
                 : factor.bottom == 0 ? 0
                 : factor.top > 0     ? 2
                                      : 3;
      EXPECT_GE(here, place) << toString(d);
      if (here == 3) {
        EXPECT_GE(factor.bottom, size) << toString(d);
        size = factor.bottom;
      }
      place = here;
    }
    for (int f : factored.contractionOrder)
      EXPECT_EQ(f, --last);
  });
}

TEST(Factored, Example) {
  Diagram d = std::get<Diagram>(
      parseDiagram("o2 i1 | o1 | i2 i4 i5 | o3 i3 | i6", 3, 6));
  FactoredDiagram factored = factorDiagram(d);
  EXPECT_EQ(factored.out, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(factored.in, (std::vector<int>{0, 2, 5, 1, 3, 4}));
  EXPECT_EQ(factored.contractionOrder, (std::vector<int>{4, 3}));
  EXPECT_EQ(toString(planarOf(factored)), "o1 | o2 i1 | o3 i2 | i3 | i4 i5 i6");
  // (n-1) (n^3 + n^2).
  EXPECT_EQ(exactAdditions(factored, Group::S, 10), 9 * 1100);
}

/// The matrix of the permutation of axes: planar axis q is axis p[q].
MatrixXd permuteAxes(const std::vector<int> &p, int n) {
  int order = int(p.size());
  MatrixXd result = MatrixXd::Zero(power(n, order), power(n, order));
  for (int column = 0; column < result.cols(); ++column) {
    std::vector<int> from = digitsOf(column, n, order), to(order);
    for (int q = 0; q < order; ++q)
      to[q] = from[p[q]];
    result(flatOf(to, n), column) = 1;
  }
  return result;
}

/// The matrix of one factor.
MatrixXd factorMatrix(Group group, const KroneckerFactor &factor, int n) {
  Diagram d = makeDiagram(factor.top, factor.bottom,
                          std::vector<int>(factor.top + factor.bottom, 0),
                          factor.free ? 0 : -1);
  return denseMatrix(group, d, n);
}

TEST(Factored, FactorsTheMatrix) {
  forAll(5, [](Group group, int n, const Diagram &d) {
    if (power(n, d.l + d.k) > 300)
      return;
    FactoredDiagram factored = factorDiagram(d);
    MatrixXd planar = MatrixXd::Identity(1, 1);
    for (const KroneckerFactor &factor : factored.factors)
      planar = kron(planar, factorMatrix(group, factor, n));
    MatrixXd product = permuteAxes(factored.out, n).transpose() * planar *
                       permuteAxes(factored.in, n);
    EXPECT_EQ((product - denseMatrix(group, d, n)).norm(), 0)
        << groupName(group) << " n = " << n << ": " << toString(d);
  });
}

/// Executes a factored diagram and counts its additions.
class Machine {
public:
  Machine(const FactoredDiagram &factored, Group group, int n)
      : factored(factored), group(group), n(n) {}

  Eigen::VectorXd run(const Eigen::VectorXd &x) {
    tensor = permuteAxes(factored.in, n) * x;
    // Which factor each axis of the tensor belongs to.
    for (size_t f = 0; f < factored.factors.size(); ++f)
      owner.insert(owner.end(), factored.factors[f].bottom, int(f));
    for (int f : factored.contractionOrder)
      contract(f);
    for (size_t f = 0; f < factored.factors.size(); ++f)
      if (factored.factors[f].free)
        applyLeviCivita(int(f));
    return permuteAxes(factored.out, n).transpose() * copyOut();
  }

  long long additions = 0;

private:
  /// Sums over the diagonal of a bottom-only factor.
  void contract(int f) {
    int begin = int(std::find(owner.begin(), owner.end(), f) - owner.begin());
    int size = factored.factors[f].bottom, order = int(owner.size());
    Eigen::VectorXd result(power(n, order - size));
    for (int kept = 0; kept < result.size(); ++kept) {
      std::vector<int> digits = digitsOf(kept, n, order - size);
      digits.insert(digits.begin() + begin, size, 0);
      for (int j = 0; j < n; ++j) {
        int sign = 1;
        for (int q = 0; q < size; ++q)
          digits[begin + q] = j;
        if (size == 2) {
          digits[begin + 1] = group == Group::Sp ? j ^ 1 : j;
          sign = formOf(group, j, digits[begin + 1]);
        }
        double term = sign * tensor[flatOf(digits, n)];
        result[kept] = j == 0 ? term : result[kept] + term;
        additions += j > 0;
      }
    }
    tensor = result;
    owner.erase(owner.begin() + begin, owner.begin() + begin + size);
  }

  /// Replaces the free inputs by the free outputs; they stand leftmost.
  void applyLeviCivita(int f) {
    int top = factored.factors[f].top, bottom = factored.factors[f].bottom;
    int kept = int(owner.size()) - bottom;
    Eigen::VectorXd result = Eigen::VectorXd::Zero(power(n, top + kept));
    std::vector<int> values(n);
    std::iota(values.begin(), values.end(), 0);
    do
      for (int rest = 0; rest < power(n, kept); ++rest) {
        std::vector<int> tail = digitsOf(rest, n, kept);
        std::vector<int> to(values.begin(), values.begin() + top);
        std::vector<int> from(values.begin() + top, values.end());
        int sign = leviCivita(values);
        for (int value : from)
          sign *= formOf(group, value, value);
        to.insert(to.end(), tail.begin(), tail.end());
        from.insert(from.end(), tail.begin(), tail.end());
        result[flatOf(to, n)] += sign * tensor[flatOf(from, n)];
        ++additions;
      }
    while (std::next_permutation(values.begin(), values.end()));
    tensor = result;
    owner.erase(owner.begin(), owner.begin() + bottom);
    owner.insert(owner.begin(), top, f);
  }

  /// Transfers the through blocks and copies the top-only ones: no additions.
  Eigen::VectorXd copyOut() {
    MatrixXd matrix = MatrixXd::Identity(1, 1);
    for (const KroneckerFactor &factor : factored.factors) {
      if (factor.free)
        matrix = kron(matrix, MatrixXd::Identity(power(n, factor.top),
                                                 power(n, factor.top)));
      else if (factor.top > 0)
        matrix = kron(matrix, factorMatrix(group, factor, n));
    }
    return matrix * tensor;
  }

  const FactoredDiagram &factored;
  Group group;
  int n;
  Eigen::VectorXd tensor;
  std::vector<int> owner;
};

TEST(Factored, AdditionsAreExact) {
  std::mt19937 rng(11);
  forAll(6, [&](Group group, int n, const Diagram &d) {
    if (power(n, d.k) > 260 || power(n, d.l) > 64 || d.l + d.k == 5)
      return; // a sample: Factored.FactorsTheMatrix covers order five
    FactoredDiagram factored = factorDiagram(d);
    Eigen::VectorXd x(power(n, d.k));
    for (double &entry : x)
      entry = int(rng() % 100) - 50;
    Eigen::VectorXd expected = denseMatrix(group, d, n) * x;
    auto check = [&] {
      Machine machine(factored, group, n);
      EXPECT_EQ((machine.run(x) - expected).norm(), 0)
          << groupName(group) << " n = " << n << ": " << toString(d);
      EXPECT_EQ(machine.additions, exactAdditions(factored, group, n))
          << groupName(group) << " n = " << n << ": " << toString(d);
    };
    check();
    EXPECT_EQ(leastAdditions(d, group, n), exactAdditions(factored, group, n));
    // Any other order is as exact, and never cheaper.
    std::shuffle(factored.contractionOrder.begin(),
                 factored.contractionOrder.end(), rng);
    check();
    EXPECT_LE(leastAdditions(d, group, n), exactAdditions(factored, group, n));
  });
}

TEST(Factored, CheapestOrder) {
  std::mt19937 rng(13);
  for (int n : {1, 2, 3, 10})
    for (const Diagram &d : enumerateDiagrams(Group::S, -1, 1, 6)) {
      FactoredDiagram factored = factorDiagram(d);
      EXPECT_EQ(cheapestContractionOrder(factored, Group::S, n),
                factored.contractionOrder);
      std::shuffle(factored.contractionOrder.begin(),
                   factored.contractionOrder.end(), rng);
      FactoredDiagram best = factored;
      best.contractionOrder = cheapestContractionOrder(factored, Group::S, n);
      // Against all orders.
      long long least = LLONG_MAX;
      FactoredDiagram other = factored;
      std::sort(other.contractionOrder.begin(), other.contractionOrder.end());
      do
        least = std::min(least, exactAdditions(other, Group::S, n));
      while (std::next_permutation(other.contractionOrder.begin(),
                                   other.contractionOrder.end()));
      EXPECT_EQ(exactAdditions(best, Group::S, n), least) << toString(d);
      // Among equals the given order stays.
      if (exactAdditions(factored, Group::S, n) == least) {
        EXPECT_EQ(best.contractionOrder, factored.contractionOrder);
      }
    }
}

TEST(Factored, CheapestOrderOfManyBlocks) {
  std::vector<int> labels;
  for (int b = 0; b < 12; ++b)
    labels.insert(labels.end(), 1 + b % 3, b);
  Diagram d = makeDiagram(0, int(labels.size()), labels);
  FactoredDiagram factored = factorDiagram(d);
  std::vector<int> published = factored.contractionOrder;
  EXPECT_EQ(cheapestContractionOrder(factored, Group::S, 2), published);
  std::reverse(factored.contractionOrder.begin(),
               factored.contractionOrder.end());
  EXPECT_GT(exactAdditions(factored, Group::S, 2),
            leastAdditions(d, Group::S, 2));
  factored.contractionOrder = cheapestContractionOrder(factored, Group::S, 2);
  EXPECT_EQ(exactAdditions(factored, Group::S, 2),
            leastAdditions(d, Group::S, 2));
}

TEST(Factored, CostsSaturate) {
  Diagram d = makeDiagram(0, 3000, [] {
    std::vector<int> labels(3000);
    std::iota(labels.begin(), labels.end(), 0);
    return labels;
  }());
  EXPECT_EQ(leastAdditions(d, Group::S, 2), LLONG_MAX);
  EXPECT_EQ(exactAdditions(factorDiagram(d), Group::S, 2), LLONG_MAX);
  EXPECT_EQ(leastAdditions(d, Group::S, 1), 0);
  Diagram one = makeDiagram(1, 2, {0, 1, 1});
  EXPECT_EQ(leastAdditions(one, Group::S, LLONG_MAX), LLONG_MAX - 1);
}

} // namespace
