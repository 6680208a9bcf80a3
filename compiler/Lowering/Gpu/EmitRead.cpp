//===- EmitRead.cpp - Input patterns, a thread for each row ---------------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Nests/ReadNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <optional>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

namespace {

class ReadEmitter {
public:
  ReadEmitter(Program &program, const LayerArrays &arrays, const ReadNest &nest)
      : nest(nest),
        kernel(program, "read", {arrays[nest.source], arrays.stored}),
        width(program.width(arrays.stored.channels)),
        columns(arrays.stored.channels / width) {}

  void emit() {
    noteAccesses();
    std::vector<Extent> extents{kernel.samples(),
                                kernel.extent(nest.entries.size())};
    for (const Axis &axis : nest.kept)
      extents.push_back(kernel.extent(axis.extent));
    extents.push_back(kernel.extent(nest.groups));
    extents.push_back(kernel.extent(columns));
    kernel.overItems(extents, [&](ArrayRef<Value> point) { emitRow(point); });
  }

private:
  void noteAccesses() {
    if (nest.source == PlanArray::Input)
      kernel.reads(0);
    for (int64_t e = 0; e < nest.entries.size(); ++e) {
      const std::vector<Poly> &entry = nest.entries.row(e);
      std::vector<std::pair<Poly, Poly>> from, to;
      for (size_t a = 0; a < nest.kept.size(); ++a) {
        from.emplace_back(nest.kept[a].extent, entry[ReadNest::kStrides + a]);
        to.emplace_back(nest.kept[a].extent, nest.targetStrides[a]);
      }
      from.emplace_back(entry[ReadNest::kDroppedExtent],
                        entry[ReadNest::kDroppedStride]);
      to.emplace_back(Poly(nest.groups), Poly(1));
      kernel.writes(1, entry[ReadNest::kTarget], to);
      if (nest.source == PlanArray::Input)
        continue;
      const int64_t first = entry[ReadNest::kFirstTerm].at(1);
      for (int64_t t = first; t < first + nest.groups * nest.termsPerGroup; ++t)
        kernel.reads(0, nest.terms.row(t)[ReadNest::kRowOffset], from);
    }
  }

  void emitRow(ArrayRef<Value> point) {
    const DeviceTable entries(kernel, nest.entries);
    terms.emplace(kernel, nest.terms);
    sample = point[0];
    Value e = point[1], group = point[point.size() - 2];
    column = kernel.mul(point.back(), kernel.index(width));
    ArrayRef<Value> letters = point.slice(2, nest.kept.size());
    sourceRow = kernel.index(0);
    Value targetRow =
        kernel.add(entries.get(kernel, e, ReadNest::kTarget), group);
    for (size_t a = 0; a < letters.size(); ++a) {
      const auto field = static_cast<int64_t>(ReadNest::kStrides + a);
      sourceRow = kernel.add(
          sourceRow, kernel.mul(letters[a], entries.get(kernel, e, field)));
      targetRow =
          kernel.add(targetRow, kernel.mul(letters[a],
                                           kernel.poly(nest.targetStrides[a])));
    }
    if (!kernel.isShared(0))
      source = kernel.rowOf(0, sample, sourceRow);
    firstTerm = kernel.add(entries.get(kernel, e, ReadNest::kFirstTerm),
                           kernel.mul(group, kernel.index(nest.termsPerGroup)));
    if (nest.mean)
      mean = meanFactors(kernel, nest.values);
    Value sum =
        nest.inLine()
            ? sumOverDropped(entries.get(kernel, e, ReadNest::kDroppedExtent),
                             entries.get(kernel, e, ReadNest::kDroppedStride))
            : sumOverTerms();
    if (nest.mean)
      sum = kernel.times(mean.sum, sum);
    kernel.store(1, kernel.add(kernel.rowOf(1, sample, targetRow), column),
                 sum);
  }

  /// The source's row of a term, `row` further.
  Value load(Value term, Value row) {
    row = kernel.add(row, terms->get(kernel, term, ReadNest::kRowOffset));
    if (kernel.isShared(0)) {
      Value start = kernel.rowOf(0, sample, kernel.add(sourceRow, row));
      return kernel.load(0, kernel.add(start, column), width);
    }
    Value start = kernel.mul(row, kernel.index(kernel.pitch(0)));
    return kernel.load(0, kernel.add(kernel.add(source, start), column), width);
  }

  Value add(Value sum, Value row, bool negative) {
    if (!nest.mean)
      return negative ? kernel.minus(sum, row) : kernel.plus(sum, row);
    Value factor = mean.term;
    if (negative)
      factor = arith::NegFOp::create(kernel.b, kernel.loc, factor);
    return kernel.fma(factor, row, sum);
  }

  Value sumOverDropped(Value extent, Value stride) {
    const Poly &most = nest.mostDropped;
    const bool known = !kernel.spec.dynamicN() || most.isConstant();
    return blockedSum(kernel, kernel.index(0), extent,
                      known ? most.at(kernel.spec.n) : 0, nest.termsPerGroup,
                      {kernel.real(0, width)},
                      [&](Value q, Values sum) {
                        Value row = kernel.mul(q, stride);
                        for (int64_t i = 0; i < nest.termsPerGroup; ++i)
                          sum[0] = add(
                              sum[0],
                              load(kernel.add(firstTerm, kernel.index(i)), row),
                              nest.signs[static_cast<size_t>(i)] < 0);
                        return sum;
                      })
        .front();
  }

  /// Signs that differ between groups stand in the table; then no letter is
  /// dropped.
  Value sumOverTerms() {
    return blockedSum(kernel, kernel.index(0), kernel.index(nest.termsPerGroup),
                      nest.termsPerGroup, 1, {kernel.real(0, width)},
                      [&](Value i, Values sum) {
                        Value term = kernel.add(firstTerm, i);
                        Value row = load(term, kernel.index(0));
                        Value negative = kernel.isLess(
                            terms->get(kernel, term, ReadNest::kSign),
                            kernel.index(0));
                        sum[0] = arith::SelectOp::create(
                            kernel.b, kernel.loc, negative,
                            add(sum[0], row, true), add(sum[0], row, false));
                        return sum;
                      })
        .front();
  }

  const ReadNest &nest;
  DeviceKernel kernel;
  int64_t width, columns;
  std::optional<DeviceTable> terms;
  Value sample, sourceRow, column, firstTerm;
  Value source; ///< the first element of the row, where others follow it
  MeanFactors mean;
};

} // namespace

void device::emitRead(Program &program, const LayerArrays &arrays,
                      const SharedPlan &plan, const ReadStage &stage) {
  if (stage.isUneven()) {
    for (const ReadEntry &entry : stage.entries)
      emitSegments(program, arrays[stage.source], arrays.stored,
                   SegmentNest(entry, plan.n));
    return;
  }
  for (const ReadStage &part : partsOfOneShape(stage)) {
    const ReadNest nest(plan, part);
    ReadEmitter(program, arrays, nest).emit();
  }
}
