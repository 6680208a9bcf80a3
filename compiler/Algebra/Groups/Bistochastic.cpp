//===- Bistochastic.cpp - The bistochastic group B_n, and B_n x {1,-1} ----===//
//
// Orthogonal maps that fix the vector of ones: rows and columns sum to 1.
// Diagrams are the partitions into blocks of one or two vertices; a single one
// is a sum, or a vector of ones.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/MatchingRules.h"
#include "compiler/Algebra/Groups/PartitionRules.h"

#include <Eigen/QR>

using namespace eqc;

namespace {

class Bistochastic : public PartitionRules {
public:
  explicit Bistochastic(Group group) : PartitionRules(group) {}

  std::string_view words() const override {
    return "orthogonal maps that fix the vector of ones";
  }
  static std::string_view wordsUpToSign() {
    return "orthogonal maps that fix the line of the vector of ones";
  }

  Count count(int64_t, const Vertices &vertices) const override {
    return countInvolutions(vertices.number());
  }

  /// Those whose pairs have an involution without an increasing subsequence
  /// longer than n - 1: the group is O(n-1) beside the vector of ones.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    std::vector<int> partnerOf;
    const std::vector<std::vector<int>> blocks = diagram.blocks();
    for (size_t v = 0; v < diagram.block.size(); ++v)
      if (const std::vector<int> &block = blocks[diagram.block[v]];
          block.size() == 2)
        partnerOf.push_back(block[block[0] == static_cast<int>(v) ? 1 : 0]);
    return longestIncreasing(partnerOf) <= n - 1;
  }

  /// By which vertices are paired.
  Count countBasis(int64_t n, const Vertices &vertices) const override {
    if (n == 1)
      return {1, false};
    if (vertices.number() > 64) // 2^(N-1) for n = 2
      return kSaturated;
    Count total;
    for (uint64_t paired = 0; paired <= vertices.number(); paired += 2)
      total = add(total, multiply(binomial(vertices.number(), paired),
                                  countIncreasingMatchings(n - 1, paired)));
    return total;
  }

  GroupElement randomElement(int64_t n, Random &random) const override {
    // Each block fixes the ones of its coordinates.
    return GroupElement::inBlocks(n, sizeUnit(), random, fixingOnes);
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    return randomPermutation(n, random);
  }

protected:
  BlockRule blockRule(int64_t) const override {
    BlockRule rule;
    rule.maxSize = 2;
    return rule;
  }
  std::string_view blockWords() const override { return "one or two vertices"; }

private:
  /// U diag(1, O(n-1)) U^T, where the first column of U is in proportion to
  /// ones.
  static Eigen::MatrixXd fixingOnes(const std::vector<int64_t> &coordinates,
                                    Random &random) {
    const auto size = static_cast<int64_t>(coordinates.size());
    Eigen::MatrixXd start = Eigen::MatrixXd::Identity(size, size);
    start.col(0).setOnes();
    const Eigen::MatrixXd u =
        Eigen::HouseholderQR<Eigen::MatrixXd>(start).householderQ();
    Eigen::MatrixXd inner = Eigen::MatrixXd::Identity(size, size);
    if (size > 1)
      inner.bottomRightCorner(size - 1, size - 1) =
          randomOrthogonal(size - 1, random);
    return u * inner * u.transpose();
  }
};

} // namespace

const GroupRules &eqc::bistochasticGroup() {
  static const Bistochastic rules(Group::B);
  return rules;
}

const GroupRules &eqc::bistochasticGroupUpToSign() {
  static const UpToSign<Bistochastic> rules(Group::BPrime, Group::B);
  return rules;
}
