//===- Steppers.h - Partitions, matchings, tuples in order ------*- C++ -*-===//
//
// Successor functions, without recursion: a diagram may have thousands of
// vertices.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_STEPPERS_H
#define EQC_ALGEBRA_STEPPERS_H

#include "compiler/Algebra/Diagram.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <climits>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace eqc {

/// Steps through the restricted growth strings with at most `maxBlocks` blocks
/// in lexicographic order.
class Partitions {
public:
  Partitions(int size, int64_t maxBlocks)
      : maxBlocks(maxBlocks), string(size, 0), blocksBefore(size, 1) {
    if (size > 0)
      blocksBefore[0] = 0;
  }

  const std::vector<int> &current() const { return string; }

  bool next() {
    // Vertex v may stay in one of the blocks before it or open the next one.
    int size = static_cast<int>(string.size()), v = size - 1;
    while (v > 0 &&
           string[v] + 1 > std::min<int64_t>(blocksBefore[v], maxBlocks - 1))
      --v;
    if (v <= 0)
      return false;
    ++string[v];
    int blocks = std::max(blocksBefore[v], string[v] + 1);
    for (int w = v + 1; w < size; ++w) {
      string[w] = 0;
      blocksBefore[w] = blocks;
    }
    return true;
  }

private:
  int64_t maxBlocks;
  std::vector<int> string;
  std::vector<int> blocksBefore; ///< blocks of the vertices before each vertex
};

/// What blocks may be.
struct BlockRule {
  int64_t minBlocks = 0;
  int64_t maxBlocks = INT64_MAX;
  int maxSize = INT_MAX;
  bool even =
      false; ///< only blocks of even size, of an even number of vertices
};

/// Steps through the restricted growth strings whose blocks fulfil a rule, in
/// lexicographic order, without meeting others.
class RuledPartitions {
public:
  RuledPartitions(int size, const BlockRule &rule) : rule(rule), string(size) {
    assert(!(rule.even && size % 2 != 0) && "an odd number of vertices");
    complete(0);
  }

  const std::vector<int> &current() const { return string; }

  bool next() {
    for (int v = static_cast<int>(string.size()) - 1; v >= 0; --v) {
      const int from = string[v];
      take(v);
      if (const int choice = firstChoice(v, from + 1); choice >= 0) {
        put(v, choice);
        complete(v + 1);
        return true;
      }
    }
    return false;
  }

private:
  /// The first block from `from` on that vertex v may join or open; -1 if none.
  int firstChoice(int v, int from) const {
    const auto numBlocks = static_cast<int>(sizes.size());
    const int left = static_cast<int>(string.size()) - v - 1;
    for (int b = from; b <= numBlocks; ++b) {
      if (b == numBlocks ? numBlocks >= rule.maxBlocks
                         : sizes[b] >= rule.maxSize)
        continue;
      if (numBlocks + (b == numBlocks) + left < rule.minBlocks)
        continue;
      const bool odd = b == numBlocks || sizes[b] % 2 == 0;
      // Each odd block takes a further vertex.
      if (!rule.even || numOdd + (odd ? 1 : -1) <= left)
        return b;
    }
    return -1;
  }

  void put(int v, int block) {
    string[v] = block;
    if (block == static_cast<int>(sizes.size()))
      sizes.push_back(0);
    numOdd += ++sizes[block] % 2 != 0 ? 1 : -1;
  }

  void take(int v) {
    int &size = sizes[string[v]];
    numOdd += --size % 2 != 0 ? 1 : -1;
    if (size == 0)
      sizes.pop_back(); // the last one: only later vertices had later blocks
  }

  void complete(int v) {
    for (; v < static_cast<int>(string.size()); ++v)
      put(v, firstChoice(v, 0));
  }

  BlockRule rule;
  std::vector<int> string;
  std::vector<int> sizes; ///< of the blocks of the vertices so far
  int numOdd = 0;         ///< blocks of odd size among them
};

