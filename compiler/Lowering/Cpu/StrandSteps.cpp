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

/// Both arrays hold a place for every part, because parts run at the same time.
StrandSteps::StrandSteps(KernelBuilder &kernel, PlanArrays &arrays,
                         const StrandNest &nest, const StrandSchedule &schedule,
                         int64_t rows)
    : target(arrays[nest.ends.target]), kernel(kernel), arrays(arrays),
      nest(nest), schedule(schedule), transform(nest.transform),
      order(nest.transform.order), tables(kernel, nest.ends),
      sources(kernel, nest.sources), blocks(kernel, nest.blocks),
      diagonals(kernel, nest.diagonals) {
  const int64_t parts = kernel.parts();
  OpBuilder::InsertionGuard guard(kernel.b);
  // Scratch belongs to the function; stages are inside its phases.
  Operation *parent = kernel.b.getInsertionBlock()->getParentOp();
  auto function = isa<func::FuncOp>(parent)
                      ? cast<func::FuncOp>(parent)
                      : parent->getParentOfType<func::FuncOp>();
  kernel.b.setInsertionPointToStart(&function.front());
  auto make = [&](int64_t patterns, int64_t channels, int64_t columns) {
    return kernel.scratch(kernel.index(parts * patterns * transform.slots),
                          Poly(rows), channels, columns);
  };
  spread =
      make(numSources(), kernel.spec.cIn, kernel.wholeVectors(kernel.spec.cIn));
  mixed = make(numTargets(), kernel.spec.cOut, schedule.columns.columns());
  spreadFirst =
      kernel.mul(kernel.part(), kernel.index(numSources() * transform.slots));
  mixedFirst =
      kernel.mul(kernel.part(), kernel.index(numTargets() * transform.slots));
}

/// offset + sum over b of letter[permutation[b]] * stride b.
Value StrandSteps::rowAt(Value offset, ArrayRef<Value> letter,
                         const std::vector<int> &permutation,
                         function_ref<Value(int)> strideOf) {
  Value row = offset;
  for (int b = 0; b < order; ++b)
    row = kernel.add(row, kernel.mul(letter[permutation[b]], strideOf(b)));
  return row;
}

Value StrandSteps::sourceRow(Value source, ArrayRef<Value> letter,
                             const std::vector<int> &permutation) {
  return rowAt(sources.get(kernel, source, StrandNest::kOffset), letter,
               permutation, [&](int b) {
                 return sources.get(kernel, source, StrandNest::kStrides + b);
               });
}

Value StrandSteps::targetRow(Value t, ArrayRef<Value> letter,
                             const std::vector<int> &permutation) {
  return rowAt(tables.targets.get(kernel, t, MixNest::kOffset), letter,
               permutation, [&](int b) { return tables.targetStride(b); });
}

Value StrandSteps::slotOf(Value first, Value pattern, Value slot) {
  return kernel.add(
      first,
      kernel.add(kernel.mul(pattern, kernel.index(transform.slots)), slot));
}

/// sum over i of factor(i) * values[i].
Value StrandSteps::combine(const Values &values,
                           function_ref<double(size_t)> factor) {
  OpBuilder &b = kernel.b;
  Location loc = kernel.loc;
  auto contract = arith::FastMathFlagsAttr::get(b.getContext(),
                                                arith::FastMathFlags::contract);
  Value sum;
  // Factors of one first, so that the sum starts without a product.
  for (bool plain : {true, false})
    for (size_t i = 0; i < values.size(); ++i) {
      const double f = factor(i);
      if (f == 0 || plain != (f == 1 || f == -1))
        continue;
      if (plain && sum && f > 0) {
        sum = arith::AddFOp::create(b, loc, sum, values[i]);
      } else if (plain && sum) {
        sum = arith::SubFOp::create(b, loc, sum, values[i]);
      } else if (plain && f > 0) {
        sum = values[i];
      } else {
        auto type = cast<VectorType>(values[i].getType());
        Value scale = arith::ConstantOp::create(
            b, loc,
            DenseElementsAttr::get(
                type, Attribute(b.getFloatAttr(kernel.element, f))));
        Value product =
            arith::MulFOp::create(b, loc, values[i], scale, contract);
        sum = sum ? arith::AddFOp::create(b, loc, sum, product, contract)
                        .getResult()
                  : product;
      }
    }
  return sum;
}

void StrandSteps::spreadRow(Value sample, Value source, Value row,
                            ArrayRef<Value> letter) {
  kernel.forColumnChunks(spread, kernel.spec.cIn, schedule.transformVectors,
                         [&](Value column, int64_t width, int64_t valid) {
                           spreadColumns(sample, source, row, letter,
                                         {column, width, valid});
                         });
}

