//===- EmitSums.cpp - Gradients of weights and biases in two stages -------===//
//
// First the rows of all samples are cut into slabs, and every thread has the
// sums of a tile of channel pairs over a block of rows in registers: of 8 by 8,
// a row is four loads of 16 bytes for 64 multiply-adds. Then slabs are added.
// How many there are depends on the shape of the call alone, and so do the
// bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/ChannelTile.h"
#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Lowering/Nests/Summation.h"

#include <eqc/cuda_kernel.h>

#include <algorithm>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

constexpr int64_t kMostSlabs = 256, kRowsOfSlab = 64;
constexpr int64_t kMostSlabBytes = int64_t(64) << 20;
/// Where n is given at run time, to tell which of two numbers of rows is more.
constexpr int64_t kTypicalSize = 16;
/// Of a block whose slots are no more shared memory than every chip has.
constexpr int64_t kSlotThreads = 64;
/// Lines that are written row by row, and rows of longer ones at once.
constexpr int64_t kUnrolledRows = 16, kRowsAtOnce = 4;

/// The share of `extent` that slab `slab` of `slabs` has.
static std::pair<Value, Value> shareOf(DeviceKernel &kernel, Value extent,
                                       Value slab, Value slabs) {
  Value each = kernel.quotient(
      kernel.add(extent, kernel.sub(slabs, kernel.index(1))), slabs);
  Value first = kernel.min(kernel.mul(slab, each), extent);
  return {first, kernel.min(kernel.add(first, each), extent)};
}

namespace {

class StageEmitter {
public:
  StageEmitter(Program &program, const GradientNest &nest, const LayerArrays &x,
               const LayerArrays &gradY, const DeviceArray &partial,
               const Formula &slabs)
      : nest(nest), inSlots(program.width(program.spec.cOut) > 1),
        kernel(program, "sum", {x[nest.x], gradY[nest.gradY], partial}, {slabs},
               inSlots ? kSlotThreads : kThreads),
        slabs(slabs),
        rows(program, program.spec.cIn,
             (inSlots || isShort() ? 32 : 16) / program.spec.elementSize()),
        columns(program, program.spec.cOut, columnsWanted(program)) {}

  void emit(const Formula &condition) {
    kernel.overItems({kernel.extent(nest.terms.size()),
                      {slabs, kernel.number(0)},
                      kernel.extent(rows.tiles()),
                      kernel.extent(columns.tiles())},
                     [&](ArrayRef<Value> point) { emitTile(point); });
    kernel.launchWhere(condition);
  }

private:
  /// Rows that are loaded one by one are as many loads as these have columns.
  int64_t columnsWanted(const Program &program) const {
    const LayerSpec &spec = program.spec;
    const bool isWide = rows.width == 1 && spec.elementSize() == 4 &&
                        spec.cOut / program.width(spec.cOut) % 3 == 0;
    return !inSlots ? 4 : isWide ? 12 : 8;
  }
  /// The last axis; a row for each sample where there is none.
  Poly length() const {
    return nest.axes.empty() ? Poly(1) : nest.axes.back().extent;
  }
  bool isKnown() const {
    return !kernel.spec.dynamicN() || length().isConstant();
  }
  /// Whether all of the last axis is no more than a block of terms.
  bool isShort() const {
    return isKnown() && length().at(kernel.spec.n) <= kTermsOfBlock;
  }

  void emitTile(ArrayRef<Value> point) {
    const DeviceTable terms(kernel, nest.terms);
    term = point[0];
    xStart = terms.get(kernel, term, GradientNest::kX);
    yStart = terms.get(kernel, term, GradientNest::kGradY);
    for (int a = 0; a < nest.strided; ++a) {
      xStrides.push_back(terms.get(kernel, term, GradientNest::kStrides + a));
      yStrides.push_back(kernel.poly(nest.gradYStrides[a]));
    }
    if (nest.axes.size() > static_cast<size_t>(nest.strided)) {
      xStrides.push_back(kernel.index(1));
      yStrides.push_back(kernel.index(1));
    }
    rows.find(kernel, point[2], rowAt, rowExists);
    columns.find(kernel, point[3], columnAt, columnExists);
    const Values sums = emitSlab(point[1]);
    store(point[1], terms.get(kernel, term, GradientNest::kSums), sums);
  }

