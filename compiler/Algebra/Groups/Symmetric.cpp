//===- Symmetric.cpp - The symmetric group S_n ----------------------------===//
//
// Permutations of the n basis vectors. Diagrams are set partitions: all equal
// indices within a block.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/Random.h"
#include "compiler/Algebra/Steppers.h"

#include <algorithm>
#include <numeric>

using namespace eqc;

namespace {

class Symmetric final : public GroupRules {
public:
  std::string_view words() const override { return "permutations"; }

  /// A list takes any partition, also with more than n blocks.
  std::string whyNot(const Diagram &diagram, int64_t) const override {
    return diagram.free < 0 ? "" : "only SO has diagrams with a '*' block";
  }

  Count count(int64_t n, uint64_t numVertices) const override {
    return countPartitions(n, numVertices);
  }

  std::string whyNone(int64_t, uint64_t) const override { return ""; }

  void enumerate(int64_t n, int l, int k,
                 const DiagramVisitor &visit) const override {
    visitAll(Partitions(l + k, n < 0 ? l + k : n), l, k, visit);
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
    RowPattern finer = pattern;
    finer.kept[block] = true;
    return finer;
  }

  bool isMonomial() const override { return true; }

  GroupElement randomElement(int64_t n, Random &random) const override {
    std::vector<int64_t> images(n);
    std::iota(images.begin(), images.end(), 0);
    // The identity would test nothing.
    do
      random.shuffle(images);
    while (n >= 2 && std::is_sorted(images.begin(), images.end()));
    return GroupElement::permutation(std::move(images));
  }
};

} // namespace

const GroupRules &eqc::symmetricGroup() {
  static const Symmetric rules;
  return rules;
}