void StrandSteps::spreadColumns(Value sample, Value source, Value row,
                                ArrayRef<Value> letter,
                                const Columns &columns) {
  // All sources of a stage may not lie in the same array.
  auto read = [&](PlanArray from) {
    const KernelArray &array = arrays[from];
    Values entries;
    for (const std::vector<int> &permutation : transform.permutations)
      entries.push_back(
          kernel.readRow(array.tensor,
                         {kernel.sampleOf(arrays[from], sample),
                          sourceRow(source, letter, permutation)},
                         columns.first, columns.width,
                         array.present(columns.width, columns.valid)));
    return entries;
  };
  auto write = [&](const Values &entries) {
    for (int s = 0; s < transform.slots; ++s)
      spread.tensor = kernel.writeRow(
          combine(entries, [&](size_t p) { return transform.matrix[s][p]; }),
          spread.tensor, {slotOf(spreadFirst, source, kernel.index(s)), row},
          columns.first, columns.width);
  };
  if (nest.inputSources == 0 || nest.inputSources == sources.size())
    return write(
        read(nest.inputSources > 0 ? PlanArray::Input : PlanArray::Stored));
  Value fromInput =
      arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::slt,
                            source, kernel.index(nest.inputSources));
  kernel.ifElse(
      spread, fromInput, [&] { write(read(PlanArray::Input)); },
      [&] { write(read(PlanArray::Stored)); });
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

/// For what writes no array.
void StrandSteps::onlyIf(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(kernel.b, kernel.loc, condition,
                                  /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(kernel.b);
  kernel.b.setInsertionPoint(branch.thenYield());
  body();
}

void StrandSteps::inFirstMix(const Mix &mix, function_ref<void()> body) {
  Value first = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::eq,
      kernel.add(mix.block, kernel.add(mix.irrepRow, mix.column.index)),
      kernel.index(0));
  onlyIf(first, body);
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
              Value from =
                  slotOf(spreadFirst, source, kernel.add(firstSlot, c));
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
      slotOf(mixedFirst, blocks.get(kernel, mix.block, StrandNest::kTarget),
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
    slots.push_back(kernel.readRow(
        mixed.tensor, {slotOf(mixedFirst, t, kernel.index(s)), row},
        columns.first, columns.width, columns.width));
  for (size_t p = 0; p < transform.permutations.size(); ++p)
    entries.push_back(
        combine(slots, [&](size_t s) { return transform.matrix[s][p]; }));
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
          Value at = rowAt(offset, letter, transform.permutations[p], strideOf);
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

/// Fetches all lines of a row of an argument.
void StrandSteps::prefetchLine(ForwardArgument array, Value sample, Value row,
                               int64_t channels, bool soon) {
  for (int64_t column = 0; column < channels;
       column += Machine::lineElements(kernel.spec.elementSize()))
    eqc::prefetch(kernel, array, {sample, row, kernel.index(column)}, soon);
}

void StrandSteps::prefetchTargets(Value sample, ArrayRef<Value> letter) {
  for (const std::vector<int> &permutation : transform.permutations)
    prefetchLine(kArgY, kernel.sampleOf(target, sample),
                 targetRow(kernel.index(0), letter, permutation),
                 target.channels, /*soon=*/true);
}

void StrandSteps::prefetchSources(Value sample, ArrayRef<Value> letter) {
  const KernelArray &x = arrays[PlanArray::Input];
  for (int64_t source = 0; source < nest.inputSources; ++source)
    for (const std::vector<int> &permutation : transform.permutations)
      prefetchLine(kArgX, kernel.sampleOf(x, sample),
                   sourceRow(kernel.index(source), letter, permutation),
                   x.channels, /*soon=*/true);
}

void StrandSteps::prefetchNext(Value sample, Value row, int64_t count) {
  const KernelArray &x = arrays[PlanArray::Input];
  const int64_t rowBytes = x.channels * kernel.spec.elementSize();
  // What does not fit beside this sample is not fetched, and the rest as late
  // as it can be.
  Value total = kernel.poly(x.rows);
  Value skipped = kernel.max(
      kernel.index(0),
      kernel.sub(kernel.add(total, total),
                 kernel.index(StrandSchedule::kBytesOfTwo / rowBytes)));
  Value next = kernel.add(kernel.sampleOf(x, sample), kernel.index(1));
  Value first =
      kernel.sub(kernel.mul(row, kernel.index(transform.slots)), skipped);
  auto fetch = [&] {
    for (int64_t r = 0; r < count * transform.slots; ++r)
      prefetchLine(kArgX, next, kernel.add(first, kernel.index(r)), x.channels,
                   /*soon=*/false);
  };
  if (isZeroInteger(skipped))
    return fetch();
  Value late = arith::CmpIOp::create(
      kernel.b, kernel.loc, arith::CmpIPredicate::sge, first, kernel.index(0));
  onlyIf(late, fetch);
}
