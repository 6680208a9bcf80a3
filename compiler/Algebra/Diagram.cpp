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

int Diagram::numBottomOnlyBlocks() const {
  // A block that first appears in the bottom row has no vertex in the top row.
  int topBlocks = 0;
  for (int v = 0; v < l; ++v)
    topBlocks = std::max(topBlocks, block[v] + 1);
  int bottomOnly = numBlocks() - topBlocks;
  return free >= topBlocks ? bottomOnly - 1 : bottomOnly;
}

bool Diagram::operator==(const Diagram &other) const {
  return l == other.l && k == other.k && free == other.free &&
         block == other.block;
}

Diagram eqc::makeDiagram(int l, int k, const std::vector<int> &labels,
                         int freeLabel) {
  assert(labels.size() == static_cast<size_t>(l) + static_cast<size_t>(k) &&
         "one label per vertex");
  Diagram result;
  result.l = l;
  result.k = k;
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

bool eqc::canonicalLess(const Diagram &a, const Diagram &b) {
  if (a.l != b.l || a.k != b.k)
    return std::tie(a.l, a.k) < std::tie(b.l, b.k);
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
  return rulesOf(group).whyNot(diagram, n);
}
