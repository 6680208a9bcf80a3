//===- Symplectic.cpp - The symplectic group Sp(n) ------------------------===//
//
// Maps that keep an alternating form, in the interleaved basis 1, 1', 2, 2', ..
// Diagrams are perfect matchings; a pair in one row carries the form, so the
// order of its vertices matters.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/MatchingRules.h"
#include "compiler/Algebra/Random.h"

using namespace eqc;

/// The other vertex of the pair of each vertex of a matching.
static std::vector<int> partners(const Diagram &d) {
  std::vector<int> result(d.block.size());
  for (const std::vector<int> &pair : d.blocks()) {
    assert(pair.size() == 2 && "not a matching");
    result[pair[0]] = pair[1];
    result[pair[1]] = pair[0];
  }
  return result;
}

/// The size of a largest set of pairs that are nested in each other,
/// a1 < .. < am < bm < .. < b1. Blocks are numbered by their left vertices.
static int64_t largestNesting(const Diagram &diagram) {
  std::vector<int> rightEnds;
  for (const std::vector<int> &pair : diagram.blocks())
    rightEnds.push_back(-pair.back());
  return longestIncreasing(rightEnds);
}

namespace {

/// The sign of a product of two matchings with symplectic entries: walks every
/// path and loop of the glued diagram and counts the same-row pairs and how
/// many of them are met against their order.
class SymplecticSign {
public:
  SymplecticSign(const Diagram &d1, const Diagram &d2)
      : l(d1.l), m(d1.k), k(d2.k), upper(partners(d1)), lower(partners(d2)),
        seen(static_cast<size_t>(l) + m + k, false) {}

  int compute() {
    // Ends of paths in the order of the product's vertices, so that a path is
    // entered at its left or top end.
    for (int v = 0; v < l; ++v)
      walk(v, /*inUpper=*/true);
    for (int v = l + m; v < l + m + k; ++v)
      walk(v, /*inUpper=*/false);
    // What is left in the middle row are loops; any start will do.
    for (int v = l; v < l + m; ++v)
      walk(v, /*inUpper=*/true);
    return sign;
  }

private:
  // Glued vertices: top row 0..l-1, middle l..l+m-1, bottom l+m..l+m+k-1.
  int rowOf(int v) const { return v < l ? 0 : v < l + m ? 1 : 2; }

  void walk(int start, bool inUpper) {
    if (seen[start])
      return;
    long long sameRow = 0, backwards = 0;
    int v = start;
    do {
      seen[v] = true;
      int next = inUpper ? upper[v] : lower[v - l] + l;
      if (rowOf(v) == rowOf(next)) {
        ++sameRow;
        backwards += next < v;
      }
      seen[next] = true;
      v = next;
      inUpper = !inUpper;
    } while (rowOf(v) == 1 && v != start);
    if ((sameRow / 2 + backwards) % 2 != 0)
      sign = -sign;
  }

  int l, m, k;
  std::vector<int> upper, lower;
  std::vector<bool> seen;
  int sign = 1;
};

class Symplectic final : public MatchingRules {
public:
  Symplectic() : MatchingRules(Group::Sp) {}

  std::string_view words() const override { return "symplectic maps"; }

  int sizeUnit() const override { return 2; }

  std::string_view whySizeUnit() const override {
    return "a symplectic form exists in even dimensions only";
  }

  Count count(int64_t n, const Vertices &vertices) const override {
    return hasForm(n) ? countMatchings(vertices.number()) : Count();
  }

  std::string whyNone(int64_t n, const Vertices &vertices) const override {
    if (!hasForm(n))
      return "Sp(n) needs even n (n = " + std::to_string(n) + ")";
    return MatchingRules::whyNone(n, vertices);
  }

  void enumerate(int64_t n, const Vertices &vertices,
                 const DiagramVisitor &visit) const override {
    if (hasForm(n))
      MatchingRules::enumerate(n, vertices, visit);
  }

  /// Those without an (n/2 + 1)-nesting.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    return largestNesting(diagram) <= n / 2;
  }

  Count countBasis(int64_t n, const Vertices &vertices) const override {
    if (vertices.number() % 2 != 0 || n % 2 != 0)
      return {};
    auto doubledRows = [](const std::vector<int64_t> &mu, int64_t) {
      std::vector<int64_t> lambda;
      for (int64_t part : mu)
        lambda.insert(lambda.end(), 2, part);
      return lambda;
    };
    const auto pairs = static_cast<int64_t>(vertices.number() / 2);
    return sumOfTableaux(n, pairs, n / 2, doubledRows);
  }

  int compositionSign(const Diagram &d1, const Diagram &d2) const override {
    return SymplecticSign(d1, d2).compute();
  }

  /// eps(2a, 2a+1) = 1, eps(2a+1, 2a) = -1.
  int form(int64_t a, int64_t b) const override {
    return a / 2 != b / 2 || a == b ? 0 : a < b ? 1 : -1;
  }

  int64_t partner(int64_t a) const override { return a ^ 1; }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(n, sizeUnit(), random, randomSymplectic);
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(n, sizeUnit(), random, integerSymplectic);
  }

private:
  static bool hasForm(int64_t n) { return n < 0 || n % 2 == 0; }

  /// Planes change places; within one a quarter of a turn, or a shear.
  static Eigen::MatrixXd
  integerSymplectic(const std::vector<int64_t> &coordinates, Random &random) {
    const auto size = static_cast<Eigen::Index>(coordinates.size());
    std::vector<Eigen::Index> planes(size / 2);
    std::iota(planes.begin(), planes.end(), 0);
    random.shuffle(planes);
    Eigen::MatrixXd g = Eigen::MatrixXd::Zero(size, size);
    for (Eigen::Index i = 0; i < size / 2; ++i) {
      Eigen::Matrix2d within;
      if (random.below(2) == 0)
        within << 0, 1, -1, 0;
      else
        within << 1, static_cast<double>(random.below(3) - 1), 0, 1;
      g.block<2, 2>(2 * planes[i], 2 * i) = within;
    }
    return g;
  }

  /// A product of transvections 1 + c v (v^T Omega) with unit v. Four of them
  /// move every coordinate, and |c| <= 0.4 keeps each singular value within
  /// 1.22.
  static Eigen::MatrixXd
  randomSymplectic(const std::vector<int64_t> &coordinates, Random &random) {
    const auto n = static_cast<int64_t>(coordinates.size());
    Eigen::MatrixXd omega = Eigen::MatrixXd::Zero(n, n);
    for (int64_t a = 0; a < n; a += 2) {
      omega(a, a + 1) = 1;
      omega(a + 1, a) = -1;
    }
    Eigen::MatrixXd g = Eigen::MatrixXd::Identity(n, n);
    for (int i = 0; i < 4; ++i) {
      Eigen::VectorXd v(n);
      for (int64_t a = 0; a < n; ++a)
        v(a) = random.normal();
      v.normalize();
      double c = random.uniform() < 0.5 ? -0.4 : 0.4;
      g = g + c * v * (v.transpose() * omega * g);
    }
    return g;
  }
};

} // namespace

const GroupRules &eqc::symplecticGroup() {
  static const Symplectic rules;
  return rules;
}
