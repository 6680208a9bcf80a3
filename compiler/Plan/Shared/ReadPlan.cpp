//===- ReadPlan.cpp - How the patterns of a row are read ------------------===//

#include "compiler/Plan/Shared/ReadPlan.h"

#include <algorithm>
#include <climits>
#include <map>
#include <optional>
#include <set>
#include <tuple>

using namespace eqc;

/// Finer patterns keep more blocks and have no symbol: they come first. What
/// has steps comes behind what has fewer.
static std::tuple<size_t, int, int> readOrder(const RowPattern &pattern) {
  return {pattern.steps.size(), pattern.head >= 0 ? INT_MAX : pattern.numFree(),
          -pattern.numKept()};
}

/// What loops over the entries of a symbol have in common.
static std::pair<int64_t, int64_t> shapeOfSymbol(const RowPattern &pattern,
                                                 Group group, int64_t n) {
  if (!pattern.hasSymbol())
    return {1, 1};
  const int64_t size = sizeOf(group, n, pattern.spaceOfSymbol());
  return {pattern.numEntries(size), pattern.termsPerEntry(size)};
}

/// Stands for sizes that are given at run time.
static constexpr int64_t kSomeSize = 8;

LayerSpec eqc::inputsAlone(const LayerSpec &spec, int order,
                           std::vector<int> axes) {
  LayerSpec side;
  side.group = spec.group;
  side.n = spec.n;
  side.k = order;
  side.xAxes = std::move(axes);
  return side;
}

std::vector<int> eqc::spacesOfSum(const RowPattern &pattern,
                                  const RowPattern &parent) {
  const RowPattern relative = relativePattern(parent, pattern);
  std::vector<int> spaces;
  for (int block : relative.droppedBlocks())
    spaces.push_back(relative.spaceOf(block));
  if (relative.hasSymbol())
    spaces.push_back(relative.spaceOfSymbol());
  return spaces;
}

bool eqc::areAxisSums(const std::vector<RowPattern> &patterns, Group group,
                      bool fromInput) {
  // Lengths of 1 leave no telling which axis a stride is of.
  // Those of slices are of strides of their own.
  const RowPattern &row = patterns.front();
  if (!row.part.empty())
    return false;
  for (int vertex = 0; vertex < row.size(); ++vertex)
    if (group.isProduct() && sizeOf(group, 0, row.spaceOfVertex(vertex)) == 1)
      return false;
  return fromInput &&
         std::all_of(patterns.begin(), patterns.end(),
                     [](const RowPattern &pattern) {
                       return !pattern.hasSymbol() && pattern.steps.empty() &&
                              pattern.numBlocks() == pattern.size() &&
                              pattern.droppedBlocks().size() == 1;
                     });
}

namespace {

class Reader {
public:
  Reader(SharedGeometry &geometry, const ReadOptions &options)
      : geometry(geometry), group(geometry.plan.group), options(options) {}

  void read(const std::vector<RowPattern> &patterns) {
    const std::set<RowPattern> needed = patternsToRead(
        patterns, group, geometry.plan.n, options.order, options.storeViews);
    std::vector<RowPattern> order(needed.begin(), needed.end());
    std::sort(order.begin(), order.end(),
              [](const RowPattern &a, const RowPattern &b) {
                return std::make_pair(readOrder(a), a) <
                       std::make_pair(readOrder(b), b);
              });
    for (const RowPattern &pattern : order)
      geometry.addStored(pattern);
    addStages(order);
  }

private:
  /// The rows of a pattern, at some size where that is given at run time.
  int64_t rowsAt(const RowPattern &pattern) const {
    return rowsOf(pattern, group, geometry.plan.n)
        .at(geometry.plan.n > 0 ? geometry.plan.n : kSomeSize);
  }

  /// A finer pattern that is a view or fulfils `available`; views last, because
  /// a stored one is smaller in memory than the strided view of the row. Of
  /// others the first of those with the fewest rows to be summed.
  template <typename Predicate>
  std::optional<RowPattern> findParent(const RowPattern &pattern,
                                       Predicate available) const {
    if (isView(pattern))
      return identityPattern(pattern.size(), pattern.space, pattern.part);
    std::optional<RowPattern> view, stored;
    for (RowPattern &finer : finerPatterns(pattern, group)) {
      if (isView(finer)) {
        if (!view || (group.isProduct() && rowsAt(finer) < rowsAt(*view)))
          view = finer;
      } else if (available(finer) &&
                 (!stored || rowsAt(finer) < rowsAt(*stored))) {
        stored = finer;
      }
    }
    return stored ? stored : view;
  }

  void addStages(const std::vector<RowPattern> &order) {
    // Patterns of the same order with the same source are one stage, where what
    // they keep and what they drop are axes of the same spaces; copies drop
    // nothing and stand apart.
    using Key = std::tuple<std::tuple<size_t, int, int>, bool, PlanArray,
                           std::vector<int>, std::vector<int>,
                           std::pair<int64_t, int64_t>, size_t>;
    std::map<Key, ReadStage> stages;
    for (const RowPattern &pattern : order) {
      RowPattern parent =
          *findParent(pattern, [&](const RowPattern &candidate) {
            return geometry.isStored(candidate);
          });
      const PlanArray source = geometry.viewOfBottom(parent).array;
      Key key{readOrder(pattern),
              !isView(pattern),
              source,
              {},
              {},
              shapeOfSymbol(pattern, group, geometry.plan.n),
              0};
      // Steps of graph maps have tables of their own.
      if (!pattern.steps.empty())
        std::get<6>(key) = 1 + stages.size();
      if (!areAxisSums({pattern}, group, source == PlanArray::Input)) {
        std::get<3>(key) = pattern.spacesOfKept();
        std::get<4>(key) = spacesOfSum(pattern, parent);
      }
      ReadStage &stage = stages[key];
      stage.kept = pattern.numKept();
      stage.source = source;
      stage.entries.push_back(geometry.makeRead(pattern, parent));
      if (options.byOtherRow && pattern.hasSymbol())
        geometry.indexByOtherRow(stage.entries.back(), pattern);
    }
    for (auto &stage : stages)
      geometry.plan.stages.push_back(std::move(stage.second));
  }

  SharedGeometry &geometry;
  const Group group;
  const ReadOptions &options;
};

} // namespace

void eqc::addReads(SharedGeometry &geometry,
                   const std::vector<RowPattern> &patterns,
                   const ReadOptions &options) {
  Reader(geometry, options).read(patterns);
}
