//===- Alternating.cpp - The alternating group A_n ------------------------===//
//
// Even permutations of the n basis vectors. Diagrams are those of S_n, and a
// jellyfish for each partition into n or n - 1 blocks: an orbit of index tuples
// with as many different values falls apart into two, which odd permutations
// exchange. (Pearce-Crump, "How Jellyfish Characterise Alternating Group
// Equivariant Neural Networks", arXiv 2301.10152.)
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/PartitionRules.h"
#include "compiler/Algebra/Random.h"

#include <algorithm>
#include <numeric>

using namespace eqc;

namespace {

class Alternating final : public MonomialRules {
public:
  Alternating() : MonomialRules(Group::A) {}

  std::string_view words() const override { return "even permutations"; }

  int64_t leastN() const override { return 2; }
  bool allowsDynamicN() const override { return false; }
  bool hasJellyfish() const override { return true; }

  std::string whyNot(const Diagram &diagram, int64_t n) const override {
    if (diagram.free >= 0)
      return "a jellyfish of " + groupText(group, n) +
             " starts with a lone '*', without vertices";
    const int blocks = diagram.numBlocks();
    if (diagram.head < 0 || blocks == n || blocks == n - 1)
      return "";
    return "a jellyfish of " + groupText(group, n) + " has " +
           std::to_string(n - 1) + " or " + std::to_string(n) +
           " blocks, but this one has " + std::to_string(blocks);
  }

  Count count(int64_t n, const Vertices &vertices) const override {
    const uint64_t size = vertices.number();
    return add(countPartitions(n, size), add(countPartitionsInto(n, size),
                                             countPartitionsInto(n - 1, size)));
  }

  void enumerate(int64_t n, const Vertices &vertices,
                 const DiagramVisitor &visit) const override {
    bool goOn = true;
    MonomialRules::enumerate(n, vertices, [&](const Diagram &diagram) {
      return goOn = visit(diagram);
    });
    if (!goOn || vertices.size() + 1 < n)
      return;
    BlockRule rule = blockRule(n);
    rule.minBlocks = n - 1;
    visitAll(RuledPartitions(vertices.size(), rule), vertices,
             [&](Diagram diagram) {
               diagram.head = 0;
               return visit(diagram);
             });
  }

  /// Other than the identity, if there is another one.
  GroupElement randomElement(int64_t n, Random &random) const override {
    std::vector<int64_t> images(n);
    std::iota(images.begin(), images.end(), 0);
    do {
      random.shuffle(images);
      if (!isEven(images))
        std::swap(images[0], images[1]);
    } while (n > 2 && std::is_sorted(images.begin(), images.end()));
    return GroupElement::permutation(std::move(images));
  }

private:
  /// A cycle of m values is m - 1 exchanges.
  static bool isEven(const std::vector<int64_t> &images) {
    std::vector<bool> seen(images.size(), false);
    bool even = true;
    for (size_t first = 0; first < images.size(); ++first)
      for (size_t i = first; !seen[i]; i = static_cast<size_t>(images[i])) {
        seen[i] = true;
        even = i == first ? even : !even;
      }
    return even;
  }
};

} // namespace

const GroupRules &eqc::alternatingGroup() {
  static const Alternating rules;
  return rules;
}
