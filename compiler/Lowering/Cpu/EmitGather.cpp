//===- EmitGather.cpp - Outputs that only lower patterns reach ------------===//
//
// y[row, c] = sum over the nodes that reach the row of +-node[row', c].
//
// When no diagram keeps all outputs apart, y is a sum of nodes and nothing else
// (SO(3) 1 -> 2 has only the cross product, O(3) 2 -> 4 only diagrams with a
// pair of outputs). Writing zeros first and adding to them afterwards would
// touch y several times; each row is gathered and written once instead.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitGather.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// The rows of nodes that are added to and taken away from one row of y.
struct Sources {
  std::vector<int64_t> added, taken;
};

/// Tables beyond this would be no better than the loops they stand for.
constexpr int64_t kMostRows = 1024, kMostSources = 8192;

} // namespace

/// Calls visit(row of y, row of nodes, sign) for all that reach y.
static void forSources(const SharedPlan &plan, const MixTarget &target,
                       const WriteStage *write,
                       function_ref<void(int64_t, int64_t, int)> visit) {
  auto along = [&](auto &self, size_t axis, const RowView &to,
                   const RowView &from, int64_t row, int64_t source) -> void {
    if (axis == to.strides.size())
      return visit(row, source, 1);
    for (int64_t i = 0; i < plan.n; ++i)
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

bool eqc::isGather(const SharedPlan &plan, const MixStage &mix,
                   const WriteStage *write) {
  if (plan.n < 0 || mix.target != PlanArray::Output || mix.targets.size() != 1)
    return false;
  const MixTarget &target = mix.targets.front();
  if (!target.fromInput.empty() || !target.fromStored.empty() ||
      !target.biasRows.empty() ||
      plan.rowsOf(PlanArray::Output).at(plan.n) > kMostRows)
    return false;
  int64_t sources = 0;
  forSources(plan, target, write, [&](int64_t, int64_t, int) { ++sources; });
  return sources <= kMostSources;
}

void eqc::emitGather(KernelBuilder &kernel, PlanArrays &arrays,
                     const SharedPlan &plan, const MixStage &mix,
                     const WriteStage *write) {
  std::vector<Sources> rows(plan.rowsOf(PlanArray::Output).at(plan.n));
  forSources(plan, mix.targets.front(), write,
             [&](int64_t row, int64_t source, int sign) {
               (sign > 0 ? rows[row].added : rows[row].taken).push_back(source);
             });
  IndexTable ranges(3), sources(1);
  int64_t most = 0;
  for (const Sources &row : rows) {
    most = std::max<int64_t>({most, static_cast<int64_t>(row.added.size()),
                              static_cast<int64_t>(row.taken.size())});
    const int64_t first = sources.size();
    for (int64_t source : row.added)
      sources.addRow({Poly(source)});
    const int64_t middle = sources.size();
    for (int64_t source : row.taken)
      sources.addRow({Poly(source)});
    ranges.addRow({Poly(first), Poly(middle), Poly(sources.size())});
  }
  ranges.materialize(kernel);
  sources.materialize(kernel);

  KernelArray &target = arrays[PlanArray::Output];
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  /// One row of `samples` samples, so that additions do not wait on each other.
  auto emitRow = [&](Value sample, Value row, int64_t samples) {
    kernel.forColumnChunks(
        target, target.channels, 4,
        [&](Value column, int64_t width, int64_t valid) {
          Values sums(samples, kernel.zeroVector(kernel.vectorType(width)));
          auto add = [&](int64_t from, bool negative) {
            if (sources.size() == 0)
              return;
            const KernelArray &nodes = arrays[PlanArray::Nodes];
            sums = emitNestedSums(
                kernel, ranges.get(kernel, row, from),
                ranges.get(kernel, row, from + 1), most, 1, sums,
                [&](Value e, Values partial) {
                  Value source = sources.get(kernel, e, 0);
                  for (int64_t s = 0; s < samples; ++s) {
                    Value node = kernel.readRow(
                        nodes.tensor,
                        {kernel.add(sample, kernel.index(s)), source}, column,
                        width, width);
                    partial[s] =
                        negative
                            ? arith::SubFOp::create(b, loc, partial[s], node)
                                  .getResult()
                            : arith::AddFOp::create(b, loc, partial[s], node)
                                  .getResult();
                  }
                  return partial;
                });
          };
          add(0, false);
          add(1, true);
          const int64_t written = target.present(width, valid);
          for (int64_t s = 0; s < samples; ++s)
            target.tensor = kernel.writeRow(
                sums[s], target.tensor,
                {kernel.sampleOf(target, kernel.add(sample, kernel.index(s))),
                 row},
                column, written);
        });
  };
  Value rest = kernel.rem(kernel.count(), 2);
  Value even = kernel.sub(kernel.count(), rest);
  // Sample by sample, so that y is written in one stream.
  const std::pair<Value, Value> share = kernel.share(kernel.index(rows.size()));
  auto emitSamples = [&](Value lower, Value upper, int64_t samples) {
    kernel.forRange(target, lower, upper, samples, [&](Value sample) {
      kernel.forRange(target, share.first, share.second, 1,
                      [&](Value row) { emitRow(sample, row, samples); });
    });
  };
  emitSamples(kernel.index(0), even, 2);
  emitSamples(even, kernel.count(), 1);
}