  Values zeros() {
    return Values(rows.size() * columns.vectors, kernel.real(0, columns.width));
  }

  /// Lines are what is along the last axis, or along the last ones where these
  /// have a few rows together.
  Values emitSlab(Value slab) {
    outer = nest.axes.empty() ? 0 : nest.axes.size() - 1;
    int64_t inLine = isShort() ? length().at(kernel.spec.n) : 0;
    while (outer > 0 && isShort() && !kernel.spec.dynamicN()) {
      const int64_t more =
          inLine * nest.axes[outer - 1].extent.at(kernel.spec.n);
      if (more > kTermsOfBlock)
        break;
      inLine = more;
      --outer;
    }
    Value lines = kernel.sampleCount();
    for (size_t a = 0; a < outer; ++a) {
      extents.push_back(kernel.poly(nest.axes[a].extent));
      lines = kernel.mul(lines, extents.back());
    }
    auto [first, end] = shareOf(kernel, lines, slab, kernel.number(0));
    if (inSlots)
      openTotals();
    if (isShort())
      return sumLines(first, end, inLine);
    // Blocks of each line: both ways of keeping totals have the same bits.
    Values totals;
    if (!inSlots) {
      totals = zeros();
      totals.append(zeros());
    }
    totals =
        kernel.loop(first, end, 1, totals, [&](Value line, Values carried) {
          start(line);
          Value all = kernel.poly(length());
          return kernel.loop(
              kernel.index(0), all, kTermsOfBlock, carried,
              [&](Value from, Values sums) {
                Value to = kernel.min(
                    kernel.add(from, kernel.index(kTermsOfBlock)), all);
                const Values block = addRange(from, to, zeros());
                if (inSlots) {
                  addToTotals(block);
                  return sums;
                }
                for (size_t i = 0; i < block.size(); ++i)
                  addBlock(kernel, sums[i], sums[block.size() + i], block[i]);
                return sums;
              });
        });
    if (inSlots)
      return closeTotals();
    Values sums = zeros();
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] = valueOf(kernel, totals[i], totals[sums.size() + i]);
    return sums;
  }

  /// Lines of so many rows each.
  Values sumLines(Value first, Value end, int64_t inLine) {
    auto addLine = [&](Value line, Values sums) {
      start(line);
      SmallVector<Value> point;
      return addLineFrom(outer, point, std::move(sums));
    };
    if (!inSlots)
      return blockedSum(kernel, first, end, 0, inLine, zeros(), addLine);
    const int64_t together = std::max<int64_t>(1, kTermsOfBlock / inLine);
    kernel.loop(first, end, together, {}, [&](Value from, const Values &) {
      Value to = kernel.min(kernel.add(from, kernel.index(together)), end);
      addToTotals(inLine * kRowsAtOnce <= kUnrolledRows
                      ? severalAtOnce(from, to, zeros(), addLine)
                      : kernel.loop(from, to, 1, zeros(), addLine));
      return Values();
    });
    return closeTotals();
  }

  /// All rows that have these indices along the first axes of a line.
  Values addLineFrom(size_t axis, SmallVector<Value> &point, Values sums) {
    if (axis == nest.axes.size())
      return addRow(point, std::move(sums));
    const int64_t extent = nest.axes[axis].extent.at(kernel.spec.n);
    const bool unrolled =
        nest.rowsFrom(static_cast<int>(axis)).at(kernel.spec.n) <=
        kUnrolledRows;
    auto addAt = [&](Value i, Values partial) {
      point.push_back(i);
      partial = addLineFrom(axis + 1, point, std::move(partial));
      point.pop_back();
      return partial;
    };
    if (!unrolled && axis + 1 == nest.axes.size())
      return addRange(kernel.index(0), kernel.index(extent), std::move(sums),
                      point);
    if (!unrolled)
      return kernel.loop(kernel.index(0), kernel.index(extent), 1,
                         std::move(sums), addAt);
    for (int64_t i = 0; i < extent; ++i)
      sums = addAt(kernel.index(i), std::move(sums));
    return sums;
  }

