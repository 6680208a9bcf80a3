//===- StrandSums.cpp - Weights' gradients over strands -------------------===//

#include "compiler/Lowering/Cpu/StrandSums.h"
#include "compiler/Lowering/Cpu/EmitGradient.h"
#include "compiler/Lowering/Cpu/Schedules/StrandSchedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace eqc;
using namespace mlir;

StrandSums::StrandSums(KernelBuilder &kernel, const GradientStage &stage,
                       const GradientStageSchedule &schedule,
                       const SumTiling &tiling, PlanArrays &x,
                       PlanArrays &gradY, SumPlanes &planes)
    : kernel(kernel), nest(stage, tiling.rowsOfDiagram()), schedule(schedule),
      height(schedule.chunkRows), tiling(tiling), planes(planes),
      sumsRow(stage.firstSum * tiling.rowsOfDiagram()),
      numRows(stage.sums() * tiling.rowsOfDiagram()), items(kernel, nest.items),
      x(kernel, nest.transform,
        {x, nest.x, kernel.spec.cIn, kernel.wholeVectors(kernel.spec.cIn),
         kArgInput},
        2 * height, schedule.transformVectors),
      gradY(kernel, nest.transform,
            {gradY, nest.gradY, kernel.spec.cOut, tiling.columns.columns(),
             kArgGradY, /*eachOnce=*/true},
            2 * height, schedule.transformVectors),
      rows(kernel, nest.transform.order, Poly::power(1),
           schedule.stripLetters) {
  if (hasGroups())
    groupSums = kernel.scratch(
        kernel.index(schedule.groups), Poly(SumMatrix::kPlanes * numRows),
        tiling.columns.columns(), tiling.columns.columns());
}

SmallVector<Value *> StrandSums::Spreading::values() {
  SmallVector<Value *> all{&row};
  for (Values *letters : {&letter, &toFetch})
    for (Value &value : *letters)
      all.push_back(&value);
  return all;
}

SmallVector<Value *> StrandSums::arrays(Target &target) {
  return {&target.planes.sums.tensor, &x.array.tensor, &gradY.array.tensor};
}

StrandSums::Target StrandSums::makeTarget(SumPlanes &sums, Value firstItem,
                                          Value endItem, int64_t firstRow) {
  return {sums, SumTiles(kernel, tiling, x.array, gradY.array, sums), firstItem,
          endItem, firstRow};
}

Value StrandSums::numItems() {
  return kernel.index(items.size() * tiling.tiles);
}

Value StrandSums::field(Value item, StrandSumsNest::ItemField name) {
  return items.get(kernel, kernel.div(item, tiling.tiles), name);
}

/// Scratch has two chunks.
Value StrandSums::scratchRow(Value row) { return kernel.rem(row, 2 * height); }

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// At most schedule.groups; one: the sample is taken as a whole.
Value StrandSums::numGroups() {
  Value groups = kernel.div(rows.numRows(rows.whole()),
                            GradientStageSchedule::kRowsOfGroup);
  return kernel.max(kernel.index(1),
                    kernel.min(groups, kernel.index(schedule.groups)));
}

void StrandSums::add() {
  auto whole = [&] {
    Value sharers = kernel.index(schedule.sharers);
    auto item = [&](Value sharer) {
      return kernel.b.createOrFold<arith::DivUIOp>(
          kernel.loc, kernel.mul(sharer, numItems()), sharers);
    };
    auto [first, end] = kernel.share(sharers);
    Target target = makeTarget(planes, item(first), item(end), 0);
    // Parts without items need no rows.
    Value none = arith::CmpIOp::create(kernel.b, kernel.loc,
                                       arith::CmpIPredicate::eq, first, end);
    Value strips = arith::SelectOp::create(kernel.b, kernel.loc, none,
                                           kernel.index(0), rows.numStrips());
    addSamples(target, kernel.index(0), strips, /*inGroup=*/false);
  };
  if (!hasGroups())
    return whole();
  Value groups = numGroups();
  if (getConstantIntValue(groups))
    return inGroups();
  Value several = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::ugt, groups, kernel.index(1));
  kernel.ifElse(
      {&planes.sums, &groupSums, &x.array, &gradY.array}, several,
      [&] { inGroups(); }, whole);
}

