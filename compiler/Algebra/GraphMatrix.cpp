//===- GraphMatrix.cpp - The matrices of graph maps and their steps -------===//

#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/GraphMap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <utility>

using namespace eqc;

namespace {

/// Gives letters values one after the other, each next to one that has its own.
class ValueSearch {
public:
  ValueSearch(const Adjacency &matrix, int64_t n, int letters,
              const std::vector<LetterEdge> &edges,
              const std::vector<int> &fixed, const LetterVisitor &visit)
      : matrix(matrix), n(n), values(fixed), visit(visit) {
    values.resize(static_cast<size_t>(letters), -1);
    std::vector<bool> placed(values.size());
    for (size_t letter = 0; letter < values.size(); ++letter)
      placed[letter] = values[letter] >= 0;
    const std::vector<bool> known = placed;
    while (true) {
      int next = -1;
      size_t most = 0;
      for (size_t letter = 0; letter < values.size(); ++letter) {
        if (placed[letter])
          continue;
        size_t joined = 1; // an edge with one that has a value beats any
        for (auto [a, b] : edges)
          if ((a == static_cast<int>(letter) && placed[b]) ||
              (b == static_cast<int>(letter) && placed[a]))
            ++joined;
        if (joined > most) {
          next = static_cast<int>(letter);
          most = joined;
        }
      }
      if (next < 0)
        break;
      placed[next] = true;
      order.push_back(next);
    }
    // Each edge is looked up once both ends have values.
    std::vector<size_t> rank(values.size(), 0);
    for (size_t i = 0; i < order.size(); ++i)
      rank[order[i]] = i + 1;
    edgesAt.resize(order.size() + 1);
    for (const LetterEdge &edge : edges)
      edgesAt[std::max(rank[edge.first], rank[edge.second])].push_back(edge);
  }

  void run() {
    const int64_t product = productAt(0, 1);
    if (product != 0)
      place(0, product);
  }

private:
  int64_t productAt(size_t depth, int64_t product) const {
    for (auto [a, b] : edgesAt[depth]) {
      const int64_t label = matrix.at(values[a], values[b]);
      if (label == 0 || __builtin_mul_overflow(product, label, &product))
        return label == 0 ? 0 : INT64_MAX;
    }
    return product;
  }

  bool place(size_t depth, int64_t product) {
    if (depth == order.size())
      return visit(values, product);
    const int letter = order[depth];
    auto go = [&](int vertex) {
      values[letter] = vertex;
      const int64_t next = productAt(depth + 1, product);
      return next == 0 || place(depth + 1, next);
    };
    bool goesOn = true;
    // Along the shortest list of neighbours.
    const Adjacency::Lists *lists = nullptr;
    int64_t begin = 0, end = n;
    for (auto [a, b] : edgesAt[depth + 1]) {
      if (a == b)
        continue;
      const Adjacency::Lists &list = a == letter ? matrix.columns : matrix.rows;
      const int other = values[a == letter ? b : a];
      if (list.start[other + 1] - list.start[other] < end - begin || !lists) {
        lists = &list;
        begin = list.start[other];
        end = list.start[other + 1];
      }
    }
    for (int64_t i = begin; i < end && goesOn; ++i)
      goesOn = go(lists ? lists->entries[i].vertex : static_cast<int>(i));
    values[letter] = -1;
    return goesOn;
  }

  const Adjacency &matrix;
  const int64_t n;
  std::vector<int> values, order;
  std::vector<std::vector<LetterEdge>> edgesAt;
  const LetterVisitor &visit;
};

} // namespace

void eqc::forLetterValues(const Adjacency &matrix, int64_t n, int letters,
                          const std::vector<LetterEdge> &edges,
                          const std::vector<int> &fixed,
                          const LetterVisitor &visit) {
  ValueSearch(matrix, n, letters, edges, fixed, visit).run();
}

double eqc::graphMapEntry(const Diagram &map, const Action &graph,
                          const std::vector<int64_t> &index) {
  std::vector<int> fixed(static_cast<size_t>(map.map.letters), -1);
  for (size_t v = 0; v < index.size(); ++v) {
    int &value = fixed[map.block[v]];
    if (value >= 0 && value != index[v])
      return 0;
    value = static_cast<int>(index[v]);
  }
  double sum = 0;
  forLetterValues(graph.adjacency(), graph.n(), map.map.letters, map.map.edges,
                  fixed, [&](const std::vector<int> &, int64_t product) {
                    sum += static_cast<double>(product);
                    return true;
                  });
  return sum;
}

void eqc::forGraphMap(const Diagram &map, const Action &graph,
                      const LetterVisitor &visit) {
  forLetterValues(graph.adjacency(), graph.n(), map.map.letters, map.map.edges,
                  {}, [&](const std::vector<int> &values, int64_t product) {
                    return visit(
                        {values.begin(), values.begin() + map.numBlocks()},
                        product);
                  });
}

