//===- SpecialOrthogonal.cpp - SO(n) and SO(p,q) --------------------------===//
//
// Rotations, proper Lorentz transformations. Diagrams are perfect matchings,
// and those with n free vertices, the arguments of a Levi-Civita symbol, and
// the rest matched.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/SignedForm.h"
#include "compiler/Algebra/Random.h"
#include "compiler/Algebra/Steppers.h"

#include <Eigen/LU>

using namespace eqc;

namespace {

class SpecialOrthogonal : public MatchingRules {
public:
  explicit SpecialOrthogonal(Group group) : MatchingRules(group) {}

  std::string_view words() const override { return "rotations"; }

  std::unique_ptr<GroupRules> withSignature(int64_t plus,
                                            int64_t minus) const override;

  bool allowsDynamicN() const override { return false; }

  Count count(int64_t n, const Vertices &vertices) const override {
    assert(n > 0 && "SO needs a fixed n");
    Count total = countMatchings(vertices.number());
    if (hasFree(n, vertices.number()))
      total = add(total, multiply(binomial(vertices.number(), n),
                                  countMatchings(vertices.number() - n)));
    return total;
  }

  std::string whyNone(int64_t n, const Vertices &vertices) const override {
    if (vertices.number() % 2 == 0)
      return "";
    const std::string found = "(n = " + std::to_string(n) +
                              ", k + l = " + std::to_string(vertices.number()) +
                              ")";
    if (n % 2 == 0)
      return groupText(group, -1) +
             " has no equivariant maps when n is even and k + l is odd " +
             found;
    if (vertices.number() < static_cast<uint64_t>(n))
      return groupText(group, -1) +
             " has no equivariant maps when k + l is odd and less than n " +
             found;
    return "";
  }

  void enumerate(int64_t n, const Vertices &vertices,
                 const DiagramVisitor &visit) const override {
    assert(n > 0 && "SO needs a fixed n");
    const int size = vertices.size();
    if (size % 2 == 0 && !visitAll(Matchings(size), vertices, visit))
      return;
    if (hasFree(n, vertices.number()))
      visitFree(static_cast<int>(n), vertices, visit);
  }

  /// As for O(n), free vertices being fixed points of the involution.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    return longestIncreasing(involutionWord(diagram)) <= n;
  }

  Count countBasis(int64_t n, const Vertices &vertices) const override {
    auto oddRows = [](const std::vector<int64_t> &mu, int64_t rows) {
      std::vector<int64_t> lambda(rows, 1);
      for (size_t r = 0; r < mu.size(); ++r)
        lambda[r] += 2 * mu[r];
      return lambda;
    };
    Count total = countIncreasingMatchings(n, vertices.number());
    if (hasFree(n, vertices.number())) {
      const int64_t pairs = (static_cast<int64_t>(vertices.number()) - n) / 2;
      total = add(total, sumOfTableaux(n, pairs, n, oddRows));
    }
    return total;
  }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(
        n, sizeUnit(), random, [](const auto &coordinates, Random &numbers) {
          Eigen::MatrixXd g = randomOrthogonal(
              static_cast<int64_t>(coordinates.size()), numbers);
          if (g.determinant() < 0)
            g.col(0) *= -1;
          return g;
        });
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    const int64_t plus = group.hasSignature() ? group.plus() : n;
    return GroupElement::inBlocks(
        n, sizeUnit(), random,
        [plus](const auto &coordinates, Random &numbers) {
          Eigen::MatrixXd g = signedPermutation(coordinates, plus, numbers);
          if (g.determinant() < 0)
            g.col(0) *= -1;
          return g;
        });
  }

protected:
  std::string whyNotFree(const Diagram &diagram, int64_t n) const override {
    if (n < 0)
      return "a '*' block needs a fixed n";
    const std::vector<int> vertices = diagram.freeVertices();
    const auto size = static_cast<int64_t>(vertices.size());
    if (size == n)
      return "";
    return "the '*' block of a diagram of " + groupText(group, n) + " has " +
           std::to_string(n) + (n == 1 ? " vertex" : " vertices") + ", but '" +
           blockText(vertices, diagram.l) + "' has " + std::to_string(size);
  }

private:
  /// Whether n free vertices leave an even number of others.
  static bool hasFree(int64_t n, uint64_t numVertices) {
    const auto free = static_cast<uint64_t>(n);
    return numVertices >= free && (numVertices - free) % 2 == 0;
  }

  /// Visits the diagrams with n free vertices.
  static void visitFree(int n, const Vertices &vertices,
                        const DiagramVisitor &visit) {
    const int size = vertices.size();
    Tuples tuples(size, n);
    do {
      Matchings matchings(size - n);
      do {
        // The free block gets a label that no pair has.
        std::vector<int> labels(size, -2);
        for (int v : tuples.current())
          labels[v] = size;
        size_t other = 0;
        for (int &label : labels)
          if (label == -2)
            label = matchings.current()[other++];
        if (!visit(vertices.diagramOf(labels, size)))
          return;
      } while (matchings.next());
    } while (tuples.next());
  }
};

class PseudoSpecialOrthogonal final
    : public WithSignature<SpecialOrthogonal, 2> {
public:
  using WithSignature::WithSignature;
  std::string_view words() const override {
    return "maps of determinant 1 that keep the form";
  }
};

std::unique_ptr<GroupRules>
SpecialOrthogonal::withSignature(int64_t plus, int64_t minus) const {
  return std::make_unique<PseudoSpecialOrthogonal>(
      Group(group.family(), plus, minus));
}

} // namespace

const GroupRules &eqc::specialOrthogonalGroup() {
  static const SpecialOrthogonal rules(Group::SO);
  return rules;
}