  /// A part of the last axis.
  Values addRange(Value from, Value to, Values sums,
                  ArrayRef<Value> before = {}) {
    SmallVector<Value> point(before);
    point.emplace_back();
    return severalAtOnce(from, to, std::move(sums),
                         [&](Value i, Values partial) {
                           point.back() = i;
                           return addRow(point, std::move(partial));
                         });
  }

  /// A loop of a few steps at once: addresses move on less often.
  Values severalAtOnce(Value from, Value to, Values sums,
                       DeviceKernel::LoopBody addAt) {
    Value count = kernel.sub(to, from), together = kernel.index(kRowsAtOnce);
    Value middle = kernel.add(
        from, kernel.mul(kernel.quotient(count, together), together));
    sums = kernel.loop(from, middle, kRowsAtOnce, std::move(sums),
                       [&](Value i, Values partial) {
                         for (int64_t r = 0; r < kRowsAtOnce; ++r)
                           partial = addAt(kernel.add(i, kernel.index(r)),
                                           std::move(partial));
                         return partial;
                       });
    return kernel.loop(middle, to, 1, std::move(sums), addAt);
  }

  //===--------------------------------------------------------------------===//
  // Sums of blocks, and what adding them rounds away, in shared memory: there
  // are no registers for them beside those of a block
  //===--------------------------------------------------------------------===//

  void openTotals() {
    const Values all = zeros();
    const auto count = static_cast<int64_t>(all.size());
    kernel.reserveSlots(2 * count);
    for (int64_t i = 0; i < 2 * count; ++i)
      kernel.storeSlot(i, all.front());
  }
  std::pair<Value, Value> totalOf(int64_t i, int64_t count, Type type) {
    return {kernel.loadSlot(i, type), kernel.loadSlot(count + i, type)};
  }
  void addToTotals(const Values &sums) {
    const auto count = static_cast<int64_t>(sums.size());
    for (int64_t i = 0; i < count; ++i) {
      auto [total, rest] = totalOf(i, count, sums[i].getType());
      addBlock(kernel, total, rest, sums[i]);
      kernel.storeSlot(i, total);
      kernel.storeSlot(count + i, rest);
    }
  }
  Values closeTotals() {
    Values sums = zeros();
    const auto count = static_cast<int64_t>(sums.size());
    for (int64_t i = 0; i < count; ++i) {
      auto [total, rest] = totalOf(i, count, sums[i].getType());
      sums[i] = valueOf(kernel, total, rest);
    }
    return sums;
  }

  /// Finds the first row of a line.
  void start(Value line) {
    Value xRow = xStart, yRow = yStart;
    for (size_t a = extents.size(); a-- > 0;) {
      Value i = kernel.remainder(line, extents[a]);
      line = kernel.quotient(line, extents[a]);
      xRow = kernel.add(xRow, kernel.mul(i, xStrides[a]));
      yRow = kernel.add(yRow, kernel.mul(i, yStrides[a]));
    }
    xLine = kernel.rowOf(0, line, xRow);
    yLine = kernel.rowOf(1, line, yRow);
  }

