//===- Diagram.cpp - (l,k)-diagrams -----------------------------*- C++ -*-===//
//
// Construction, order and group membership of diagrams.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Diagram.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <unordered_map>

using namespace eqc;

int Diagram::numBlocks() const {
  // Blocks are numbered by first appearance, so the largest number tells.
  return block.empty() ? 0 : *std::max_element(block.begin(), block.end()) + 1;
}

std::vector<std::vector<int>> Diagram::blocks() const {
  std::vector<std::vector<int>> result(numBlocks());
  for (size_t v = 0; v < block.size(); ++v)
    result[block[v]].push_back(static_cast<int>(v));
  return result;
}

std::vector<int> Diagram::freeVertices() const {
  std::vector<int> result;
  if (free < 0)
    return result;
  for (size_t v = 0; v < block.size(); ++v)
    if (block[v] == free)
      result.push_back(static_cast<int>(v));
  return result;
}

int Diagram::freeSpace() const {
  for (size_t v = 0; free >= 0 && v < block.size(); ++v)
    if (block[v] == free)
      return spaceOf(static_cast<int>(v));
  return 0;
}

bool Diagram::hasPureBlocks() const {
  if (space.empty())
    return true;
  std::vector<int> spaceOfBlock(numBlocks(), -1);
  for (size_t v = 0; v < block.size(); ++v) {
    int &known = spaceOfBlock[block[v]];
    if (known >= 0 && known != space[v])
      return false;
    known = space[v];
  }
  return true;
}

std::vector<int> Diagram::spacesOfBottomOnlyBlocks() const {
  std::vector<bool> seen(numBlocks(), false);
  for (int v = 0; v < l; ++v)
    seen[block[v]] = true;
  std::vector<int> spaces;
  for (int v = l; v < l + k; ++v)
    if (!seen[block[v]]) {
      seen[block[v]] = true;
      if (block[v] != free && !isLegOf(v))
        spaces.push_back(spaceOf(v));
    }
  return spaces;
}

std::vector<int> Diagram::legs() const {
  std::vector<int> result;
  int next = 0; // blocks are numbered by first appearance
  for (size_t v = 0; v < block.size(); ++v)
    if (block[v] == next) {
      if (isLegOf(static_cast<int>(v)))
        result.push_back(next);
      ++next;
    }
  return result;
}

int Diagram::numBottomOnlyBlocks() const {
  if (head >= 0)
    return static_cast<int>(spacesOfBottomOnlyBlocks().size());
  // A block that first appears in the bottom row has no vertex in the top row.
  int topBlocks = 0;
  for (int v = 0; v < l; ++v)
    topBlocks = std::max(topBlocks, block[v] + 1);
  int bottomOnly = numBlocks() - topBlocks;
  return free >= topBlocks ? bottomOnly - 1 : bottomOnly;
}

bool Diagram::operator==(const Diagram &other) const {
  return l == other.l && k == other.k && free == other.free &&
         head == other.head && block == other.block && space == other.space &&
         part == other.part && dual == other.dual && orbit == other.orbit &&
         map == other.map;
}

Diagram eqc::makeOrbit(int l, int k, std::vector<int> values) {
  Diagram diagram;
  diagram.l = l;
  diagram.k = k;
  for (int vertex = 0; vertex < l + k; ++vertex)
    diagram.block.push_back(vertex);
  diagram.head = values.empty() ? -1 : 0;
  diagram.orbit.values = std::move(values);
  return diagram;
}

Diagram eqc::makeDiagram(int l, int k, const std::vector<int> &labels,
                         int freeLabel, std::vector<int> space) {
  assert(labels.size() == static_cast<size_t>(l) + static_cast<size_t>(k) &&
         "one label per vertex");
  Diagram result;
  result.l = l;
  result.k = k;
  result.space = std::move(space);
  result.block.reserve(labels.size());
  std::unordered_map<int, int> numberOf;
  for (int label : labels) {
    int next = static_cast<int>(numberOf.size());
    result.block.push_back(numberOf.try_emplace(label, next).first->second);
  }
  if (freeLabel != -1) {
    auto it = numberOf.find(freeLabel);
    if (it != numberOf.end())
      result.free = it->second;
  }
  return result;
}

uint64_t Vertices::sources() const {
  uint64_t count = k;
  for (size_t v = 0; v < dual.size(); ++v)
    count += v < l ? dual[v] : -uint64_t(dual[v]);
  return count;
}

Diagram Vertices::diagramOf(const std::vector<int> &labels,
                            int freeLabel) const {
  Diagram diagram =
      makeDiagram(static_cast<int>(l), static_cast<int>(k), labels, freeLabel);
  diagram.dual = dual;
  return diagram;
}

std::vector<bool> eqc::sourcesOf(const Diagram &diagram) {
  std::vector<bool> sources;
  for (int v = 0; v < diagram.l + diagram.k; ++v)
    sources.push_back(diagram.isDual(v) == (v < diagram.l));
  return sources;
}

std::vector<bool> eqc::someDual(std::vector<bool> dual) {
  if (std::find(dual.begin(), dual.end(), true) == dual.end())
    dual.clear();
  return dual;
}

std::vector<int> eqc::somePart(std::vector<int> part) {
  if (std::all_of(part.begin(), part.end(), [](int p) { return p < 0; }))
    part.clear();
  return part;
}