void StrandSums::inGroups() {
  Value groups = numGroups();
  auto [first, end] = kernel.share(groups);
  Value all = kernel.allPhases(), zero = kernel.index(0);
  Value strips = rows.numStrips();
  kernel.forRange(
      {&planes.sums, &groupSums, &x.array, &gradY.array}, first, end, 1,
      [&](Value group) {
        auto strip = [&](Value g) {
          return kernel.b.createOrFold<arith::DivUIOp>(
              kernel.loc, kernel.mul(g, strips), groups);
        };
        Value place =
            arith::SelectOp::create(kernel.b, kernel.loc, all, zero, group);
        SumPlanes own(kernel, groupSums, numRows, place);
        own.clear();
        Target target = makeTarget(own, zero, numItems(), sumsRow);
        addSamples(target, strip(group),
                   strip(kernel.add(group, kernel.index(1))), /*inGroup=*/true);
        endBlocks(target);
        kernel.ifElse(
            planes.sums, all,
            [&] { addGroup(place, zero, kernel.index(numRows)); }, [] {});
      });
}

/// Rows of the stage's sums += those of a group.
void StrandSums::addGroup(Value place, Value firstRow, Value endRow) {
  const SumPlanes own(kernel, groupSums, numRows, place);
  kernel.forRange(planes.sums, firstRow, endRow, 1, [&](Value row) {
    planes.addBlocksOf(own, kernel.add(row, kernel.index(sumsRow)), row,
                       tiling.columns.columns());
  });
}

void StrandSums::addGroups() {
  Value groups = numGroups(), zero = kernel.index(0);
  // One group is none, and where all phases are done at once nothing is left.
  Value isOne = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::ule, groups, kernel.index(1));
  Value none =
      arith::OrIOp::create(kernel.b, kernel.loc, kernel.allPhases(), isOne);
  Value count =
      arith::SelectOp::create(kernel.b, kernel.loc, none, zero, groups);
  auto [first, end] = kernel.share(kernel.index(numRows));
  kernel.forRange(planes.sums, zero, count, 1,
                  [&, first = first, end = end](Value group) {
                    addGroup(group, first, end);
                  });
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// Some strips of all samples.
void StrandSums::addSamples(Target &target, Value firstStrip, Value endStrip,
                            bool inGroup) {
  Value zero = kernel.index(0);
  // So many samples that their sums are to be added up.
  Value period =
      kernel.max(kernel.index(1),
                 kernel.b.createOrFold<arith::DivUIOp>(
                     kernel.loc, kernel.index(kChunksOfBlock * height),
                     kernel.max(kernel.index(1), rows.numRows(rows.whole()))));
  SmallVector<Value *> carried = arrays(target);
  Value chunks = zero; // so far, of the group or of the sample
  carried.push_back(&chunks);
  kernel.forCarried(carried, zero, kernel.count(), 1, [&](Value sample) {
    if (!inGroup)
      chunks = zero;
    SmallVector<Value *> along = arrays(target);
    along.push_back(&chunks);
    kernel.forCarried(along, firstStrip, endStrip, 1, [&](Value number) {
      addStrip(target, sample, rows.strip(number), chunks);
    });
    if (!inGroup)
      target.planes.atPeriod(sample, kernel.add(sample, kernel.index(1)),
                             period, [&] { endBlocks(target); });
  });
}

/// While the sums of chunk s - 1 are taken, s is spread: what its loads wait
/// for is hidden by the products.
void StrandSums::addStrip(Target &target, Value sample,
                          const StrandRows::Strip &strip, Value &chunks) {
  Value zero = kernel.index(0), chunkRows = kernel.index(height);
  Value count = rows.numRows(strip);
  Value pieces =
      kernel.div(kernel.add(count, kernel.index(height - 1)), height);
  Spreading spreading;
  spreading.sample = sample;
  spreading.strip = strip;
  spreading.row = zero;
  spreading.before = rows.rowsBefore(strip);
  spreading.letter = rows.firstLetters(strip);
  spreading.toFetch = kernel.accumulateInLoop(
      zero, kernel.index(schedule.rowsAhead), spreading.letter,
      [&](Value, Values next) { return rows.nextLetters(strip, next); });
  SmallVector<Value *> carried = arrays(target);
  carried.push_back(&chunks);
  carried.append(spreading.values());
  kernel.forCarried(
      carried, zero, kernel.add(pieces, kernel.index(1)), 1, [&](Value s) {
        Value first = kernel.mul(s, chunkRows);
        Value summed = kernel.sub(first, chunkRows);
        spreading.end = kernel.min(count, kernel.add(first, chunkRows));
        // Nothing is summed with the first s.
        Value isFirst = arith::CmpIOp::create(
            kernel.b, kernel.loc, arith::CmpIPredicate::eq, s, zero);
        auto unlessFirst = [&](Value value, Value otherwise) -> Value {
          return arith::SelectOp::create(kernel.b, kernel.loc, isFirst,
                                         otherwise, value);
        };
        addItems(target, spreading,
                 unlessFirst(target.endItem, target.firstItem), summed,
                 kernel.min(chunkRows, kernel.sub(count, summed)));
        advance(spreading, spreading.end);
        chunks = kernel.add(chunks, unlessFirst(kernel.index(1), zero));
        Value isLast = arith::CmpIOp::create(
            kernel.b, kernel.loc, arith::CmpIPredicate::eq,
            kernel.rem(chunks, kChunksOfBlock), zero);
        kernel.ifElse(
            target.planes.sums, isLast, [&] { endBlocks(target); }, [] {});
      });
}