  /// The row that has these indices along the axes of the line.
  Values addRow(ArrayRef<Value> point, Values sums) {
    Value xRow = xLine, yRow = yLine;
    for (size_t a = 0; a < point.size(); ++a) {
      auto step = [&](Value stride, int64_t channels) {
        return kernel.mul(kernel.mul(point[a], stride), kernel.index(channels));
      };
      xRow = kernel.add(xRow, step(xStrides[outer + a], rows.channels));
      yRow = kernel.add(yRow, step(yStrides[outer + a], columns.channels));
    }
    Values factors;
    for (Value column : columnAt)
      factors.push_back(
          kernel.load(1, kernel.add(yRow, column), columns.width));
    for (int64_t v = 0; v < rows.vectors; ++v) {
      Value x = kernel.load(0, kernel.add(xRow, rowAt[v]), rows.width);
      for (int64_t e = 0; e < rows.width; ++e)
        for (int64_t c = 0; c < columns.vectors; ++c) {
          Value &sum = sums[(v * rows.width + e) * columns.vectors + c];
          sum = kernel.fma(kernel.element(x, e), factors[c], sum);
        }
    }
    return sums;
  }

  void store(Value slab, Value firstRow, const Values &sums) {
    for (int64_t v = 0; v < rows.vectors; ++v)
      for (int64_t e = 0; e < rows.width; ++e)
        for (int64_t c = 0; c < columns.vectors; ++c) {
          auto write = [&] {
            Value row =
                kernel.add(firstRow, kernel.add(rowAt[v], kernel.index(e)));
            kernel.store(2, kernel.add(kernel.rowOf(2, slab, row), columnAt[c]),
                         sums[(v * rows.width + e) * columns.vectors + c]);
          };
          auto inColumn = [&] {
            if (columnExists[c])
              kernel.when(columnExists[c], write);
            else
              write();
          };
          if (rowExists[v])
            kernel.when(rowExists[v], inColumn);
          else
            inColumn();
        }
  }

  const GradientNest &nest;
  const bool inSlots; ///< sums of blocks are added there
  DeviceKernel kernel;
  Formula slabs;
  ChannelTile rows, columns; ///< of the matrix of sums
  size_t outer = 0;          ///< axes outside lines
  Value term, xStart, yStart, xLine, yLine;
  SmallVector<Value> xStrides, yStrides, extents;
  SmallVector<Value> rowAt, rowExists, columnAt, columnExists;
};

} // namespace

/// target[i] = the sum over slabs of partial[slab, i].
static void emitSlabSums(Program &program, const DeviceArray &partial,
                         const Formula &slabs, const DeviceArray &target,
                         const Formula &condition) {
  DeviceKernel kernel(program, "slabs", {partial, target}, {slabs});
  kernel.overItems(
      {kernel.extent(partial.rows), kernel.extent(partial.channels)},
      [&](ArrayRef<Value> point) {
        Value sum =
            blockedSum(
                kernel, kernel.index(0), kernel.number(0), kMostSlabs, 1,
                {kernel.real(0)},
                [&](Value slab, Values sums) {
                  Value at =
                      kernel.add(kernel.rowOf(0, slab, point[0]), point[1]);
                  return Values{kernel.plus(sums[0], kernel.load(0, at, 1))};
                })
                .front();
        kernel.store(
            1, kernel.add(kernel.rowOf(1, kernel.index(0), point[0]), point[1]),
            sum);
      });
  kernel.launchWhere(condition);
}

/// The sums of rows of grad_y over the samples of a slab.
static void emitBiasSlabs(Program &program, const GradientPlan &plan,
                          const DeviceArray &gradY, const DeviceArray &partial,
                          const Formula &slabs, const Formula &condition) {
  Table terms(2);
  for (const BiasTerm &term : plan.bias)
    terms.addRow({term.gradY.offset, Poly(term.row)});
  DeviceKernel kernel(program, "bias", {gradY, partial}, {slabs});
  const int64_t width = program.width(gradY.channels);
  kernel.overItems(
      {kernel.extent(terms.size()),
       {slabs, kernel.number(0)},
       kernel.extent(gradY.channels / width)},
      [&](ArrayRef<Value> point) {
        const DeviceTable table(kernel, terms);
        Value column = kernel.mul(point[2], kernel.index(width));
        auto [first, end] =
            shareOf(kernel, kernel.sampleCount(), point[1], kernel.number(0));
        Value row = table.get(kernel, point[0], 0);
        Value sum =
            blockedSum(kernel, first, end, 0, 1, {kernel.real(0, width)},
                       [&](Value sample, Values sums) {
                         Value at =
                             kernel.add(kernel.rowOf(0, sample, row), column);
                         return Values{
                             kernel.plus(sums[0], kernel.load(0, at, width))};
                       })
                .front();
        kernel.store(1,
                     kernel.add(kernel.rowOf(1, point[1],
                                             table.get(kernel, point[0], 1)),
                                column),
                     sum);
      });
  kernel.launchWhere(condition);
}

