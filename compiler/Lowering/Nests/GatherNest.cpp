//===- GatherNest.cpp - Rows as signed sums of rows -----------------------===//

#include "compiler/Lowering/Nests/GatherNest.h"

#include <algorithm>

using namespace eqc;

/// Calls visit(row of y, row of nodes, sign) for all that reach y.
template <typename Visit>
static void forSources(const SharedPlan &plan, const MixStage &mix,
                       const WriteStage *write, const Visit &visit) {
  const MixTarget &target = mix.targets.front();
  auto along = [&](auto &self, size_t axis, const RowView &to,
                   const RowView &from, int64_t row, int64_t source) -> void {
    if (axis == to.strides.size())
      return visit(row, source, 1);
    for (int64_t i = 0; i < mix.lengths[axis].at(plan.n); ++i)
      self(self, axis + 1, to, from, row + i * to.strides[axis].at(plan.n),
           source + i * from.strides[axis].at(plan.n));
  };
  for (const RowView &init : target.inits)
    along(along, 0, target.target, init, target.target.offset.at(plan.n),
          init.offset.at(plan.n));
  if (!write)
    return;
  for (const WriteEntry &entry : write->entries)
    forWalk(entry.walk, plan.n, visit);
}

bool GatherNest::serves(const SharedPlan &plan, const MixStage &mix) {
  if (plan.n < 0 || plan.unpools || mix.target != PlanArray::Output ||
      mix.targets.size() != 1)
    return false;
  const MixTarget &target = mix.targets.front();
  for (const SharedStage &stage : plan.stages)
    if (const auto *write = std::get_if<WriteStage>(&stage);
        write && write->isUneven())
      return false;
  return target.node < 0 && target.fromInput.empty() &&
         target.fromStored.empty() && target.biasRows.empty();
}

int64_t GatherNest::countSources(const SharedPlan &plan, const MixStage &mix,
                                 const WriteStage *write) {
  int64_t sources = 0;
  forSources(plan, mix, write, [&](int64_t, int64_t, int) { ++sources; });
  return sources;
}

GatherNest::GatherNest(const SharedPlan &plan, const MixStage &mix,
                       const WriteStage *write)
    : rows(kNumRowFields), sources(1) {
  struct Sources {
    std::vector<int64_t> added, taken;
  };
  std::vector<Sources> reaching(
      static_cast<size_t>(plan.rowsOf(PlanArray::Output).at(plan.n)));
  forSources(plan, mix, write, [&](int64_t row, int64_t source, int sign) {
    Sources &of = reaching[static_cast<size_t>(row)];
    (sign > 0 ? of.added : of.taken).push_back(source);
  });
  for (const Sources &of : reaching) {
    most = std::max<int64_t>({most, static_cast<int64_t>(of.added.size()),
                              static_cast<int64_t>(of.taken.size())});
    const int64_t first = sources.size();
    for (int64_t source : of.added)
      sources.addRow({Poly(source)});
    const int64_t middle = sources.size();
    for (int64_t source : of.taken)
      sources.addRow({Poly(source)});
    rows.addRow({Poly(first), Poly(middle), Poly(sources.size())});
  }
}
