//===- Orthogonal.cpp - The orthogonal group O(n) -------------------------===//
//
// Rotations and reflections. Diagrams are perfect matchings (Brauer diagrams).
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/MatchingRules.h"
#include "compiler/Algebra/Random.h"

using namespace eqc;

namespace {

class Orthogonal final : public MatchingRules {
public:
  Orthogonal() : MatchingRules(Group::O) {}

  std::string_view words() const override {
    return "rotations and reflections";
  }

  /// Those whose involution word has no increasing subsequence longer than n.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    return longestIncreasing(involutionWord(diagram)) <= n;
  }

  Count countBasis(int64_t n, uint64_t numVertices) const override {
    return countIncreasingMatchings(n, numVertices);
  }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return GroupElement::inBlocks(n, sizeUnit(), random, randomOrthogonal);
  }
};

} // namespace

const GroupRules &eqc::orthogonalGroup() {
  static const Orthogonal rules;
  return rules;
}