void device::emitGradientSums(Program &program, const GradientPlan &plan,
                              const LayerArrays &x, const LayerArrays &gradY) {
  const LayerSpec &spec = program.spec;
  const Formula asked = Formula::variable(EQC_VAR_SUMS);
  const Formula wantsWeight = remainder(asked, 2),
                wantsBias = divided(asked, 2);
  const int64_t diagrams = plan.numTerms();
  const auto biasRows = static_cast<int64_t>(plan.bias.size());
  const int64_t bytes =
      (diagrams * spec.cIn + biasRows) * spec.cOut * spec.elementSize();
  Poly most(1);
  const int64_t size = spec.dynamicN() ? kTypicalSize : spec.n;
  for (const GradientStage &stage : plan.stages)
    if (const Poly some = productOf(stage.lengths);
        most.at(size) < some.at(size))
      most = some;
  const Formula rows =
      (spec.dynamicN() ? Formula::of(most) : Formula(most.at(spec.n))) *
      Formula::variable(EQC_VAR_BATCH);
  const Formula slabs = larger(
      1, smaller(std::clamp<int64_t>(kMostSlabBytes / bytes, 1, kMostSlabs),
                 dividedUp(rows, kRowsOfSlab)));
  auto partialOf = [&](int64_t numRows) {
    DeviceArray partial = program.scratchBytes(
        slabs * Formula(numRows * spec.cOut * spec.elementSize()));
    partial.rows = Poly(numRows);
    partial.channels = spec.cOut;
    return partial;
  };
  auto matrix = [&](int64_t array, int64_t numRows) {
    return DeviceArray{array, 0, Poly(numRows), spec.cOut, true};
  };
  const DeviceArray partial = partialOf(diagrams * spec.cIn);
  for (const GradientStage &stage : plan.stages)
    StageEmitter(program, GradientNest(stage, spec.cIn), x, gradY, partial,
                 slabs)
        .emit(wantsWeight);
  // Sums of the members of orbits are gradients of weights together.
  auto finish = [&](const DeviceArray &slabsOf, int64_t array, int64_t count,
                    int64_t rowsOfEach, const std::vector<PackedTerm> *members,
                    const Formula &condition) {
    if (!members)
      return emitSlabSums(program, slabsOf, slabs,
                          matrix(array, count * rowsOfEach), condition);
    const DeviceArray sums =
        program.scratch(Poly(count * rowsOfEach), spec.cOut, true);
    emitSlabSums(program, slabsOf, slabs, sums, condition);
    emitUnpack(
        program, *members, rowsOfEach, sums,
        matrix(array, static_cast<int64_t>(members->size()) * rowsOfEach),
        condition);
  };
  finish(partial, EQC_ARRAY_GRAD_WEIGHT, diagrams, spec.cIn,
         plan.unpack ? &plan.unpack->weight : nullptr, wantsWeight);
  if (plan.bias.empty())
    return;
  const DeviceArray bias = partialOf(biasRows);
  emitBiasSlabs(program, plan, gradY[plan.bias.front().gradY.array], bias,
                slabs, wantsBias);
  finish(bias, EQC_ARRAY_GRAD_BIAS, biasRows, 1,
         plan.unpack ? &plan.unpack->bias : nullptr, wantsBias);
}
