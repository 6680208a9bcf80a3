//===- Action.cpp - Permutations of n points ------------------------------===//

#include "compiler/Algebra/Action.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <list>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>

using namespace eqc;

namespace {

/// Reads numbers and marks of one text.
class TextReader {
public:
  explicit TextReader(std::string_view text) : text(text) {}

  bool atEnd() const { return at == text.size(); }
  char next() const { return text[at]; }
  size_t position() const { return at; }

  void skipBlanks() {
    while (!atEnd() && (next() == ' ' || next() == ',' || next() == '\t' ||
                        next() == '\n' || next() == '\r'))
      ++at;
  }
  bool take(char c) {
    if (atEnd() || next() != c)
      return false;
    ++at;
    return true;
  }
  /// Decimal digits, saturated far above any point and any label; nothing where
  /// there are none.
  static constexpr int64_t kMostNumber = INT64_MAX / 16;
  std::optional<int64_t> takeNumber() {
    const size_t begin = at;
    int64_t number = 0;
    for (; !atEnd() && next() >= '0' && next() <= '9'; ++at)
      number = std::min<int64_t>(10 * number + (next() - '0'), kMostNumber);
    return at == begin ? std::nullopt : std::optional<int64_t>(number);
  }
  /// What stands here, for a message.
  std::string found() const {
    if (atEnd())
      return "the end";
    const auto c = static_cast<unsigned char>(next());
    return c > 0x20 && c < 0x7f ? "'" + std::string(1, next()) + "'"
                                : "another character";
  }

private:
  const std::string_view text;
  size_t at = 0;
};

/// Reads the texts of one group into it.
class ActionReader {
public:
  explicit ActionReader(int64_t n) : n(n) {}

  bool readCycles(std::string_view text, PointMap &images);
  bool readGraph(std::string_view text, LabelledGraph &graph);

  Action::Error error;

private:
  bool fail(size_t begin, size_t end, std::string message) {
    error.offset = begin;
    error.length = std::max<size_t>(end - begin, 1);
    error.message = std::move(message);
    return false;
  }
  bool readPoint(TextReader &reader, int &point);
  bool readLabel(TextReader &reader, bool &hasLabel, int64_t &label);

