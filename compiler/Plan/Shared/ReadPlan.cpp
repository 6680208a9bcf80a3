//===- ReadPlan.cpp - How the patterns of a row are read ------------------===//

#include "compiler/Plan/Shared/ReadPlan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

using namespace eqc;

/// Finer patterns keep more blocks and have no free vertices: they come first.
static std::pair<int, int> readOrder(const RowPattern &pattern) {
  return {pattern.numFree(), -pattern.numKept()};
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
  /// A finer pattern that is a view or fulfils `available`; views last, because
  /// a stored one is smaller in memory than the strided view of the row.
  template <typename Predicate>
  std::optional<RowPattern> findParent(const RowPattern &pattern,
                                       Predicate available) const {
    if (isView(pattern))
      return identityPattern(pattern.size());
    std::optional<RowPattern> view;
    for (RowPattern &finer : finerPatterns(pattern, group)) {
      if (isView(finer))
        view = finer;
      else if (available(finer))
        return finer;
    }
    return view;
  }

  void addStages(const std::vector<RowPattern> &order) {
    // Patterns of the same order with the same source are one stage; copies
    // drop nothing and stand apart.
    std::map<std::tuple<std::pair<int, int>, bool, PlanArray>, ReadStage>
        stages;
    for (const RowPattern &pattern : order) {
      RowPattern parent =
          *findParent(pattern, [&](const RowPattern &candidate) {
            return geometry.isStored(candidate);
          });
      const PlanArray source = geometry.viewOfBottom(parent).array;
      ReadStage &stage = stages[{readOrder(pattern), !isView(pattern), source}];
      stage.kept = pattern.numKept();
      stage.source = source;
      stage.entries.push_back(geometry.makeRead(pattern, parent));
      if (options.byOtherRow && pattern.free >= 0)
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