/// The sums of `count` rows from that row of the strip on.
void StrandSums::addItems(Target &target, Spreading &spreading, Value endItem,
                          Value first, Value count) {
  SmallVector<Value *> carried = arrays(target);
  carried.append(spreading.values());
  kernel.forCarried(carried, target.firstItem, endItem, 1, [&](Value item) {
    addItem(target, item, scratchRow(first), count);
    advance(spreading,
            kernel.min(
                spreading.end,
                kernel.add(spreading.row, kernel.index(schedule.rowsBetween))));
  });
}

/// A tile of the sums of a packed weight, over `count` rows from `first` on.
void StrandSums::addItem(Target &target, Value item, Value first, Value count) {
  Value xSlot = x.slotOf(field(item, StrandSumsNest::kXSource),
                         field(item, StrandSumsNest::kXSlot));
  Value gradYSlot = gradY.slotOf(field(item, StrandSumsNest::kGradYSource),
                                 field(item, StrandSumsNest::kGradYSlot));
  Value irrepRows = nest.transform.ofOneDimension()
                        ? kernel.index(1)
                        : field(item, StrandSumsNest::kIrrepRows);
  Value zero = kernel.index(0);
  auto overRows = [&](Values partial, SumTiles::AddRow addRow) {
    return kernel.accumulate(
        zero, irrepRows, std::move(partial), [&](Value r, Values outer) {
          Value step = kernel.mul(r, irrepRows);
          return kernel.accumulate(
              zero, count, std::move(outer), [&](Value i, Values inner) {
                Value row = kernel.add(first, i);
                return addRow({kernel.add(xSlot, step), row,
                               kernel.add(gradYSlot, step), row},
                              std::move(inner));
              });
        });
  };
  Value row = kernel.sub(field(item, StrandSumsNest::kSumsRow),
                         kernel.index(target.firstRow));
  target.tiles.add(kernel.rem(item, tiling.tiles), row, overRows);
}

void StrandSums::endBlocks(Target &target) {
  kernel.forRange(
      target.planes.sums, target.firstItem, target.endItem, 1, [&](Value item) {
        Value row = kernel.sub(field(item, StrandSumsNest::kSumsRow),
                               kernel.index(target.firstRow));
        target.tiles.endBlocks(kernel.rem(item, tiling.tiles), row);
      });
}

/// Spreads rows of both sides up to `end`.
void StrandSums::advance(Spreading &spreading, Value end) {
  constexpr int64_t bytesOfTwo = StrandSchedule::kBytesOfTwo / 2;
  SmallVector<Value *> carried{&x.array.tensor, &gradY.array.tensor};
  for (Values *letters : {&spreading.letter, &spreading.toFetch})
    for (Value &value : *letters)
      carried.push_back(&value);
  kernel.forCarried(carried, spreading.row, end, 1, [&](Value row) {
    auto fetch = [&](StrandSpread &side) {
      side.prefetch(spreading.sample, spreading.toFetch);
      side.prefetchNext(spreading.sample, kernel.add(spreading.before, row), 1,
                        bytesOfTwo);
    };
    if (schedule.prefetchX)
      fetch(x);
    if (schedule.prefetchGradY)
      fetch(gradY);
    for (StrandSpread *side : {&x, &gradY})
      kernel.forRange(side->array, kernel.index(side->numSources()),
                      [&](Value source) {
                        side->spreadRow(spreading.sample, source,
                                        scratchRow(row), spreading.letter);
                      });
    for (Values *letters : {&spreading.letter, &spreading.toFetch})
      *letters = rows.nextLetters(spreading.strip, *letters);
  });
  spreading.row = kernel.max(spreading.row, end);
}
