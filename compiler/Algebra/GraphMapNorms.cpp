//===- GraphMapNorms.cpp - How large the entries of graph maps are --------===//

#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/Random.h"

#include <algorithm>

using namespace eqc;

namespace {

/// Vectors over the entries of rows, as the contraction multiplies them.
class VectorSteps {
public:
  explicit VectorSteps(const Action &graph) : graph(graph) {}

  std::vector<double> apply(const Diagram &map,
                            const std::vector<double> &x) const {
    const Split split = splitDiagram(map);
    const std::vector<double> kept = read(split.bottom, x);
    // The letters of the one side in the order of the other.
    std::vector<double> moved(kept.size());
    const auto letters = static_cast<int>(split.sigma.size());
    for (size_t entry = 0; entry < kept.size(); ++entry) {
      const std::vector<int> top =
          graph.tupleOf(static_cast<int64_t>(entry), letters);
      std::vector<int> bottom(top.size());
      for (int a = 0; a < letters; ++a)
        bottom[split.sigma[a]] = top[a];
      moved[entry] = kept[graph.numberOf(bottom)];
    }
    return write(split.top, moved);
  }

private:
  int64_t sizeOf(int letters) const {
    int64_t size = 1;
    for (int i = 0; i < letters; ++i)
      size *= graph.n();
    return size;
  }

  /// Calls visit(entry of what is left, entry of what was there, factor).
  template <typename Visit>
  void forEntries(const RowPattern &one, const Visit &visit) const {
    StepMatrix none;
    if (one.steps.empty())
      none.factors.push_back(1);
    const StepMatrix &matrix =
        one.steps.empty() ? none : stepMatrix(one, graph);
    std::vector<int> along; // letters without an edge
    for (int letter = 0; letter < one.numBlocks(); ++letter)
      if (!std::binary_search(matrix.letters.begin(), matrix.letters.end(),
                              letter))
        along.push_back(letter);
    const size_t width = matrix.letters.size();
    std::vector<int> values(static_cast<size_t>(one.numBlocks()));
    const std::vector<int> kept = one.keptBlocks();
    std::vector<int> inner(kept.size()), row(one.block.size());
    const int64_t rest = sizeOf(static_cast<int>(along.size()));
    for (size_t e = 0; e < matrix.factors.size(); ++e) {
      for (size_t i = 0; i < width; ++i)
        values[matrix.letters[i]] = matrix.values[e * width + i];
      for (int64_t number = 0; number < rest; ++number) {
        const std::vector<int> others =
            graph.tupleOf(number, static_cast<int>(along.size()));
        for (size_t i = 0; i < along.size(); ++i)
          values[along[i]] = others[i];
        for (size_t i = 0; i < kept.size(); ++i)
          inner[i] = values[kept[i]];
        for (size_t i = 0; i < row.size(); ++i)
          row[i] = values[one.block[i]];
        visit(graph.numberOf(inner), graph.numberOf(row),
              static_cast<double>(matrix.factors[e]));
      }
    }
  }

  std::vector<double> read(const RowPattern &pattern,
                           const std::vector<double> &x) const {
    const bool hasSteps = !pattern.steps.empty();
    const std::vector<double> before =
        hasSteps ? read(withoutLastStep(pattern), x) : x;
    std::vector<double> result(sizeOf(pattern.numKept()), 0.0);
    forEntries(hasSteps ? lastStepOf(pattern) : pattern,
               [&](int64_t inner, int64_t row, double factor) {
                 result[inner] += factor * before[row];
               });
    return result;
  }

  std::vector<double> write(const RowPattern &pattern,
                            const std::vector<double> &kept) const {
    const bool hasSteps = !pattern.steps.empty();
    const RowPattern before =
        hasSteps ? withoutLastStep(pattern) : RowPattern();
    std::vector<double> result(
        sizeOf(hasSteps ? before.numKept() : pattern.size()), 0.0);
    forEntries(hasSteps ? lastStepOf(pattern) : pattern,
               [&](int64_t inner, int64_t row, double factor) {
                 result[row] += factor * kept[inner];
               });
    return hasSteps ? write(before, result) : result;
  }

  const Action &graph;
};

} // namespace

GraphMapNorms eqc::normsOf(const Diagram &map, const Action &graph) {
  constexpr int64_t kMostExact = int64_t(1) << 20;
  constexpr int kProbes = 8;
  GraphMapNorms norms;
  int64_t columns = 1;
  for (int i = 0; i < map.k; ++i)
    columns *= graph.n();
  const VectorSteps steps(graph);
  for (double sum : steps.apply(map, std::vector<double>(columns, 1.0))) {
    norms.rows += sum != 0;
    norms.squaresOfSums += sum * sum;
  }
  if (countProducts(map, graph, kMostExact) < kMostExact) {
    for (const auto &[at, entry] : graphMapEntries(map, graph))
      norms.squares += entry * entry;
    return norms;
  }
  // The mean of |M z|^2 over random signs z is the sum of all squares.
  Random random(0);
  for (int probe = 0; probe < kProbes; ++probe) {
    std::vector<double> signs(columns);
    for (double &sign : signs)
      sign = random.below(2) == 0 ? -1 : 1;
    for (double value : steps.apply(map, signs))
      norms.squares += value * value / kProbes;
  }
  return norms;
}
