//===- EmitRows.cpp - Rows that are copied, transposed, transformed -------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Gpu/WeightedSums.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// Neighbouring threads write neighbouring elements; where one of the arrays is
/// in shared memory, they access neighbouring elements of the other.
static void emitTransposed(Program &program, const DeviceArray &source,
                           const DeviceArray &target, bool toRows) {
  DeviceKernel kernel(program, toRows ? "torows" : "fromrows",
                      {source, target});
  const size_t asRows = toRows ? 1 : 0, asChannels = 1 - asRows;
  const DeviceArray &rows = toRows ? target : source;
  const bool rowsInside = !toRows || program.block;
  const Extent numRows = kernel.extent(rows.rows);
  const Extent numChannels = kernel.extent(rows.channels);
  kernel.reads(0);
  kernel.writes(1);
  kernel.overItems(
      {kernel.samples(), rowsInside ? numChannels : numRows,
       rowsInside ? numRows : numChannels},
      [&](ArrayRef<Value> point) {
        Value row = rowsInside ? point[2] : point[1];
        Value channel = rowsInside ? point[1] : point[2];
        Value inRow = kernel.add(kernel.rowOf(asRows, point[0], row), channel);
        // The other array has a row for each channel.
        Value sample = kernel.rowOf(asChannels, point[0], kernel.index(0));
        Value inChannel = kernel.add(
            sample,
            kernel.add(kernel.mul(channel, kernel.poly(rows.rows)), row));
        if (toRows && program.block)
          kernel.copy(0, inChannel, 1, inRow, 1);
        else
          kernel.store(1, toRows ? inRow : inChannel,
                       kernel.load(0, toRows ? inChannel : inRow, 1));
      });
  if (toRows && program.block)
    kernel.finishCopies();
}

void device::emitToRows(Program &program, const DeviceArray &source,
                        const DeviceArray &target) {
  emitTransposed(program, source, target, true);
}
void device::emitFromRows(Program &program, const DeviceArray &source,
                          const DeviceArray &target) {
  emitTransposed(program, source, target, false);
}

void device::emitCopy(Program &program, const DeviceArray &source,
                      const DeviceArray &target) {
  DeviceKernel kernel(program, "copy", {source, target});
  const int64_t width = program.width(source.channels);
  kernel.writes(1);
  if (kernel.isShared(1)) {
    // Each block what it has.
    kernel.overOwnRows(1, source.channels / width,
                       [&](Value row, Value element, Value item) {
                         Value column = kernel.mul(item, kernel.index(width));
                         Value from = kernel.rowOf(0, kernel.index(0), row);
                         kernel.copyOwn(0, kernel.add(from, column), 1,
                                        kernel.add(element, column), width);
                       });
    return kernel.finishCopies();
  }
  kernel.overItems({kernel.samples(), kernel.extent(source.rows),
                    kernel.extent(source.channels / width)},
                   [&](ArrayRef<Value> point) {
                     Value column = kernel.mul(point[2], kernel.index(width));
                     auto at = [&](size_t array) {
                       return kernel.add(
                           kernel.rowOf(array, point[0], point[1]), column);
                     };
                     kernel.copy(0, at(0), 1, at(1), width);
                   });
  kernel.finishCopies();
}

void device::emitRows(Program &program, const RowTransform &transform,
                      const DeviceArray &source, const DeviceArray &target) {
  WeightedSums sums;
  for (const SparseVector &row : transform.rows)
    sums.add(row);
  DeviceKernel kernel(program, "transform", {source, target});
  const int64_t width = program.width(target.channels);
  const Extent samples = target.oneSample ? kernel.extent(1) : kernel.samples();
  kernel.reads(0);
  kernel.writes(1);
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
