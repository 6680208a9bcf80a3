//===- EmitSegments.cpp - Steps of graph maps as loops --------------------===//
//
// Each row of the target is summed in registers and written once; see
// SegmentNest.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitSegments.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <optional>

using namespace eqc;
using namespace mlir;

namespace {

class SegmentEmitter {
public:
  SegmentEmitter(KernelBuilder &kernel, const KernelArray &source,
                 KernelArray &target, const SegmentNest &nest)
      : kernel(kernel), source(source), target(target), nest(nest),
        groups(kernel, nest.groups) {
    if (!nest.sources.empty())
      sources.emplace(kernel, nest.sources);
    if (!nest.factors.empty())
      factors = kernel.constants(nest.factors);
  }

  void emit(bool shares) {
    SmallVector<Value> extents;
    for (const SegmentNest::Along &letter : nest.letters)
      extents.push_back(kernel.index(letter.extent));
    auto emitGroup = [&](Value group) {
      kernel.forRange(target, kernel.count(), [&](Value sample) {
        kernel.forNest(target, extents, [&](ArrayRef<Value> letters) {
          emitRow(group, sample, letters);
        });
      });
    };
    Value all = kernel.index(groups.size());
    if (shares)
      kernel.forShare(target, all, emitGroup);
    else
      kernel.forRange(target, all, emitGroup);
  }

private:
  void emitRow(Value group, Value sample, ArrayRef<Value> letters) {
    Value targetRow = groups.get(kernel, group, SegmentNest::kTarget);
    Value sourceRow = kernel.index(0);
    for (size_t a = 0; a < letters.size(); ++a) {
      auto along = [&](Value row, int64_t stride) {
        return kernel.add(row, kernel.mul(letters[a], kernel.index(stride)));
      };
      targetRow = along(targetRow, nest.letters[a].targetStride);
      sourceRow = along(sourceRow, nest.letters[a].sourceStride);
    }
    Value from = kernel.sampleOf(source, sample);
    const SmallVector<Value> to =
        target.position(kernel.sampleOf(target, sample), targetRow);
    kernel.forColumnChunks(
        target, target.channels, kRowVectors,
        [&](Value column, int64_t width, int64_t valid) {
          Value sum = kernel.zeroVector(kernel.vectorType(width));
          if (sources)
            sum =
                emitNestedSums(
                    kernel, groups.get(kernel, group, SegmentNest::kFirstTerm),
                    groups.get(kernel, group, SegmentNest::kEndTerm), nest.most,
                    1, {sum},
                    [&](Value term, Values partial) {
                      partial.front() =
                          addTerm(partial.front(), term, from, sourceRow,
                                  column, width, valid);
                      return partial;
                    })
                    .front();
          const int64_t present = target.present(width, valid);
          if (nest.adds)
            sum = addVectors(
                kernel, sum,
                kernel.readRow(target.tensor, to, column, width, present));
          target.tensor =
              kernel.writeRow(sum, target.tensor, to, column, present);
        });
  }

  Value addTerm(Value sum, Value term, Value from, Value sourceRow,
                Value column, int64_t width, int64_t valid) {
    Value row = kernel.readRow(
        source.tensor,
        source.position(from,
                        kernel.add(sourceRow, sources->get(kernel, term, 0))),
        column, width, source.present(width, valid));
    if (factors)
      return vector::FMAOp::create(kernel.b, kernel.loc, row,
                                   kernel.broadcastOf(factors, term, width),
                                   sum);
    return addVectors(kernel, sum, row);
  }

  KernelBuilder &kernel;
  const KernelArray &source;
  KernelArray &target;
  const SegmentNest &nest;
  IndexTable groups;
  std::optional<IndexTable> sources; ///< none where there are no terms
  Value factors;
};

} // namespace

void eqc::emitSegments(KernelBuilder &kernel, const KernelArray &source,
                       KernelArray &target, const SegmentNest &nest,
                       bool shares) {
  if (nest.groups.empty())
    return; // a write that reaches nothing
  SegmentEmitter(kernel, source, target, nest).emit(shares);
}
