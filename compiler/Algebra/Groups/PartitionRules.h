//===- PartitionRules.h - Groups without a form of their own ----*- C++ -*-===//
//
// What groups of permutations have in common with those between them and O(n):
// their diagrams are set partitions, all equal indices within a block, and
// which blocks there are tells the groups apart.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_PARTITIONRULES_H
#define EQC_ALGEBRA_GROUPS_PARTITIONRULES_H

#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/Steppers.h"

namespace eqc {

class PartitionRules : public GroupRules {
public:
  /// By the sizes of blocks alone: a list may have more blocks than n.
  std::string whyNot(const Diagram &diagram, int64_t n) const override;
  std::string whyNone(int64_t n, const Vertices &vertices) const override;
  void enumerate(int64_t n, const Vertices &vertices,
                 const DiagramVisitor &visit) const override;

protected:
  explicit PartitionRules(Group group) : group(group) {}

  /// The blocks of `diagrams = all` for size n (-1: dynamic).
  virtual BlockRule blockRule(int64_t n) const = 0;
  /// What blocks are, in words for a user.
  virtual std::string_view blockWords() const { return ""; }

  const Group group;
};

/// Groups of monomial matrices: which indices are equal is invariant, and n
/// values tell at most n blocks apart.
class MonomialRules : public PartitionRules {
public:
  /// Those with at most n blocks.
  bool inBasis(const Diagram &diagram, int64_t n) const override {
    return diagram.numBlocks() <= n;
  }
  Count countBasis(int64_t n, const Vertices &vertices) const override {
    return count(n, vertices);
  }

  /// A dropped block is summed over one letter, so it is kept as it is.
  RowPattern keepDropped(const RowPattern &pattern, int block) const override {
    return keepWhole(pattern, block);
  }

  bool isMonomial() const override { return true; }

protected:
  explicit MonomialRules(Group group) : PartitionRules(group) {}

  BlockRule blockRule(int64_t n) const override {
    BlockRule rule;
    if (n >= 0)
      rule.maxBlocks = n;
    return rule;
  }
};

/// G x {1, -1} for a group G: -1 changes the sign of tensors of odd order, so
/// that there are maps between orders of one parity only, those of G.
template <typename Rules> class UpToSign final : public Rules {
public:
  UpToSign(Group group, Group plain) : Rules(group), plain(plain) {}

  std::string_view words() const override { return Rules::wordsUpToSign(); }

  Count count(int64_t n, const Vertices &vertices) const override {
    return vertices.number() % 2 != 0 ? Count() : Rules::count(n, vertices);
  }
  std::string whyNone(int64_t n, const Vertices &vertices) const override {
    return whyNoneOfOddOrder(Rules::group, vertices.number());
  }
  void enumerate(int64_t n, const Vertices &vertices,
                 const DiagramVisitor &visit) const override {
    if (vertices.number() % 2 == 0)
      Rules::enumerate(n, vertices, visit);
  }
  Count countBasis(int64_t n, const Vertices &vertices) const override {
    return vertices.number() % 2 != 0 ? Count()
                                      : Rules::countBasis(n, vertices);
  }
  GroupElement randomElement(int64_t n, Random &random) const override {
    return upToSign(Rules::randomElement(n, random), random);
  }
  GroupElement integerElement(int64_t n, Random &random) const override {
    return upToSign(Rules::integerElement(n, random), random);
  }
  std::optional<Group> groupOfMaps() const override { return plain; }

private:
  static GroupElement upToSign(const GroupElement &g, Random &random) {
    return random.below(2) == 0 ? g : g.negative();
  }

  const Group plain; ///< G
};

/// A permutation other than the identity, if there is one.
GroupElement randomPermutation(int64_t n, Random &random);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_PARTITIONRULES_H
