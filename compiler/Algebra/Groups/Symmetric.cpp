//===- Symmetric.cpp - The symmetric group S_n, and S_n x {1,-1} ----------===//
//
// Permutations of the n basis vectors. Diagrams are set partitions: all equal
// indices within a block.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/PartitionRules.h"

using namespace eqc;

namespace {

class Symmetric : public PartitionRules {
public:
  explicit Symmetric(Group group) : PartitionRules(group) {}

  std::string_view words() const override { return "permutations"; }
  static std::string_view wordsUpToSign() { return "permutations up to sign"; }

  Count count(int64_t n, uint64_t numVertices) const override {
    return countPartitions(n, numVertices);
  }

  /// Those with at most n blocks.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    return diagram.numBlocks() <= n;
  }

  Count countBasis(int64_t n, uint64_t numVertices) const override {
    return count(n, numVertices);
  }

  /// A dropped block is summed over one letter, so it is kept as it is.
  RowPattern keepDropped(const RowPattern &pattern, int block) const override {
    return keepWhole(pattern, block);
  }

  bool isMonomial() const override { return true; }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return randomPermutation(n, random);
  }

protected:
  BlockRule blockRule(int64_t n) const override {
    BlockRule rule;
    if (n >= 0)
      rule.maxBlocks = n;
    return rule;
  }
};

} // namespace

const GroupRules &eqc::symmetricGroup() {
  static const Symmetric rules(Group::S);
  return rules;
}

const GroupRules &eqc::symmetricGroupUpToSign() {
  static const UpToSign<Symmetric> rules(Group::SPrime);
  return rules;
}