  const int64_t n;
};

bool ActionReader::readPoint(TextReader &reader, int &point) {
  const size_t begin = reader.position();
  const std::optional<int64_t> number = reader.takeNumber();
  if (!number)
    return fail(begin, begin + 1, "expected a point, found " + reader.found());
  if (*number >= n)
    return fail(begin, reader.position(),
                "there is no such point: points are 0 to " +
                    std::to_string(n - 1));
  point = static_cast<int>(*number);
  return true;
}

bool ActionReader::readCycles(std::string_view text, PointMap &images) {
  images.resize(static_cast<size_t>(n));
  for (size_t i = 0; i < images.size(); ++i)
    images[i] = static_cast<int>(i);
  std::vector<bool> moved(images.size(), false);
  TextReader reader(text);
  reader.skipBlanks();
  if (reader.atEnd())
    return fail(0, text.size(),
                "expected cycles of points such as '(0 1 2)(3 4)'; the "
                "identity is '()'");
  for (; !reader.atEnd(); reader.skipBlanks()) {
    const size_t start = reader.position();
    if (!reader.take('('))
      return fail(start, start + 1,
                  "expected a cycle in parentheses, found " + reader.found());
    std::vector<int> cycle;
    for (reader.skipBlanks(); !reader.take(')'); reader.skipBlanks()) {
      if (reader.atEnd())
        return fail(start, reader.position(), "the cycle is not closed");
      const size_t begin = reader.position();
      int point = 0;
      if (!readPoint(reader, point))
        return false;
      if (moved[point])
        return fail(begin, reader.position(),
                    "point " + std::to_string(point) +
                        " stands in the cycles twice");
      moved[point] = true;
      cycle.push_back(point);
    }
    for (size_t i = 0; i < cycle.size(); ++i)
      images[cycle[i]] = cycle[(i + 1) % cycle.size()];
  }
  return true;
}

bool ActionReader::readLabel(TextReader &reader, bool &hasLabel,
                             int64_t &label) {
  const size_t begin = reader.position();
  hasLabel = reader.take(':');
  if (!hasLabel)
    return true;
  const bool negative = reader.take('-');
  const std::optional<int64_t> number = reader.takeNumber();
  if (!number)
    return fail(begin, reader.position(),
                "expected an integer label behind ':', found " +
                    reader.found());
  if (*number == TextReader::kMostNumber)
    return fail(begin, reader.position(), "the label is out of range");
  label = negative ? -*number : *number;
  return true;
}

bool ActionReader::readGraph(std::string_view text, LabelledGraph &graph) {
  graph.n = n;
  std::map<int64_t, std::vector<int>> labelled;
  std::set<std::pair<int, int>> seen;
  std::vector<bool> hasColour(static_cast<size_t>(n), false);
  TextReader reader(text);
  for (reader.skipBlanks(); !reader.atEnd(); reader.skipBlanks()) {
    const size_t begin = reader.position();
    LabelledGraph::Arc arc;
    if (!readPoint(reader, arc.from))
      return false;
    arc.isEdge = reader.take('-');
    if (!arc.isEdge && !reader.take('>')) {
      bool hasLabel = false;
      int64_t label = 0;
      if (!readLabel(reader, hasLabel, label))
        return false;
      if (!hasLabel)
        return fail(begin, reader.position(),
                    "expected an edge 'a-b', an arc 'a>b' or a labelled "
                    "vertex 'a:1'");
      if (hasColour[arc.from])
        return fail(begin, reader.position(),
                    "vertex " + std::to_string(arc.from) +
                        " is labelled twice");
      hasColour[arc.from] = true;
      labelled[label].push_back(arc.from);
    } else {
      if (!readPoint(reader, arc.to) ||
          !readLabel(reader, arc.hasLabel, arc.label))
        return false;
      bool isNew = seen.insert({arc.from, arc.to}).second;
      if (arc.isEdge && arc.from != arc.to)
        isNew &= seen.insert({arc.to, arc.from}).second;
      if (!isNew)
        return fail(begin, reader.position(),
                    "the pair " + std::to_string(arc.from) + ", " +
                        std::to_string(arc.to) + " is named twice");
      graph.arcs.push_back(arc);
      if (arc.isEdge && arc.from != arc.to) {
        std::swap(arc.from, arc.to);
        graph.arcs.push_back(arc);
      }
    }
    const size_t end = reader.position();
    reader.skipBlanks();
    if (!reader.atEnd() && reader.position() == end)
      return fail(end, end + 1,
                  "expected a blank behind an edge, found " + reader.found());
  }
  std::sort(graph.arcs.begin(), graph.arcs.end(),
            [](const LabelledGraph::Arc &a, const LabelledGraph::Arc &b) {
              return std::tie(a.from, a.to) < std::tie(b.from, b.to);
            });
  graph.colours.assign(static_cast<size_t>(n), 0);
  int colour = 0;
  for (const auto &[label, vertices] : labelled) {
    ++colour;
    for (int vertex : vertices)
      graph.colours[vertex] = colour;
    graph.labelOfColour.push_back(label);
  }
  return true;
}

} // namespace

/// The cycles from their smallest points on; those of one point are left out.
static std::string textOf(const PointMap &images) {
  std::string text;
  std::vector<bool> seen(images.size(), false);
  for (size_t first = 0; first < images.size(); ++first) {
    if (seen[first] || images[first] == static_cast<int>(first))
      continue;
    text += "(";
    for (size_t point = first; !seen[point];
         point = static_cast<size_t>(images[point])) {
      seen[point] = true;
      text += (point == first ? "" : " ") + std::to_string(point);
    }
    text += ")";
  }
  return text.empty() ? "()" : text;
}

