//===- Hyperoctahedral.cpp - The hyperoctahedral group H_n ----------------===//
//
// Permutations of the n basis vectors and changes of their signs. Diagrams are
// the partitions into blocks of even size: an index that occurs an odd number
// of times would change the sign.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/PartitionRules.h"

using namespace eqc;

namespace {

class Hyperoctahedral final : public MonomialRules {
public:
  Hyperoctahedral() : MonomialRules(Group::H) {}

  std::string_view words() const override { return "signed permutations"; }

  Count count(int64_t n, const Vertices &vertices) const override {
    return countEvenPartitions(n, vertices.number());
  }

  GroupElement randomElement(int64_t n, Random &random) const override {
    return randomPermutation(n, random).withRandomSigns(random);
  }

protected:
  BlockRule blockRule(int64_t n) const override {
    BlockRule rule = MonomialRules::blockRule(n);
    rule.even = true;
    return rule;
  }
  std::string_view blockWords() const override { return "even size"; }
};

} // namespace

const GroupRules &eqc::hyperoctahedralGroup() {
  static const Hyperoctahedral rules;
  return rules;
}
