//===- Automorphisms.cpp - Generators of the automorphisms of a graph -----===//
//
// Individualise a vertex, refine colours, compare (McKay, "Practical Graph
// Isomorphism", Congressus Numerantium 30, 1981): one automorphism for each
// point of each basic orbit of a chain of stabilisers, the last one first, so
// that orbits under those found spare the others.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Action.h"

#include <algorithm>
#include <numeric>
#include <tuple>

using namespace eqc;

/// A number that hardly another pair has.
static uint64_t mix(uint64_t a, uint64_t b) {
  uint64_t x = a * 0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

namespace {

/// The vertices in cells that lie in an order; a cell is named by its start.
struct Partition {
  std::vector<int> vertices, place, cell, length;
  int cells = 0;

  bool isDiscrete() const { return cells == static_cast<int>(place.size()); }
};

class Search {
public:
  Search(const LabelledGraph &graph, int64_t mostSteps)
      : graph(graph), left(mostSteps), n(static_cast<int>(graph.n)),
        neighbours(static_cast<size_t>(n)), count(static_cast<size_t>(n), 0),
        root(static_cast<size_t>(n)) {
    std::iota(root.begin(), root.end(), 0);
    for (const LabelledGraph::Arc &arc : graph.arcs) {
      const uint64_t label =
          mix(arc.hasLabel, static_cast<uint64_t>(arc.label));
      neighbours[arc.from].push_back({arc.to, mix(label, 1)});
      neighbours[arc.to].push_back({arc.from, mix(label, 2)});
    }
    for (auto &list : neighbours)
      std::sort(list.begin(), list.end());
  }

  std::optional<std::vector<PointMap>> run() {
    Partition partition = start();
    while (!partition.isDiscrete()) {
      const int cell = nextCell(partition);
      Level level{partition, cell, 0, 0};
      level.vertex = *std::min_element(partition.vertices.begin() + cell,
                                       partition.vertices.begin() + cell +
                                           partition.length[cell]);
      level.trace = individualise(partition, level.vertex);
      levels.push_back(std::move(level));
    }
    leaf = partition;
    for (size_t i = levels.size(); i-- > 0 && left >= 0;)
      findImages(i);
    if (left < 0)
      return std::nullopt;
    return std::move(found);
  }

private:
  struct Level {
    Partition before;
    int cell, vertex;
    uint64_t trace; ///< of the refinement that follows
  };

  /// By colours, and vertices with the same neighbours, which change places
  /// freely, by their number among these; refined.
  Partition start() {
    std::vector<std::pair<std::pair<int, int>, int>> keys; // colour, number
    std::vector<int> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    auto kind = [&](int v) {
      return std::tie(graph.colours[v], neighbours[v]);
    };
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return std::tuple_cat(kind(a), std::tie(a)) <
             std::tuple_cat(kind(b), std::tie(b));
    });
    for (size_t first = 0, end = 0; first < order.size(); first = end) {
      while (end < order.size() && kind(order[end]) == kind(order[first]))
        ++end;
      for (size_t i = first; i < end; ++i)
        keys.push_back(
            {{graph.colours[order[i]], static_cast<int>(i - first)}, order[i]});
      // Two of them, and all in turn, make all permutations.
      auto addCycle = [&](size_t size) {
        PointMap twins(static_cast<size_t>(n));
        std::iota(twins.begin(), twins.end(), 0);
        for (size_t i = 0; i < size; ++i)
          twins[order[first + i]] = order[first + (i + 1) % size];
        add(std::move(twins));
      };
      if (end - first > 1)
        addCycle(2);
      if (end - first > 2)
        addCycle(end - first);
    }
    std::sort(keys.begin(), keys.end());
    Partition partition;
    partition.place.resize(keys.size());
    partition.cell.resize(keys.size());
    partition.length.assign(keys.size(), 0);
    std::vector<int> work;
    for (size_t i = 0; i < keys.size(); ++i) {
      const bool isFirst = i == 0 || keys[i].first != keys[i - 1].first;
      if (isFirst)
        work.push_back(static_cast<int>(i));
      partition.vertices.push_back(keys[i].second);
      partition.place[keys[i].second] = static_cast<int>(i);
      partition.cell[keys[i].second] = work.back();
      ++partition.length[work.back()];
    }
    partition.cells = static_cast<int>(work.size());
    refine(partition, std::move(work));
    return partition;
  }

  /// The first cell of few vertices, which fix each other, or of several.
  static int nextCell(const Partition &partition) {
    int first = -1;
    for (int cell = 0; cell < static_cast<int>(partition.length.size());
         cell += partition.length[cell]) {
      if (partition.length[cell] > 1 && partition.length[cell] <= 4)
        return cell;
      if (partition.length[cell] > 1 && first < 0)
        first = cell;
    }
    return first;
  }

  static void moveTo(Partition &partition, int vertex, int place) {
    const int other = partition.vertices[place];
    std::swap(partition.vertices[place],
              partition.vertices[partition.place[vertex]]);
    partition.place[other] = partition.place[vertex];
    partition.place[vertex] = place;
  }

  /// Makes what lies from `start` to the end of `cell` a cell of its own.
  static void cut(Partition &partition, int cell, int start) {
    const int end = cell + partition.length[cell];
    partition.length[start] = end - start;
    partition.length[cell] = start - cell;
    for (int i = start; i < end; ++i)
      partition.cell[partition.vertices[i]] = start;
    ++partition.cells;
  }

  /// Gives a vertex a cell of its own, the last part of its cell, and refines.
  uint64_t individualise(Partition &partition, int vertex) {
    left -= n;
    const int cell = partition.cell[vertex];
    const int last = cell + partition.length[cell] - 1;
    moveTo(partition, vertex, last);
    cut(partition, cell, last);
    return refine(partition, {last});
  }

  /// Cuts cells until the vertices of each have as many neighbours in every
  /// cell. What is done depends on the order of cells alone, never on names of
  /// vertices; the result tells runs that do different things apart.
  uint64_t refine(Partition &partition, std::vector<int> work) {
    uint64_t trace = 0;
    std::vector<bool> waits(static_cast<size_t>(n), false);
    for (int cell : work)
      waits[cell] = true;
    for (size_t next = 0; next < work.size() && !partition.isDiscrete();
         ++next) {
      const int by = work[next];
      waits[by] = false;
      const std::vector<int> members(partition.vertices.begin() + by,
                                     partition.vertices.begin() + by +
                                         partition.length[by]);
      std::vector<int> touched;
      for (int member : members) {
        left -= static_cast<int64_t>(neighbours[member].size());
        for (const auto &[neighbour, label] : neighbours[member]) {
          if (count[neighbour] == 0)
            touched.push_back(neighbour);
          count[neighbour] += label | 1;
        }
      }
      std::sort(touched.begin(), touched.end(), [&](int a, int b) {
        return std::tie(partition.cell[a], count[a]) <
               std::tie(partition.cell[b], count[b]);
      });
      for (size_t first = 0; first < touched.size();) {
        size_t end = first;
        const int cell = partition.cell[touched[first]];
        while (end < touched.size() && partition.cell[touched[end]] == cell)
          ++end;
        trace =
            split(partition, {touched.begin() + first, touched.begin() + end},
                  cell, trace, work, waits);
        first = end;
      }
      for (int vertex : touched)
        count[vertex] = 0;
    }
    return mix(trace, static_cast<uint64_t>(partition.cells));
  }

  /// Those of a cell that were touched, ascending by how often, go to its end;
  /// the largest part need not be refined by, unless the cell still waits.
  uint64_t split(Partition &partition, std::vector<int> touched, int cell,
                 uint64_t trace, std::vector<int> &work,
                 std::vector<bool> &waits) {
    const int end = cell + partition.length[cell];
    const int begin = end - static_cast<int>(touched.size());
    for (size_t i = touched.size(); i-- > 0;)
      moveTo(partition, touched[i], begin + static_cast<int>(i));
    trace = mix(trace,
                mix(static_cast<uint64_t>(cell), static_cast<uint64_t>(begin)));
    std::vector<int> parts{cell};
    for (int i = begin; i < end; ++i) {
      const uint64_t key = count[partition.vertices[i]];
      const bool isFirst =
          i == begin || key != count[partition.vertices[i - 1]];
      if (!isFirst)
        continue;
      trace = mix(trace, mix(key, static_cast<uint64_t>(i)));
      if (i == cell)
        continue;
      cut(partition, parts.back(), i);
      parts.push_back(i);
    }
    if (parts.size() == 1)
      return trace;
    size_t largest = parts.size();
    if (!waits[cell])
      for (size_t p = 0; p < parts.size(); ++p)
        if (largest == parts.size() ||
            partition.length[parts[p]] > partition.length[parts[largest]])
          largest = p;
    for (size_t p = 0; p < parts.size(); ++p)
      if (p != largest && !waits[parts[p]]) {
        waits[parts[p]] = true;
        work.push_back(parts[p]);
      }
    return trace;
  }

  int find(int v) {
    while (root[v] != v)
      v = root[v] = root[root[v]];
    return v;
  }

  void add(PointMap images) {
    for (size_t i = 0; i < images.size(); ++i)
      root[find(static_cast<int>(i))] = find(images[i]);
    found.push_back(std::move(images));
  }

  /// An automorphism that fixes what levels before this one do and takes its
  /// vertex to each of its images.
  void findImages(size_t level) {
    const Level &of = levels[level];
    std::vector<int> refused;
    for (int i = of.cell; i < of.cell + of.before.length[of.cell]; ++i) {
      const int image = of.before.vertices[i];
      if (find(image) == find(of.vertex) ||
          std::any_of(refused.begin(), refused.end(),
                      [&](int other) { return find(other) == find(image); }))
        continue;
      Partition partition = of.before;
      if (!reach(partition, level, image))
        refused.push_back(image);
      if (left < 0)
        return;
    }
  }

  /// Takes the vertex of a level to `image` and goes on to the leaves.
  bool reach(Partition &partition, size_t level, int image) {
    if (left < 0 || individualise(partition, image) != levels[level].trace)
      return false;
    const bool isLeaf = level + 1 == levels.size();
    if (addImages(partition, isLeaf ? leaf : levels[level + 1].before))
      return true;
    if (isLeaf)
      return false;
    const Level &next = levels[level + 1];
    const int size = next.before.length[next.cell];
    if (partition.length[next.cell] != size)
      return false;
    const std::vector<int> images(partition.vertices.begin() + next.cell,
                                  partition.vertices.begin() + next.cell +
                                      size);
    for (int other : images) {
      Partition copy = partition;
      if (reach(copy, level + 1, other))
        return true;
    }
    return false;
  }

  /// The map between the cells of one vertex of two partitions, ends of its
  /// chains taken to their starts and others left where they are, if it is an
  /// automorphism.
  bool addImages(const Partition &partition, const Partition &from) {
    if (partition.length != from.length)
      return false;
    PointMap images(static_cast<size_t>(n), -1), before = images;
    for (int i = 0; i < n; ++i)
      if (from.length[i] == 1) {
        images[from.vertices[i]] = partition.vertices[i];
        before[partition.vertices[i]] = from.vertices[i];
      }
    for (int v = 0; v < n; ++v)
      if (images[v] < 0) {
        int start = v;
        while (before[start] >= 0)
          start = before[start];
        images[v] = start;
      }
    auto less = [](const LabelledGraph::Arc &a, const LabelledGraph::Arc &b) {
      return std::tie(a.from, a.to) < std::tie(b.from, b.to);
    };
    for (LabelledGraph::Arc arc : graph.arcs) {
      arc.from = images[arc.from];
      arc.to = images[arc.to];
      const auto at =
          std::lower_bound(graph.arcs.begin(), graph.arcs.end(), arc, less);
      if (at == graph.arcs.end() || less(arc, *at) ||
          at->hasLabel != arc.hasLabel || at->label != arc.label)
        return false;
    }
    for (int v = 0; v < n; ++v)
      if (graph.colours[v] != graph.colours[images[v]])
        return false;
    add(std::move(images));
    return true;
  }

  const LabelledGraph &graph;
  int64_t left; ///< steps: neighbours looked at, and vertices copied
  const int n;
  std::vector<std::vector<std::pair<int, uint64_t>>> neighbours;
  std::vector<uint64_t> count; ///< of neighbours in a cell, weighted by labels
  std::vector<int> root;       ///< of the orbits under what was found
  std::vector<Level> levels;
  Partition leaf;
  std::vector<PointMap> found;
};

} // namespace

std::optional<std::vector<PointMap>>
eqc::automorphisms(const LabelledGraph &graph, int64_t mostSteps) {
  return Search(graph, mostSteps).run();
}