Diagram eqc::restrictTo(const Diagram &diagram, int space) {
  Vertices vertices;
  std::vector<int> labels;
  for (int v = 0; v < diagram.l + diagram.k; ++v)
    if (diagram.spaceOf(v) == space) {
      ++(v < diagram.l ? vertices.l : vertices.k);
      labels.push_back(diagram.block[v]);
      vertices.dual.push_back(diagram.isDual(v));
    }
  vertices.dual = someDual(std::move(vertices.dual));
  Diagram part = vertices.diagramOf(labels, diagram.free);
  part.head = diagram.head == space ? 0 : -1;
  if (diagram.head == space)
    part.orbit = diagram.orbit;
  return part;
}

Diagram eqc::joinParts(const std::vector<Diagram> &parts, int l, int k,
                       const std::vector<int> &space) {
  // Labels of a part follow those of the parts before it.
  std::vector<int> firstLabel(parts.size()), next(parts.size(), 0);
  int labels = 0, freeLabel = -1, head = -1;
  TupleOrbit orbit;
  for (size_t c = 0; c < parts.size(); ++c) {
    if (parts[c].head >= 0) {
      head = static_cast<int>(c);
      orbit = parts[c].orbit;
    }
    firstLabel[c] = labels;
    if (parts[c].free >= 0)
      freeLabel = labels + parts[c].free;
    labels += parts[c].numBlocks();
  }
  std::vector<int> labelOf;
  std::vector<bool> dual;
  for (int c : space) {
    labelOf.push_back(firstLabel[c] + parts[c].block[next[c]]);
    dual.push_back(parts[c].isDual(next[c]++));
  }
  Diagram diagram = makeDiagram(l, k, labelOf, freeLabel, space);
  diagram.dual = someDual(std::move(dual));
  diagram.head = head;
  diagram.orbit = std::move(orbit);
  return diagram;
}

std::vector<int> eqc::axesOf(Group group, const Diagram &diagram) {
  std::vector<int> axes = diagram.space;
  for (size_t v = 0; v < diagram.part.size(); ++v)
    axes[v] = axisOf(group, axes[v], diagram.part[v]);
  return axes;
}

/// The spaces of a diagram of a product in the order of their first vertices.
static std::vector<int> spacesOf(const Diagram &diagram) {
  std::vector<int> spaces;
  for (int space : diagram.space)
    if (std::find(spaces.begin(), spaces.end(), space) == spaces.end())
      spaces.push_back(space);
  return spaces;
}

bool eqc::canonicalLess(const Diagram &a, const Diagram &b) {
  if (a.l != b.l || a.k != b.k)
    return std::tie(a.l, a.k) < std::tie(b.l, b.k);
  if (std::tie(a.part, a.space, a.dual) != std::tie(b.part, b.space, b.dual))
    return std::tie(a.part, a.space, a.dual) <
           std::tie(b.part, b.space, b.dual);
  for (int space : spacesOf(a)) {
    const Diagram ofA = restrictTo(a, space), ofB = restrictTo(b, space);
    if (ofA != ofB)
      return canonicalLess(ofA, ofB);
  }
  if (!a.space.empty())
    return false;
  if (a.head != b.head)
    return a.head < b.head;
  if (a.orbit.values != b.orbit.values)
    return a.orbit.values < b.orbit.values;
  if (a.map.exists() || b.map.exists())
    return std::tie(a.block, a.map.letters, a.map.edges) <
           std::tie(b.block, b.map.letters, b.map.edges);
  if (a.free < 0 && b.free < 0)
    return a.block < b.block;
  if (a.free < 0 || b.free < 0)
    return a.free < 0;
  std::vector<int> freeA = a.freeVertices(), freeB = b.freeVertices();
  if (freeA != freeB)
    return freeA < freeB;
  // Same free vertices. The free block takes a number of its own in both
  // strings, so compare the strings of the other vertices alone.
  auto othersOf = [](const Diagram &d) {
    std::vector<int> labels;
    for (int label : d.block)
      if (label != d.free)
        labels.push_back(label);
    int size = static_cast<int>(labels.size());
    return makeDiagram(size, 0, labels).block;
  };
  return othersOf(a) < othersOf(b);
}

std::string eqc::blockText(const std::vector<int> &vertices, int l) {
  std::string text;
  for (int v : vertices) {
    if (!text.empty())
      text += ' ';
    text += vertexName(l, v);
  }
  return text;
}

std::string eqc::whyNotOfGroup(const Diagram &diagram, Group group,
                               long long n) {
  if (diagram.orbit.exists() &&
      (diagram.head >= static_cast<int>(group.numSpaces()) ||
       !rulesOf(group.of(diagram.head)).hasOrbits()))
    return "only Perm and Graph have orbits of values";
  if (diagram.map.exists() && !rulesOf(group).hasGraphMaps())
    return "only Graph has graph maps";
  return rulesOf(group).whyNot(diagram, n);
}

Diagram eqc::withSomeDuals(Diagram diagram, Group group) {
  std::vector<bool> dual(diagram.block.size());
  for (const std::vector<int> &block : diagram.blocks())
    if (block.size() == 2 && (block[0] < diagram.l) == (block[1] < diagram.l))
      dual[block[1]] = rulesOf(group.of(diagram.spaceOf(block[1]))).hasDuals();
  diagram.dual = someDual(std::move(dual));
  return diagram;
}
