//===- EmitRows.cpp - Rows that are copied, transposed, transformed -------===//

#include "compiler/Lowering/Cuda/DeviceKernel.h"
#include "compiler/Lowering/Cuda/Emit.h"
#include "compiler/Lowering/Cuda/WeightedSums.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace mlir;

/// Neighbouring threads write neighbouring elements.
static void emitTransposed(Program &program, const DeviceArray &rows,
                           const DeviceArray &source, const DeviceArray &target,
                           bool toRows) {
  DeviceKernel kernel(program, toRows ? "torows" : "fromrows",
                      {source, target});
  const int64_t channels = rows.channels;
  const Extent outer =
      toRows ? kernel.extent(rows.rows) : kernel.extent(channels);
  const Extent inner =
      toRows ? kernel.extent(channels) : kernel.extent(rows.rows);
  kernel.overItems(
      {kernel.samples(), outer, inner}, [&](ArrayRef<Value> point) {
        Value row = toRows ? point[1] : point[2];
        Value channel = toRows ? point[2] : point[1];
        Value sample = kernel.mul(point[0], kernel.mul(kernel.poly(rows.rows),
                                                       kernel.index(channels)));
        Value asRows = kernel.add(
            sample,
            kernel.add(kernel.mul(row, kernel.index(channels)), channel));
        Value asChannels = kernel.add(
            sample,
            kernel.add(kernel.mul(channel, kernel.poly(rows.rows)), row));
        kernel.store(1, toRows ? asRows : asChannels,
                     kernel.load(0, toRows ? asChannels : asRows, 1));
      });
}

void cuda::emitToRows(Program &program, const DeviceArray &source,
                      const DeviceArray &target) {
  emitTransposed(program, target, source, target, true);
}
void cuda::emitFromRows(Program &program, const DeviceArray &source,
                        const DeviceArray &target) {
  emitTransposed(program, source, source, target, false);
}

void cuda::emitRows(Program &program, const RowTransform &transform,
                    const DeviceArray &source, const DeviceArray &target) {
  WeightedSums sums;
  for (const SparseVector &row : transform.rows)
    sums.add(row);
  DeviceKernel kernel(program, "transform", {source, target});
  const int64_t width = program.width(target.channels);
  const Extent samples = target.oneSample ? kernel.extent(1) : kernel.samples();
  kernel.overItems(
      {samples, kernel.extent(sums.size()),
       kernel.extent(target.channels / width)},
      [&](ArrayRef<Value> point) {
        Value column = kernel.mul(point[2], kernel.index(width));
        Value sum = sums.emit(kernel, point[1], width, [&](Value row) {
          return kernel.add(kernel.rowOf(0, point[0], row), column);
        });
        kernel.store(1, kernel.add(kernel.rowOf(1, point[0], point[1]), column),
                     sum);
      });
}
