//===- StrandSteps.cpp - The steps of a mix in Fourier space --------------===//

#include "compiler/Lowering/Cpu/StrandSteps.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Nests/StrandNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace eqc;
using namespace mlir;

StrandSteps::StrandSteps(KernelBuilder &kernel, PlanArrays &arrays,
                         const StrandNest &nest, const StrandSchedule &schedule,
                         int64_t rows)
    : target(arrays[nest.ends.target]), kernel(kernel), arrays(arrays),
      nest(nest), schedule(schedule), transform(nest.transform),
      tables(kernel, nest.ends), blocks(kernel, nest.blocks),
      diagonals(kernel, nest.diagonals),
      spreading(kernel, transform,
                {arrays, nest.sources, kernel.spec.cIn,
                 kernel.wholeVectors(kernel.spec.cIn), kArgX},
                rows, schedule.transformVectors),
      spread(spreading.array) {
  const int64_t slots = numTargets() * transform.slots;
  mixed = scratchOfSlots(kernel, slots, rows, kernel.spec.cOut,
                         schedule.columns.columns());
  mixedFirst = kernel.mul(kernel.part(), kernel.index(slots));
}

Value StrandSteps::targetRow(Value t, ArrayRef<Value> letter,
                             const std::vector<int> &permutation) {
  return rowOfLetters(kernel, tables.targets.get(kernel, t, MixNest::kOffset),
                      letter, permutation,
                      [&](int b) { return tables.targetStride(b); });
}

Value StrandSteps::mixedSlot(Value target, Value slot) {
  return kernel.add(kernel.add(mixedFirst, slot),
                    kernel.mul(target, kernel.index(transform.slots)));
}

void StrandSteps::forMixes(Value count, ArrayRef<Value *> carried,
                           function_ref<void(const Mix &)> body) {
  kernel.forCarried(carried, kernel.index(0), count, 1, [&](Value block) {
    Value dimension = transform.ofOneDimension()
                          ? kernel.index(1)
                          : blocks.get(kernel, block, StrandNest::kDimension);
    kernel.forCarried(
        carried, kernel.index(0), dimension, 1, [&](Value irrepRow) {
          forColumnTiles(kernel, carried, schedule.columns, kernel.spec.cOut,
                         /*padded=*/true, [&](const ColumnTile &column) {
                           body({block, dimension, irrepRow, column});
                         });
        });
  });
}

void StrandSteps::inFirstMix(const Mix &mix, function_ref<void()> body) {
  Value first = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::eq,
      kernel.add(mix.block, kernel.add(mix.irrepRow, mix.column.index)),
      kernel.index(0));
  kernel.onlyIf(first, body);
}

void StrandSteps::mixTile(const Mix &mix, Value row,
                          function_ref<void()> between) {
  Value firstSlot =
      kernel.add(blocks.get(kernel, mix.block, StrandNest::kFirstSlot),
                 kernel.mul(mix.irrepRow, mix.dimension));
  TileSums tile(kernel, mix.column);
  // A source is a term of an irrep's dimension times c_in products.
  Values sums = emitMixedTerms(
      kernel, kernel.index(0), kernel.index(numSources()), numSources(),
      tile.begin(kernel.zeroVector(
          VectorType::get({rowsOf(mix), mix.column.width}, kernel.element))),
      [&](Value source, Values outer) {
        Value term =
            kernel.add(blocks.get(kernel, mix.block, StrandNest::kFirstTerm),
                       kernel.mul(source, mix.dimension));
        return kernel.accumulate(
            kernel.index(0), mix.dimension, std::move(outer),
            [&](Value c, Values partial) {
              Value from = spreading.slotOf(source, kernel.add(firstSlot, c));
              TileView view{spread.tensor, {from, row}, Value()};
              const TileWeights weights{kernel.add(term, c), mix.column.index};
              if (!between)
                return tile.add(std::move(partial), kernel.spec.cIn, view,
                                weights);
              return tile.addInGroups(std::move(partial), kernel.spec.cIn,
                                      schedule.groupChannels, view, weights,
                                      [&] {
                                        between();
                                        view.tensor = spread.tensor;
                                      });
            });
      });
  Value slot =
      mixedSlot(blocks.get(kernel, mix.block, StrandNest::kTarget),
                kernel.add(firstSlot,
                           blocks.get(kernel, mix.block, StrandNest::kColumn)));
  writeTile(kernel, tile.end(sums), mixed, {slot, row}, mix.column.column,
            mix.column.width);
}

