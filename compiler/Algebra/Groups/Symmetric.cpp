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

class Symmetric : public MonomialRules {
public:
  explicit Symmetric(Group group) : MonomialRules(group) {}

  std::string_view words() const override { return "permutations"; }
  static std::string_view wordsUpToSign() { return "permutations up to sign"; }

  Count count(int64_t n, const Vertices &vertices) const override {
    return countPartitions(n, vertices.number());
  }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return randomPermutation(n, random);
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    return randomPermutation(n, random);
  }
};

} // namespace

const GroupRules &eqc::symmetricGroup() {
  static const Symmetric rules(Group::S);
  return rules;
}

const GroupRules &eqc::symmetricGroupUpToSign() {
  static const UpToSign<Symmetric> rules(Group::SPrime, Group::S);
  return rules;
}
