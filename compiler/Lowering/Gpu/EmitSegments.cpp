//===- EmitSegments.cpp - Steps of graph maps, a thread for each row ------===//
//
// Each row of the target is summed by one thread and written once; see
// SegmentNest.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"

#include <optional>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

void device::emitSegments(Program &program, const DeviceArray &source,
                          const DeviceArray &target, const SegmentNest &nest) {
  if (nest.groups.empty())
    return; // a write that reaches nothing
  DeviceKernel kernel(program, "segments", {source, target});
  const int64_t width = program.width(target.channels);
  kernel.reads(0);
  kernel.writes(1);
  if (nest.adds)
    kernel.reads(1);
  std::vector<Extent> extents{kernel.samples(),
                              kernel.extent(nest.groups.size())};
  for (const SegmentNest::Along &letter : nest.letters)
    extents.push_back(kernel.extent(letter.extent));
  extents.push_back(kernel.extent(target.channels / width));
  kernel.overItems(extents, [&](ArrayRef<Value> point) {
    const DeviceTable groups(kernel, nest.groups);
    std::optional<DeviceTable> sources;
    if (!nest.sources.empty())
      sources.emplace(kernel, nest.sources);
    Value sample = point[0], group = point[1];
    Value targetRow = groups.get(kernel, group, SegmentNest::kTarget);
    Value sourceRow = kernel.index(0);
    for (size_t a = 0; a < nest.letters.size(); ++a) {
      auto along = [&](Value row, int64_t stride) {
        return kernel.add(row, kernel.mul(point[2 + a], kernel.index(stride)));
      };
      targetRow = along(targetRow, nest.letters[a].targetStride);
      sourceRow = along(sourceRow, nest.letters[a].sourceStride);
    }
    Value column = kernel.mul(point.back(), kernel.index(width));
    Value to = kernel.add(kernel.rowOf(1, sample, targetRow), column);
    Value factors;
    if (!nest.factors.empty())
      factors = kernel.constantArray(nest.factors);
    auto addTerm = [&](Value term, Values sum) {
      Value row = kernel.add(sourceRow, sources->get(kernel, term, 0));
      Value loaded = kernel.load(
          0, kernel.add(kernel.rowOf(0, sample, row), column), width);
      if (!factors)
        return Values{kernel.plus(sum.front(), loaded)};
      Value factor = kernel.loadConstant(factors, term, kernel.elementType);
      return Values{kernel.fma(factor, loaded, sum.front())};
    };
    Value sum = kernel.real(0, width);
    if (sources)
      sum =
          blockedSum(kernel, groups.get(kernel, group, SegmentNest::kFirstTerm),
                     groups.get(kernel, group, SegmentNest::kEndTerm),
                     nest.most, 1, {sum}, addTerm)
              .front();
    if (nest.adds)
      sum = kernel.plus(kernel.load(1, to, width), sum);
    kernel.store(1, to, sum);
  });
}
