//===- Orthogonal.cpp - The orthogonal groups O(n) and O(p,q) -------------===//
//
// Maps that keep a symmetric form: rotations and reflections, Lorentz
// transformations. Diagrams are perfect matchings (Brauer diagrams).
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/SignedForm.h"
#include "compiler/Algebra/Random.h"

using namespace eqc;

namespace {

class Orthogonal : public MatchingRules {
public:
  explicit Orthogonal(Group group) : MatchingRules(group) {}

  std::string_view words() const override {
    return "rotations and reflections";
  }

  std::unique_ptr<GroupRules> withSignature(int64_t plus,
                                            int64_t minus) const override;

  /// Those whose involution word has no increasing subsequence longer than n.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    return longestIncreasing(involutionWord(diagram)) <= n;
  }

  Count countBasis(int64_t n, const Vertices &vertices) const override {
    return countIncreasingMatchings(n, vertices.number());
  }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(
        n, sizeUnit(), random, [](const auto &coordinates, Random &numbers) {
          return randomOrthogonal(static_cast<int64_t>(coordinates.size()),
                                  numbers);
        });
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    const int64_t plus = group.hasSignature() ? group.plus() : n;
    return GroupElement::inBlocks(
        n, sizeUnit(), random,
        [plus](const auto &coordinates, Random &numbers) {
          return signedPermutation(coordinates, plus, numbers);
        });
  }
};

/// An odd number of reflections: each part of the group that an even number
/// does not reach.
class PseudoOrthogonal final : public WithSignature<Orthogonal, 3> {
public:
  using WithSignature::WithSignature;
  std::string_view words() const override {
    return "pseudo-orthogonal maps, which keep the form";
  }
};

std::unique_ptr<GroupRules> Orthogonal::withSignature(int64_t plus,
                                                      int64_t minus) const {
  return std::make_unique<PseudoOrthogonal>(Group(group.family(), plus, minus));
}

} // namespace

const GroupRules &eqc::orthogonalGroup() {
  static const Orthogonal rules(Group::O);
  return rules;
}
