//===- Product.cpp - Products of groups on spaces of their own ------------===//
//
// Every block of a diagram lies in one space, and what lies in a space is a
// diagram of the group that acts there; matrices are Kronecker products. So the
// rules of a product ask those of its factors.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <cstdlib>
#include <map>
#include <mutex>

using namespace eqc;

/// The number of each vertex of a space in the diagram of the product.
static std::vector<int> verticesOf(const Diagram &diagram, int space) {
  std::vector<int> vertices;
  for (int v = 0; v < diagram.l + diagram.k; ++v)
    if (diagram.spaceOf(v) == space)
      vertices.push_back(v);
  return vertices;
}

/// `why`, which is about the part of `diagram` in a space, with the names that
/// its vertices have in `diagram`. Vertices are named in quotes alone.
static std::string inNamesOf(const Diagram &diagram, int space,
                             const std::string &why) {
  const std::vector<int> vertices = verticesOf(diagram, space);
  const auto outputs = static_cast<size_t>(
      std::count_if(vertices.begin(), vertices.end(),
                    [&](int vertex) { return vertex < diagram.l; }));
  std::string text;
  bool quoted = false;
  for (size_t i = 0; i < why.size();) {
    const bool starts = quoted && (why[i] == 'o' || why[i] == 'i') &&
                        i + 1 < why.size() && std::isdigit(why[i + 1]) != 0;
    if (!starts) {
      quoted ^= why[i] == '\'';
      text += why[i++];
      continue;
    }
    size_t number = static_cast<size_t>(std::atoi(&why[i + 1])) - 1;
    if (why[i] == 'i')
      number += outputs;
    text += vertexName(diagram.l, vertices.at(number));
    for (++i; i < why.size() && std::isdigit(why[i]) != 0; ++i)
      ;
  }
  return text;
}

namespace {

class Product final : public GroupRules {
public:
  explicit Product(Group group) : group(group) {}

  std::string_view words() const override { return "a product of groups"; }

  std::string whyNot(const Diagram &diagram, int64_t) const override {
    const std::vector<std::vector<int>> blocks = diagram.blocks();
    for (const std::vector<int> &block : blocks)
      for (int vertex : block)
        if (diagram.spaceOf(vertex) != diagram.spaceOf(block.front()))
          return "the block '" + blockText(block, diagram.l) +
                 "' joins axes of two spaces, '" +
                 nameOf(diagram.spaceOf(block.front())) + "' and '" +
                 nameOf(diagram.spaceOf(vertex)) + "'";
    for (int c = 0; c < static_cast<int>(group.spaces().size()); ++c) {
      const Space &space = group.spaces()[static_cast<size_t>(c)];
      const std::string why =
          rulesOf(space.group).whyNot(restrictTo(diagram, c), space.n);
      if (!why.empty())
        return inNamesOf(diagram, c, why);
    }
    return "";
  }

  /// An orbit is one of the space that has the values.
  std::string complete(Diagram &diagram) const override {
    if (!diagram.orbit.exists() ||
        diagram.head >= static_cast<int>(group.numSpaces()))
      return "";
    Diagram part = restrictTo(diagram, diagram.head);
    const std::string why = rulesOf(group.of(diagram.head)).complete(part);
    diagram.orbit = part.orbit;
    return inNamesOf(diagram, diagram.head, why);
  }

  // The vertices of each space count, not all together: see LayerRows.
  Count count(int64_t, const Vertices &) const override {
    return notOfAll<Count>();
  }
  std::string whyNone(int64_t, const Vertices &) const override {
    return notOfAll<std::string>();
  }
  void enumerate(int64_t, const Vertices &,
                 const DiagramVisitor &) const override {
    notOfAll<int>();
  }
  Count countBasis(int64_t, const Vertices &) const override {
    return notOfAll<Count>();
  }

  bool inBasis(const Diagram &diagram, int64_t) const override {
    for (int c = 0; c < static_cast<int>(group.spaces().size()); ++c) {
      const Space &space = group.spaces()[static_cast<size_t>(c)];
      if (!rulesOf(space.group).inBasis(restrictTo(diagram, c), space.n))
        return false;
    }
    return true;
  }

  int compositionSign(const Diagram &d1, const Diagram &d2) const override {
    int sign = 1;
    for (int c = 0; c < static_cast<int>(group.spaces().size()); ++c)
      sign *= rulesOf(group.of(c))
                  .compositionSign(restrictTo(d1, c), restrictTo(d2, c));
    return sign;
  }

  /// The longest of those of the factors: whether any has signs.
  int64_t formPeriod() const override {
    int64_t period = 1;
    for (const Space &space : group.spaces())
      period = std::max(period, rulesOf(space.group).formPeriod());
    return period;
  }

  RowPattern keepDropped(const RowPattern &pattern, int block) const override {
    return rulesOf(group.of(pattern.spaceOf(block)))
        .keepDropped(pattern, block);
  }

  bool isMonomial() const override {
    return std::all_of(
        group.spaces().begin(), group.spaces().end(),
        [](const Space &space) { return rulesOf(space.group).isMonomial(); });
  }

  bool hasSchurBasis() const override { return false; }

  /// Elements are drawn for each space.
  GroupElement randomElement(int64_t, Random &) const override {
    return notOfAll<GroupElement>();
  }

private:
  const std::string &nameOf(int space) const {
    return group.spaces()[static_cast<size_t>(space)].name;
  }

  template <typename T> static T notOfAll() {
    assert(false && "asked of each factor of a product");
    return T();
  }

  const Group group;
};

} // namespace

const GroupRules &eqc::rulesOfProduct(Group group) {
  // Made once each, and kept.
  static std::mutex mutex;
  static std::map<const std::vector<Space> *, Product> known;
  const std::lock_guard<std::mutex> lock(mutex);
  return known.try_emplace(&group.spaces(), group).first->second;
}
