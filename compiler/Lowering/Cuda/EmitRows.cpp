//===- EmitRows.cpp - Rows that are copied, transposed, transformed -------===//

#include "compiler/Lowering/Cuda/DeviceKernel.h"
#include "compiler/Lowering/Cuda/Emit.h"

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
  Table ranges(2), rows(1);
  std::vector<double> coefficients;
  int64_t most = 1;
  for (const SparseVector &sum : transform.rows) {
    const int64_t first = rows.size();
    for (const auto &[row, coefficient] : sum) {
      rows.addRow({Poly(row)});
      coefficients.push_back(coefficient);
    }
    most = std::max<int64_t>(most, sum.size());
    ranges.addRow({Poly(first), Poly(rows.size())});
  }
  DeviceKernel kernel(program, "transform", {source, target});
  const int64_t width = program.width(target.channels);
  const Extent samples = target.oneSample ? kernel.extent(1) : kernel.samples();
  kernel.overItems(
      {samples, kernel.extent(ranges.size()),
       kernel.extent(target.channels / width)},
      [&](ArrayRef<Value> point) {
        const DeviceTable range(kernel, ranges), row(kernel, rows);
        Value column = kernel.mul(point[2], kernel.index(width));
        Value sum = kernel.real(0, width);
        if (!coefficients.empty()) {
          Value factors = kernel.constantArray(coefficients);
          sum = blockedSum(
                    kernel, range.get(kernel, point[1], 0),
                    range.get(kernel, point[1], 1), most, 1, {sum},
                    [&](Value term, Values partial) {
                      Value at = kernel.add(
                          kernel.rowOf(0, point[0], row.get(kernel, term, 0)),
                          column);
                      Value factor = kernel.loadConstant(factors, term,
                                                         kernel.elementType);
                      return Values{kernel.fma(
                          factor, kernel.load(0, at, width), partial.front())};
                    })
                    .front();
        }
        kernel.store(1, kernel.add(kernel.rowOf(1, point[0], point[1]), column),
                     sum);
      });
}