/// Steps through the perfect matchings of an even number of vertices, by
/// restricted growth string. Lexicographic order closes the oldest open pair
/// first and opens a new one last. Where there are sources, half of the
/// vertices, each pair has one of them.
class Matchings {
public:
  explicit Matchings(int size, std::vector<bool> sources = {})
      : string(size), opener(size / 2), open(size / 2, false),
        source(std::move(sources)), partnersFrom(size + 1) {
    assert(size % 2 == 0 && "an odd number of vertices has no matching");
    for (int v = size; v-- > 0;) {
      partnersFrom[v] = partnersFrom[v + 1];
      for (int kind : {0, 1})
        partnersFrom[v][kind] += source.empty() || kindOf(v) != kind;
    }
    complete(0);
  }

  const std::vector<int> &current() const { return string; }

  bool next() {
    int size = static_cast<int>(string.size());
    for (int v = size - 1; v >= 0; --v) {
      int pair = string[v];
      if (open[pair]) { // v had opened it, the last of its choices
        open[pair] = false;
        --numOpen[kindOf(v)];
        --numPairs;
        continue;
      }
      open[pair] = true; // v had closed it
      ++numOpen[kindOf(opener[pair])];
      const int choice = firstChoice(v, pair + 1);
      if (choice == numPairs &&
          numOpen[kindOf(v)] + 1 > partnersFrom[v + 1][kindOf(v)])
        continue; // too few vertices would be left to close another pair
      assign(v, choice);
      complete(v + 1);
      return true;
    }
    return false;
  }

private:
  int kindOf(int v) const { return source.empty() ? 0 : source[v]; }

  /// The first pair from `pair` on that v may close, or that it may open.
  int firstChoice(int v, int pair) const {
    while (
        pair < numPairs &&
        !(open[pair] && (source.empty() || source[opener[pair]] != source[v])))
      ++pair;
    return pair;
  }

  void assign(int v, int pair) {
    string[v] = pair;
    open[pair] = pair == numPairs;
    if (pair == numPairs) {
      opener[numPairs++] = v;
      ++numOpen[kindOf(v)];
    } else {
      --numOpen[kindOf(opener[pair])];
    }
  }

  /// Gives the vertices from v on their first choices.
  void complete(int v) {
    for (; v < static_cast<int>(string.size()); ++v)
      assign(v, firstChoice(v, 0));
  }

  std::vector<int> string;
  std::vector<int> opener; ///< per pair: its first vertex
  std::vector<bool> open;  ///< per pair: its second vertex is not chosen yet
  std::vector<bool> source;
  /// From each vertex on, those that may close pairs of either kind.
  std::vector<std::array<int, 2>> partnersFrom;
  int numPairs = 0;
  std::array<int, 2> numOpen = {}; ///< pairs whose opener is of a kind
};

/// Steps through the ascending tuples of `count` out of `size` vertices.
class Tuples {
public:
  Tuples(int size, int count) : size(size), tuple(count) {
    std::iota(tuple.begin(), tuple.end(), 0);
  }

  const std::vector<int> &current() const { return tuple; }

  bool next() {
    int count = static_cast<int>(tuple.size()), i = count - 1;
    while (i >= 0 && tuple[i] == size - count + i)
      --i;
    if (i < 0)
      return false;
    std::iota(tuple.begin() + i, tuple.end(), tuple[i] + 1);
    return true;
  }

private:
  int size;
  std::vector<int> tuple;
};

/// Visits all of a stepper's strings as diagrams; false once `visit` was.
template <typename Stepper, typename Visit>
bool visitAll(Stepper stepper, const Vertices &vertices, const Visit &visit) {
  Diagram diagram;
  diagram.l = static_cast<int>(vertices.l);
  diagram.k = static_cast<int>(vertices.k);
  diagram.dual = vertices.dual;
  do {
    diagram.block = stepper.current();
    if (!visit(diagram))
      return false;
  } while (stepper.next());
  return true;
}

} // namespace eqc

#endif // EQC_ALGEBRA_STEPPERS_H