void StrandSteps::writeRow(Value sample, Value t, Value row,
                           ArrayRef<Value> letter) {
  kernel.forColumnChunks(target, target.channels, schedule.transformVectors,
                         [&](Value column, int64_t width, int64_t valid) {
                           writeColumns(sample, t, row, letter,
                                        {column, width, valid});
                         });
}

void StrandSteps::writeColumns(Value sample, Value t, Value row,
                               ArrayRef<Value> letter, const Columns &columns) {
  Values slots, entries;
  for (int s = 0; s < transform.slots; ++s)
    slots.push_back(
        kernel.readRow(mixed.tensor, {mixedSlot(t, kernel.index(s)), row},
                       columns.first, columns.width, columns.width));
  for (size_t p = 0; p < transform.permutations.size(); ++p)
    entries.push_back(combineVectors(
        kernel, slots, [&](size_t s) { return transform.matrix[s][p]; }));
  entries = addInits(sample, t, letter, columns, std::move(entries));
  if (diagonals.size() > 0)
    entries = addDiagonals(sample, letter, columns, std::move(entries));
  for (size_t p = 0; p < transform.permutations.size(); ++p)
    target.tensor = kernel.writeRow(
        entries[p], target.tensor,
        {kernel.sampleOf(target, sample),
         targetRow(t, letter, transform.permutations[p])},
        columns.first, target.present(columns.width, columns.valid));
}

/// Rows of equal letters have more added.
Values StrandSteps::addDiagonals(Value sample, ArrayRef<Value> letter,
                                 const Columns &columns, Values entries) {
  OpBuilder &b = kernel.b;
  Value equal = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::eq,
                                      letter[0], letter[1]);
  auto branch =
      scf::IfOp::create(b, kernel.loc, ValueRange(entries).getTypes(), equal,
                        /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, kernel.loc, entries);
  b.setInsertionPointToStart(branch.thenBlock());
  entries = kernel.accumulate(
      kernel.index(0), kernel.index(diagonals.size()), std::move(entries),
      [&](Value d, Values partial) {
        Value row = kernel.add(
            diagonals.get(kernel, d, StrandNest::kNode),
            kernel.mul(letter[0],
                       diagonals.get(kernel, d, StrandNest::kNodeStride)));
        Value node =
            kernel.readRow(arrays[PlanArray::Nodes].tensor, {sample, row},
                           columns.first, columns.width, columns.width);
        for (Value &entry : partial)
          entry = arith::AddFOp::create(b, kernel.loc, entry, node);
        return partial;
      });
  scf::YieldOp::create(b, kernel.loc, entries);
  return Values(branch.getResults());
}

Values StrandSteps::addInits(Value sample, Value t, ArrayRef<Value> letter,
                             const Columns &columns, Values entries) {
  auto add = [&](Value &entry, Value value) {
    entry = arith::AddFOp::create(kernel.b, kernel.loc, entry, value);
  };
  return tables.addInits(
      t, std::move(entries),
      [&](Value offset, MixTables::StrideOf strideOf, Values partial) {
        for (size_t p = 0; p < transform.permutations.size(); ++p) {
          Value at = rowOfLetters(kernel, offset, letter,
                                  transform.permutations[p], strideOf);
          add(partial[p],
              kernel.readRow(arrays[PlanArray::Nodes].tensor, {sample, at},
                             columns.first, columns.width, columns.width));
        }
        return partial;
      },
      [&](Value row, Values partial) {
        // A bias row ends within a vector, like one of y.
        Value bias = kernel.readRow(arrays[PlanArray::Bias].tensor,
                                    {kernel.index(0), row}, columns.first,
                                    columns.width, columns.valid);
        for (Value &entry : partial)
          add(entry, bias);
        return partial;
      });
}

void StrandSteps::prefetchTargets(Value sample, ArrayRef<Value> letter) {
  for (const std::vector<int> &permutation : transform.permutations)
    prefetchRow(kernel, kArgY, kernel.sampleOf(target, sample),
                targetRow(kernel.index(0), letter, permutation),
                target.channels, /*isWrite=*/true, /*soon=*/true);
}
