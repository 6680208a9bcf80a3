//===- Basis.cpp - A linearly independent set of diagrams -------*- C++ -*-===//
//
// Which diagrams span without redundancy when n is small against l + k.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Enumerate.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// The length of a longest strictly increasing subsequence, by patience
/// sorting: `tails[i]` is the least last value of one of length i + 1.
static long long longestIncreasing(const std::vector<int> &word) {
  std::vector<int> tails;
  for (int value : word) {
    auto it = std::lower_bound(tails.begin(), tails.end(), value);
    if (it == tails.end())
      tails.push_back(value);
    else
      *it = value;
  }
  return static_cast<long long>(tails.size());
}

/// f(a) = b and f(b) = a for every pair; free vertices are fixed.
static std::vector<int> involutionWord(const Diagram &diagram) {
  std::vector<int> word(diagram.block.size());
  std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (static_cast<int>(b) == diagram.free) {
      for (int v : blocks[b])
        word[v] = v;
      continue;
    }
    assert(blocks[b].size() == 2 && "not a matching");
    word[blocks[b][0]] = blocks[b][1];
    word[blocks[b][1]] = blocks[b][0];
  }
  return word;
}

/// The size of a largest set of pairs that are nested in each other,
/// a1 < .. < am < bm < .. < b1. Blocks are numbered by their left vertices.
static long long largestNesting(const Diagram &diagram) {
  std::vector<int> rightEnds;
  for (const std::vector<int> &pair : diagram.blocks())
    rightEnds.push_back(-pair.back());
  return longestIncreasing(rightEnds);
}

bool eqc::inBasis(const Diagram &diagram, Group group, long long n) {
  assert(n > 0 && "a basis needs a fixed n");
  switch (group) {
  case Group::S:
    return diagram.numBlocks() <= n;
  case Group::O:
  case Group::SO:
    return longestIncreasing(involutionWord(diagram)) <= n;
  case Group::Sp:
    return largestNesting(diagram) <= n / 2;
  }
  return false;
}
