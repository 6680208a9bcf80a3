//===- Action.h - Permutations of n points ----------------------*- C++ -*-===//
//
// A group of permutations of 0..n-1 as sources give it: by generators, or as
// the automorphisms of a graph. The group itself is never listed: orbits of
// tuples of points are what generators join.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_ACTION_H
#define EQC_ALGEBRA_ACTION_H

#include "compiler/Algebra/Group.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace eqc {

/// The image of each point.
using PointMap = std::vector<int>;

/// A graph on the vertices 0..n-1. Edges are two arcs, loops one.
struct LabelledGraph {
  struct Arc {
    int from = 0, to = 0;
    bool isEdge = false; ///< whether the arc back is of the same edge
    bool hasLabel = false;
    int64_t label = 0;
  };
  int64_t n = 0;
  std::vector<Arc> arcs; ///< ascending by (from, to)
  /// Of each vertex a number that vertices of other labels do not have; 0
  /// without a label.
  std::vector<int> colours;
  std::vector<int64_t> labelOfColour; ///< from colour 1 on
};

/// The adjacency matrix of a graph in compressed rows and columns: labels, or 1
/// where edges have none. Edges labelled 0 are not there.
struct Adjacency {
  struct Entry {
    int vertex = 0;
    int64_t label = 1;
  };
  struct Lists {
    std::vector<int64_t> start; ///< of each vertex, and the end
    std::vector<Entry> entries; ///< ascending
  };
  Lists rows, columns;
  bool symmetric = true;

  /// A[from, to], 0 where there is no edge.
  int64_t at(int from, int to) const;
};

/// All orbits of tuples of one length, numbered by their smallest tuples. A
/// tuple is the number that its points are the digits of, the first one first.
struct TupleOrbits {
  std::vector<int32_t> orbitOf; ///< of each tuple
  std::vector<int32_t> start;   ///< where each orbit starts in `tuples`
  std::vector<int32_t> tuples;  ///< by orbit, ascending

  size_t size() const { return start.size() - 1; }
};

/// The limits: points, of which orbits are made and of a graph; generators,
/// tuples of which orbits are made, how often these are moved, and steps of the
/// search for automorphisms. Both of the latter are some seconds.
inline constexpr int64_t kMostPoints = 4096;
inline constexpr int64_t kMostVertices = int64_t(1) << 20;
inline constexpr size_t kMostGenerators = 4096;
inline constexpr int64_t kMostTuples = int64_t(1) << 24;
inline constexpr int64_t kMostMoves = int64_t(1) << 31;
inline constexpr int64_t kMostSearchSteps = int64_t(1) << 27;

class Action {
public:
  /// Where one of the texts is wrong; offsets are bytes of it.
  struct Error {
    size_t text = 0, offset = 0, length = 0;
    std::string message;
    bool isLimit = false;
  };
  /// The group of `family` with n points that the texts are: of Perm products
  /// of disjoint cycles, `(0 1 2)(3 4)`, of Graph one list of edges, `0-1 1>2
  /// 2:7`. Made once each, and kept.
  static std::variant<const Action *, Error>
  make(Family family, int64_t n, const std::vector<std::string> &texts);

  Family family() const { return kind; }
  int64_t n() const { return points; }
  /// The same texts, in one way to write them.
  const std::vector<std::string> &texts() const { return canonical; }

  /// Of a graph.
  const Adjacency &adjacency() const { return matrix; }

  /// Why generators are not known: the search for them was too long. Else
  /// empty.
  std::string whyNoGenerators() const;
  const std::vector<PointMap> &generators() const;

  /// Why there are no orbits of tuples of so many points: a limit. Else empty.
  std::string whyNoOrbits(uint64_t order) const;
  const TupleOrbits &orbits(int order) const;
  int64_t numberOf(const std::vector<int> &tuple) const;
  std::vector<int> tupleOf(int64_t number, int order) const;

private:
  Action() = default;

  Family kind = Family::S;
  int64_t points = 0;
  std::vector<std::string> canonical;
  LabelledGraph graph;
  Adjacency matrix;
  mutable std::mutex mutex;
  mutable bool searched = false, tooLong = false;
  mutable std::vector<PointMap> known;
  mutable std::map<int, std::unique_ptr<TupleOrbits>> orbitsOfOrder;
};

/// Generators of the automorphisms of a graph that keep all labels; nothing
/// where the search takes more steps than `mostSteps`.
std::optional<std::vector<PointMap>> automorphisms(const LabelledGraph &graph,
                                                   int64_t mostSteps);

} // namespace eqc

#endif // EQC_ALGEBRA_ACTION_H
