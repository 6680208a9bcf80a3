//===- EmitGather.cpp - Outputs that only lower patterns reach ------------===//
//
// Each row of y is summed in registers and written once; see GatherNest.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitGather.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

void eqc::emitGather(KernelBuilder &kernel, PlanArrays &arrays,
                     const GatherNest &nest) {
  const IndexTable ranges(kernel, nest.rows), sources(kernel, nest.sources);
  KernelArray &target = arrays[PlanArray::Output];
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  /// One row of `samples` samples.
  auto emitRow = [&](Value sample, Value row, int64_t samples) {
    kernel.forColumnChunks(
        target, target.channels, kRowVectors,
        [&](Value column, int64_t width, int64_t valid) {
          Values sums(samples, kernel.zeroVector(kernel.vectorType(width)));
          auto add = [&](int64_t from, bool negative) {
            if (sources.size() == 0)
              return;
            const KernelArray &nodes = arrays[PlanArray::Nodes];
            sums = emitNestedSums(
                kernel, ranges.get(kernel, row, from),
                ranges.get(kernel, row, from + 1), nest.most, 1, sums,
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
          add(GatherNest::kFirstAdded, false);
          add(GatherNest::kEndAdded, true);
          const int64_t written = target.present(width, valid);
          for (int64_t s = 0; s < samples; ++s)
            target.tensor = kernel.writeRow(
                sums[s], target.tensor,
                {kernel.sampleOf(target, kernel.add(sample, kernel.index(s))),
                 row},
                column, written);
        });
  };
  Value rest = kernel.rem(kernel.count(), kGatherSamples);
  Value whole = kernel.sub(kernel.count(), rest);
  // Sample by sample, so that y is written in one stream.
  const std::pair<Value, Value> share =
      kernel.share(kernel.index(ranges.size()));
  auto emitSamples = [&](Value lower, Value upper, int64_t samples) {
    kernel.forRange(target, lower, upper, samples, [&](Value sample) {
      kernel.forRange(target, share.first, share.second, 1,
                      [&](Value row) { emitRow(sample, row, samples); });
    });
  };
  emitSamples(kernel.index(0), whole, kGatherSamples);
  emitSamples(whole, kernel.count(), 1);
}
