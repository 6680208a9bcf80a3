//===- OrbitWeights.cpp - Weights of orbits of tuples ---------------------===//

#include "compiler/Algebra/OrbitWeights.h"
#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Steppers.h"

#include <algorithm>
#include <map>
#include <utility>

using namespace eqc;

/// The blocks that may be joined, by space.
static std::vector<std::vector<int>> joinable(const Diagram &diagram) {
  std::map<int, std::vector<int>> spaces;
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    const int vertex = blocks[b].front();
    if (!diagram.isLegOf(vertex) && static_cast<int>(b) != diagram.free)
      spaces[diagram.spaceOf(vertex)].push_back(static_cast<int>(b));
  }
  std::vector<std::vector<int>> lists;
  for (auto &[space, blocks] : spaces)
    lists.push_back(std::move(blocks));
  return lists;
}

/// The factor of a partition of blocks: those that are joined.
static int64_t moebius(const std::vector<int> &partition) {
  std::map<int, int64_t> sizes;
  int64_t product = 1;
  for (int block : partition) {
    // (-1)^(m-1) (m-1)!, one factor for each that joins the others
    const int64_t others = sizes[block]++;
    if (others > 0)
      product *= -others;
  }
  return product;
}

std::vector<DiagramMultiple> eqc::coarserThan(const Diagram &diagram) {
  const int vertices = diagram.l + diagram.k;
  std::vector<std::pair<std::vector<int>, int64_t>> labels = {
      {diagram.block, 1}};
  for (const std::vector<int> &blocks : joinable(diagram)) {
    std::vector<std::pair<std::vector<int>, int64_t>> joined;
    Partitions partitions(static_cast<int>(blocks.size()), INT64_MAX);
    do {
      const std::vector<int> &partition = partitions.current();
      const int64_t factor = moebius(partition);
      for (const auto &[of, before] : labels) {
        std::vector<int> label = of;
        for (size_t b = 0; b < blocks.size(); ++b) {
          // The label of the first block that it is joined with.
          const auto first =
              std::find(partition.begin(), partition.end(), partition[b]);
          for (int v = 0; v < vertices; ++v)
            if (of[v] == blocks[b])
              label[v] = blocks[first - partition.begin()];
        }
        joined.emplace_back(std::move(label), before * factor);
      }
    } while (partitions.next());
    labels = std::move(joined);
  }
  std::vector<DiagramMultiple> all;
  for (const auto &[label, factor] : labels) {
    if (label == diagram.block) {
      all.insert(all.begin(), {diagram, factor});
      continue;
    }
    Diagram coarser =
        makeDiagram(diagram.l, diagram.k, label, diagram.free, diagram.space);
    coarser.head = diagram.head;
    coarser.orbit = diagram.orbit;
    coarser.dual = diagram.dual;
    coarser.part = diagram.part;
    all.push_back({std::move(coarser), factor});
  }
  return all;
}

uint64_t eqc::countCoarser(const Diagram &diagram) {
  Count count{1, false};
  for (const std::vector<int> &blocks : joinable(diagram))
    count = multiply(count, countPartitions(-1, blocks.size()));
  return count.saturated ? UINT64_MAX : count.value;
}