std::map<std::vector<int>, double>
eqc::graphMapEntries(const Diagram &map, const Action &graph, bool isAbsolute) {
  std::map<std::vector<int>, double> entries;
  forGraphMap(map, graph, [&](const std::vector<int> &at, int64_t product) {
    const auto value = static_cast<double>(product);
    entries[at] += isAbsolute ? std::abs(value) : value;
    return true;
  });
  for (auto entry = entries.begin(); entry != entries.end();)
    entry = entry->second == 0 ? entries.erase(entry) : std::next(entry);
  return entries;
}

int64_t eqc::countProducts(const Diagram &map, const Action &graph,
                           int64_t most) {
  int64_t count = 0;
  forGraphMap(map, graph, [&](const std::vector<int> &, int64_t) {
    return ++count < most;
  });
  return count;
}

/// The letters of the edges of a step, and those that it alone has behind them,
/// numbered in this order.
struct StepLetters {
  std::vector<int> letters;
  std::vector<LetterEdge> edges;
  int all = 0;
};

static StepLetters lettersOf(const RowPattern &step) {
  StepLetters result;
  const auto left = static_cast<int>(step.kept.size());
  std::map<int, int> number;
  for (auto [a, b] : step.steps.front().edges) {
    number[a] = 0;
    number[b] = 0;
  }
  for (int letter : step.steps.front().summed)
    number[letter] = 0;
  for (auto &[letter, place] : number) {
    place = result.all++;
    if (letter < left)
      result.letters.push_back(letter);
  }
  for (auto [a, b] : step.steps.front().edges)
    result.edges.emplace_back(number[a], number[b]);
  return result;
}

static StepMatrix makeStepMatrix(const RowPattern &step, const Action &graph) {
  const StepLetters of = lettersOf(step);
  const auto width = static_cast<std::ptrdiff_t>(of.letters.size());
  std::vector<int> values;
  std::vector<int64_t> products;
  StepMatrix matrix;
  matrix.letters = of.letters;
  forLetterValues(graph.adjacency(), graph.n(), of.all, of.edges, {},
                  [&](const std::vector<int> &at, int64_t product) {
                    values.insert(values.end(), at.begin(), at.begin() + width);
                    products.push_back(product);
                    matrix.tooMany =
                        static_cast<int64_t>(products.size()) > kMostProducts;
                    return !matrix.tooMany;
                  });
  auto begin = [&](size_t entry) {
    return values.begin() + static_cast<std::ptrdiff_t>(entry) * width;
  };
  std::vector<size_t> order(products.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::lexicographical_compare(begin(a), begin(a) + width, begin(b),
                                        begin(b) + width);
  });
  for (size_t i = 0, end; i < order.size(); i = end) {
    int64_t factor = 0;
    for (end = i; end < order.size() &&
                  std::equal(begin(order[i]), begin(order[i]) + width,
                             begin(order[end]));
         ++end)
      if (__builtin_add_overflow(factor, products[order[end]], &factor))
        factor = kLargestEntry + 1;
    matrix.tooLarge |= factor > kLargestEntry || factor < -kLargestEntry;
    if (factor == 0)
      continue;
    matrix.values.insert(matrix.values.end(), begin(order[i]),
                         begin(order[i]) + width);
    matrix.factors.push_back(factor);
  }
  return matrix;
}

const StepMatrix &eqc::stepMatrix(const RowPattern &step, const Action &graph) {
  static std::mutex mutex;
  static std::map<std::pair<const Action *, RowPattern>, StepMatrix> known;
  const std::lock_guard<std::mutex> lock(mutex);
  auto [entry, isNew] = known.try_emplace({&graph, step});
  if (isNew)
    entry->second = makeStepMatrix(step, graph);
  return entry->second;
}

std::string eqc::whyTooLarge(const RowPattern &row, const Action &graph) {
  for (RowPattern rest = row; !rest.steps.empty();
       rest = withoutLastStep(rest)) {
    int64_t entries = 1;
    for (int i = 0; i < rest.numKept(); ++i)
      if (__builtin_mul_overflow(entries, graph.n(), &entries))
        entries = INT64_MAX;
    if (entries > kMostIntermediate)
      return "a step of the graph map makes more than 2^26 entries per sample "
             "and channel";
    const RowPattern step = lastStepOf(rest);
    if (step.steps.empty())
      continue;
    const StepMatrix &matrix = stepMatrix(step, graph);
    if (matrix.tooMany)
      return "a step of the graph map has more than 2^24 products of edges";
    if (matrix.tooLarge)
      return "an entry of the graph map is above 2^31 - 1";
  }
  return "";
}
