//===- PartitionRules.cpp - Groups without a form of their own ------------===//

#include "compiler/Algebra/Groups/PartitionRules.h"

#include <algorithm>
#include <numeric>

using namespace eqc;

std::string PartitionRules::whyNot(const Diagram &diagram, int64_t n) const {
  if (diagram.free >= 0)
    return "only SO has diagrams with a '*' block";
  if (diagram.head >= 0)
    return whyNoJellyfish();
  const BlockRule rule = blockRule(n);
  for (const std::vector<int> &block : diagram.blocks()) {
    const size_t size = block.size();
    if ((rule.even && size % 2 != 0) ||
        size > static_cast<size_t>(rule.maxSize))
      return "a diagram of " + groupText(group, n) + " has blocks of " +
             std::string(blockWords()) + ", but the block '" +
             blockText(block, diagram.l) + "' has " + std::to_string(size);
  }
  return "";
}

std::string PartitionRules::whyNone(int64_t n, const Vertices &vertices) const {
  return blockRule(n).even ? whyNoneOfOddOrder(group, vertices.number()) : "";
}

void PartitionRules::enumerate(int64_t n, const Vertices &vertices,
                               const DiagramVisitor &visit) const {
  const BlockRule rule = blockRule(n);
  if (!rule.even || vertices.number() % 2 == 0)
    visitAll(RuledPartitions(vertices.size(), rule), vertices, visit);
}

GroupElement eqc::randomPermutation(int64_t n, Random &random) {
  std::vector<int64_t> images(n);
  std::iota(images.begin(), images.end(), 0);
  // The identity would test nothing.
  do
    random.shuffle(images);
  while (n >= 2 && std::is_sorted(images.begin(), images.end()));
  return GroupElement::permutation(std::move(images));
}
