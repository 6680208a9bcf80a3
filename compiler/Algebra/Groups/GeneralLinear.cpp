//===- GeneralLinear.cpp - The general linear group GL(n) -----------------===//
//
// All invertible maps of V = R^n. They keep no form, so the dual V' is another
// space, and what is paired is V with V': diagrams are the perfect matchings of
// sources, which are outputs V' and inputs V, with the other vertices (walled
// Brauer diagrams).
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/MatchingRules.h"
#include "compiler/Algebra/Random.h"
#include "compiler/Algebra/Steppers.h"

using namespace eqc;

namespace {

class GeneralLinear final : public MatchingRules {
public:
  GeneralLinear() : MatchingRules(Group::GL) {}

  std::string_view words() const override { return "invertible maps"; }

  bool hasDuals() const override { return true; }
  bool hasSchurBasis() const override { return false; }

  std::string whyNot(const Diagram &diagram, int64_t n) const override {
    if (std::string why = MatchingRules::whyNot(diagram, n); !why.empty())
      return why;
    const std::vector<bool> sources = sourcesOf(diagram);
    for (const std::vector<int> &pair : diagram.blocks())
      if (sources[pair[0]] == sources[pair[1]])
        return "a diagram of " + groupText(group, n) + " joins " + sinkWords +
               " with " + sourceWords + ", but the block '" +
               blockText(pair, diagram.l) + "' joins two of the " +
               (sources[pair[0]] ? "latter" : "former");
    return "";
  }

  Count count(int64_t, const Vertices &vertices) const override {
    return isBalanced(vertices) ? factorial(vertices.sources()) : Count();
  }

  std::string whyNone(int64_t, const Vertices &vertices) const override {
    if (isBalanced(vertices))
      return "";
    const uint64_t sources = vertices.sources();
    return groupText(group, -1) +
           " has equivariant maps only where there are as many outputs V and "
           "inputs V' as there are outputs V' and inputs V, not " +
           std::to_string(vertices.number() - sources) + " and " +
           std::to_string(sources);
  }

  void enumerate(int64_t, const Vertices &vertices,
                 const DiagramVisitor &visit) const override {
    if (!isBalanced(vertices))
      return;
    const Diagram alone = vertices.diagramOf(std::vector<int>(vertices.size()));
    visitAll(Matchings(vertices.size(), sourcesOf(alone)), vertices, visit);
  }

  /// Those that join the sources in turn with others of which no more than n
  /// are in ascending order.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    const std::vector<int> partner = involutionWord(diagram);
    const std::vector<bool> sources = sourcesOf(diagram);
    std::vector<int> word;
    for (size_t v = 0; v < partner.size(); ++v)
      if (sources[v])
        word.push_back(partner[v]);
    return longestIncreasing(word) <= n;
  }

  Count countBasis(int64_t n, const Vertices &vertices) const override {
    return isBalanced(vertices)
               ? countIncreasingPermutations(
                     n, static_cast<int64_t>(vertices.sources()))
               : Count();
  }

  /// Orthogonal but for stretching axes by 1/2 to 2.
  GroupElement randomElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(
        n, sizeUnit(), random, [](const auto &coordinates, Random &numbers) {
          Eigen::MatrixXd g = randomOrthogonal(
              static_cast<int64_t>(coordinates.size()), numbers);
          for (Eigen::Index axis = 0; axis < g.cols(); ++axis)
            g.col(axis) *= 0.5 + 1.5 * numbers.uniform();
          return g;
        });
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(
        n, sizeUnit(), random, [n](const auto &coordinates, Random &numbers) {
          Eigen::MatrixXd g = signedPermutation(coordinates, n, numbers);
          shear(g, numbers);
          return g;
        });
  }

private:
  /// Adds a multiple of one coordinate to another, if there are two.
  static void shear(Eigen::MatrixXd &g, Random &random) {
    if (g.rows() < 2)
      return;
    const Eigen::Index from = random.below(g.rows());
    const Eigen::Index to = (from + 1 + random.below(g.rows() - 1)) % g.rows();
    g.row(to) += (random.below(2) == 0 ? 1 : -1) * g.row(from);
  }

  static bool isBalanced(const Vertices &vertices) {
    return vertices.number() % 2 == 0 &&
           vertices.sources() == vertices.number() / 2;
  }

  static constexpr const char *sinkWords = "an output V or an input V'";
  static constexpr const char *sourceWords = "an output V' or an input V";
};

} // namespace

const GroupRules &eqc::generalLinearGroup() {
  static const GeneralLinear rules;
  return rules;
}