static std::string textOf(const LabelledGraph &graph) {
  std::string text;
  for (const LabelledGraph::Arc &arc : graph.arcs) {
    if (arc.isEdge && arc.from > arc.to)
      continue;
    text += (text.empty() ? "" : " ") + std::to_string(arc.from) +
            (arc.isEdge ? "-" : ">") + std::to_string(arc.to);
    if (arc.hasLabel)
      text += ":" + std::to_string(arc.label);
  }
  for (size_t v = 0; v < graph.colours.size(); ++v)
    if (graph.colours[v] > 0)
      text += (text.empty() ? "" : " ") + std::to_string(v) + ":" +
              std::to_string(graph.labelOfColour[graph.colours[v] - 1]);
  return text;
}

static Adjacency::Lists
listsOf(int64_t n, const std::vector<std::array<int64_t, 3>> &all) {
  Adjacency::Lists lists;
  lists.start.assign(static_cast<size_t>(n) + 1, 0);
  for (const auto &[from, to, label] : all) {
    ++lists.start[static_cast<size_t>(from) + 1];
    lists.entries.push_back({static_cast<int>(to), label});
  }
  std::partial_sum(lists.start.begin(), lists.start.end(), lists.start.begin());
  return lists;
}

static Adjacency adjacencyOf(const LabelledGraph &graph) {
  std::vector<std::array<int64_t, 3>> arcs, back;
  for (const LabelledGraph::Arc &arc : graph.arcs) {
    const int64_t label = arc.hasLabel ? arc.label : 1;
    if (label == 0)
      continue;
    arcs.push_back({arc.from, arc.to, label});
    back.push_back({arc.to, arc.from, label});
  }
  std::sort(back.begin(), back.end()); // arcs are sorted
  Adjacency matrix{listsOf(graph.n, arcs), listsOf(graph.n, back),
                   arcs == back};
  return matrix;
}

int64_t Adjacency::at(int from, int to) const {
  const auto begin = rows.entries.begin() + rows.start[from];
  const auto end = rows.entries.begin() + rows.start[from + 1];
  const auto found =
      std::lower_bound(begin, end, to, [](const Entry &entry, int vertex) {
        return entry.vertex < vertex;
      });
  return found != end && found->vertex == to ? found->label : 0;
}

std::variant<const Action *, Action::Error>
Action::make(Family family, int64_t n, const std::vector<std::string> &texts) {
  const bool isGraph = family == Family::Graph;
  const int64_t most = isGraph ? kMostVertices : kMostPoints;
  if (n < 1 || n > most)
    return Error{0, 0, 0,
                 "a group has from 1 to " + std::to_string(most) +
                     " points, found " + std::to_string(n),
                 n > most};
  ActionReader reader(n);
  std::unique_ptr<Action> action(new Action());
  action->kind = family;
  action->points = n;
  if (texts.empty() || (isGraph && texts.size() > 1))
    return Error{0, 0, 0,
                 isGraph ? "a graph is one list of edges"
                         : "a group of permutations has at least one "
                           "generator; the identity is '()'",
                 false};
  if (texts.size() > kMostGenerators)
    return Error{kMostGenerators, 0, 0,
                 "there are " + std::to_string(texts.size()) +
                     " generators, the limit is " +
                     std::to_string(kMostGenerators),
                 true};
  for (size_t t = 0; t < texts.size(); ++t) {
    PointMap images;
    if (isGraph ? !reader.readGraph(texts[t], action->graph)
                : !reader.readCycles(texts[t], images)) {
      reader.error.text = t;
      return reader.error;
    }
    if (isGraph) {
      action->canonical.push_back(textOf(action->graph));
      continue;
    }
    action->canonical.push_back(textOf(images));
    action->known.push_back(std::move(images));
  }
  action->searched = !isGraph;
  if (isGraph)
    action->matrix = adjacencyOf(action->graph);

  static std::mutex mutex;
  static std::list<std::unique_ptr<Action>> made;
  const std::lock_guard<std::mutex> lock(mutex);
  for (const std::unique_ptr<Action> &other : made)
    if (other->kind == family && other->points == n &&
        other->canonical == action->canonical)
      return other.get();
  return made.emplace_back(std::move(action)).get();
}

std::string Action::whyNoGenerators() const {
  if (points > kMostPoints)
    return "the automorphisms of a graph are searched up to " +
           std::to_string(kMostPoints) + " vertices";
  const std::lock_guard<std::mutex> lock(mutex);
  if (!searched) {
    searched = true;
    auto found = automorphisms(graph, kMostSearchSteps);
    tooLong = !found || found->size() > kMostGenerators;
    if (!tooLong)
      known = std::move(*found);
  }
  return tooLong ? "the search for the automorphisms of the graph takes more "
                   "than 2^27 steps"
                 : "";
}

const std::vector<PointMap> &Action::generators() const {
  whyNoGenerators();
  return known;
}

std::string Action::whyNoOrbits(uint64_t order) const {
  if (points > kMostPoints)
    return whyNoGenerators();
  int64_t tuples = 1;
  for (uint64_t i = 0; i < order && points > 1 && tuples <= kMostTuples; ++i)
    tuples *= points;
  if (tuples > kMostTuples)
    return "n^(k + l) is above the limit of 2^24 tuples of which orbits are "
           "made";
  if (std::string why = whyNoGenerators(); !why.empty())
    return why;
  int64_t moves = 0;
  for (const PointMap &generator : known)
    for (size_t point = 0; point < generator.size(); ++point)
      moves += generator[point] != static_cast<int>(point);
  // Each of the points of a tuple is any of the n equally often.
  return tuples / points * moves > kMostMoves / static_cast<int64_t>(order + 1)
             ? "the generators move tuples more than 2^31 times"
             : "";
}

int64_t Action::numberOf(const std::vector<int> &tuple) const {
  int64_t number = 0;
  for (int point : tuple)
    number = number * points + point;
  return number;
}

std::vector<int> Action::tupleOf(int64_t number, int order) const {
  std::vector<int> tuple(static_cast<size_t>(order));
  for (size_t i = tuple.size(); i-- > 0; number /= points)
    tuple[i] = static_cast<int>(number % points);
  return tuple;
}

const TupleOrbits &Action::orbits(int order) const {
  whyNoGenerators();
  const std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<TupleOrbits> &kept = orbitsOfOrder[order];
  if (kept)
    return *kept;
  kept = std::make_unique<TupleOrbits>();
  int64_t count = 1;
  for (int i = 0; i < order; ++i)
    count *= points;
  assert(count <= kMostTuples && "whoever asks has counted");
  // Many generators move few points each.
  std::vector<std::vector<const PointMap *>> moving(
      static_cast<size_t>(points));
  for (const PointMap &generator : known)
    for (size_t point = 0; point < generator.size(); ++point)
      if (generator[point] != static_cast<int>(point))
        moving[point].push_back(&generator);
  kept->orbitOf.assign(static_cast<size_t>(count), -1);
  std::vector<int64_t> sizes, work;
  for (int64_t first = 0; first < count; ++first) {
    if (kept->orbitOf[first] >= 0)
      continue;
    const auto orbit = static_cast<int32_t>(sizes.size());
    sizes.push_back(0);
    work.assign(1, first);
    kept->orbitOf[first] = orbit;
    while (!work.empty()) {
      const std::vector<int> tuple = tupleOf(work.back(), order);
      work.pop_back();
      ++sizes.back();
      for (int moved : tuple)
        for (const PointMap *generator : moving[moved]) {
          int64_t image = 0;
          for (int point : tuple)
            image = image * points + (*generator)[point];
          if (kept->orbitOf[image] < 0) {
            kept->orbitOf[image] = orbit;
            work.push_back(image);
          }
        }
    }
  }
  kept->start.push_back(0);
  for (int64_t size : sizes)
    kept->start.push_back(kept->start.back() + static_cast<int32_t>(size));
  kept->tuples.resize(static_cast<size_t>(count));
  std::vector<int32_t> next(kept->start.begin(), kept->start.end() - 1);
  for (int64_t tuple = 0; tuple < count; ++tuple)
    kept->tuples[next[kept->orbitOf[tuple]]++] = static_cast<int32_t>(tuple);
  return *kept;
}
