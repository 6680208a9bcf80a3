//===- EmitFactored.cpp - The published algorithm as loops ----------------===//
//
// One loop over the diagrams. Its body is Factor (the tables), Permute,
// PlanarMult and Permute; what differs between diagrams comes from tables, so
// that thousands of diagrams are no more code than one.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitFactored.h"
#include "compiler/Lowering/Cpu/EmitBias.h"
#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Tile.h"
#include "compiler/Lowering/Nests/FactoredNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

class FactoredEmitter {
public:
  FactoredEmitter(KernelBuilder &kernel, PlanArrays &arrays,
                  const FactoredPlan &plan, const FactoredSchedule &schedule)
      : kernel(kernel), arrays(arrays), plan(plan), schedule(schedule),
        nest(plan), axes(nest.axes), diagrams(kernel, nest.diagrams),
        contractions(kernel, nest.contractions),
        leviCivita(kernel, nest.leviCivita), tiling(schedule.columns),
        input(arrays[PlanArray::Input]), output(arrays[PlanArray::Output]) {
    planar = oneSample(plan.planarRows, kernel.spec.cIn,
                       kernel.wholeVectors(kernel.spec.cIn));
    mixed = oneSample(plan.mixedRows, kernel.spec.cOut, tiling.columns());
  }

  void emit() {
    emitStart();
    writer.emplace(kernel, nest.write);
    const int64_t each = schedule.blockDiagrams;
    if (each == 0)
      return emitDiagrams(kernel.index(0), kernel.index(diagrams.size()),
                          output);
    // Sums of many diagrams in blocks, each in scratch.
    KernelArray block =
        kernel.scratch(output.rows, output.channels, tiling.columns());
    const SmallVector<KernelArray *> threaded{&planar, &mixed, &block, &output};
    const int64_t blocks = (diagrams.size() + each - 1) / each;
    kernel.forRange(
        threaded, kernel.index(0), kernel.index(blocks), 1, [&](Value number) {
          clear(block);
          Value first = kernel.mul(number, kernel.index(each));
          Value end = kernel.min(kernel.add(first, kernel.index(each)),
                                 kernel.index(diagrams.size()));
          emitDiagrams(first, end, block);
          addToOutput(block);
        });
  }

private:
  /// What diagrams first .. end-1 add to y, to `sums`.
  void emitDiagrams(Value first, Value end, KernelArray &sums) {
    const SmallVector<KernelArray *> threaded{&planar, &mixed, &sums};
    Value zero = kernel.index(0);
    kernel.forRange(threaded, first, end, 1, [&](Value d) {
      kernel.forRange(threaded, zero, kernel.count(), 1, [&](Value sample) {
        emitPermute(d, sample);
        emitContractions(d);
        emitLeviCivita(d);
        emitDiagonals(d);
        emitMixing(d);
        writer->emit(d, mixed, {zero, zero}, sums,
                     {kernel.sampleOf(sums, sample), zero});
      });
    });
  }

  /// Visits the rows of the block's samples: body(sample, row, column, width,
  /// valid).
  void forRows(KernelArray &array,
               function_ref<void(Value, Value, Value, int64_t, int64_t)> body) {
    kernel.forRange(array, kernel.count(), [&](Value sample) {
      kernel.forRange(array, kernel.poly(array.rows), [&](Value row) {
        kernel.forColumnChunks(array, array.channels, kRowVectors,
                               [&](Value column, int64_t width, int64_t valid) {
                                 body(sample, row, column, width,
                                      array.present(width, valid));
                               });
      });
    });
  }

  void clear(KernelArray &array) {
    forRows(array, [&](Value sample, Value row, Value column, int64_t width,
                       int64_t written) {
      array.tensor = kernel.writeRow(
          kernel.zeroVector(kernel.vectorType(width)), array.tensor,
          {kernel.sampleOf(array, sample), row}, column, written);
    });
  }

  void addToOutput(const KernelArray &block) {
    forRows(output, [&](Value sample, Value row, Value column, int64_t width,
                        int64_t written) {
      Value at = kernel.sampleOf(output, sample);
      Value old =
          kernel.readRow(output.tensor, {at, row}, column, width, written);
      Value more =
          kernel.readRow(block.tensor, {sample, row}, column, width, width);
      output.tensor = kernel.writeRow(
          arith::AddFOp::create(kernel.b, kernel.loc, old, more), output.tensor,
          {at, row}, column, written);
    });
  }

  /// Scratch of one sample, reused for every sample and diagram.
  KernelArray oneSample(const Poly &rows, int64_t channels, int64_t columns) {
    return kernel.scratch(kernel.index(1), rows, channels, columns);
  }

  Value get(Value d, int64_t field) { return diagrams.get(kernel, d, field); }

  Value readPlanar(Value row, Value column, int64_t width) {
    return kernel.readRow(planar.tensor, {kernel.index(0), row}, column, width,
                          width);
  }
  void writePlanar(Value vector, Value row, Value column, int64_t width) {
    planar.tensor = kernel.writeRow(vector, planar.tensor,
                                    {kernel.index(0), row}, column, width);
  }
  void forPlanarChunks(function_ref<void(Value, int64_t, int64_t)> body) {
    kernel.forColumnChunks(planar, planar.channels, kRowVectors, body);
  }

  /// y starts as the bias, or as zero.
  void emitStart() {
    clear(output);
    if (plan.bias.empty())
      return;
    kernel.forRange(output, kernel.count(), [&](Value sample) {
      Value at = kernel.sampleOf(output, sample);
      std::vector<const Walk *> walks;
      for (const Walk &walk : plan.bias)
        walks.push_back(&walk);
      WalkWriter bias(kernel, WalkNest(walks));
      kernel.forRange(output, kernel.index(walks.size()), [&](Value e) {
        bias.emit(e, arrays[PlanArray::Bias], {kernel.index(0), e}, output,
                  {at, kernel.index(0)});
      });
    });
  }

  /// The first Permute: x with its axes in planar order.
  void emitPermute(Value d, Value sample) {
    Value at = kernel.sampleOf(input, sample);
    SmallVector<Value> extents;
    for (const Axis &axis : nest.input)
      extents.push_back(kernel.poly(axis.extent));
    for (size_t a = 0; nest.mixedLengths && a < extents.size(); ++a)
      extents[a] = get(d, nest.permuteExtent(a));
    kernel.forNest(planar, extents, [&](ArrayRef<Value> index) {
      Value source = kernel.index(0), target = kernel.index(0);
      for (size_t a = 0; a < extents.size(); ++a) {
        source = kernel.add(
            source, kernel.mul(index[a], get(d, FactoredNest::kPermute + a)));
        target = kernel.add(kernel.mul(target, extents[a]), index[a]);
      }
      forPlanarChunks([&](Value column, int64_t width, int64_t valid) {
        const int64_t there = input.present(width, valid);
        Value row =
            kernel.readRow(input.tensor, {at, source}, column, width, there);
        writePlanar(row, target, column, width);
      });
    });
  }

  /// Blocks of inputs only, one after the other.
  void emitContractions(Value d) {
    if (contractions.size() == 0)
      return;
    kernel.forRange(
        planar, get(d, FactoredNest::kFirstContraction),
        get(d, FactoredNest::kEndContraction), 1, [&](Value c) {
          auto field = [&](int64_t f) {
            return contractions.get(kernel, c, f);
          };
          kernel.forRange(planar, field(FactoredNest::kLeft), [&](Value left) {
            kernel.forRange(
                planar, field(FactoredNest::kRight), [&](Value right) {
                  Value source = kernel.add(
                      kernel.add(field(FactoredNest::kSource), right),
                      kernel.mul(left, field(FactoredNest::kLeftStride)));
                  Value target = kernel.add(
                      kernel.add(field(FactoredNest::kTarget), right),
                      kernel.mul(left, field(FactoredNest::kRight)));
                  forPlanarChunks([&](Value column, int64_t width, int64_t) {
                    writePlanar(emitSum(c, source, column, width), target,
                                column, width);
                  });
                });
          });
        });
  }

  /// What the sum of a contraction is scaled by to be a mean.
  MeanFactors meanOf(Value c) {
    MeanFactors mean = meanFactors(kernel, plan.lengths.front());
    for (size_t space = 1; space < plan.lengths.size(); ++space) {
      const MeanFactors other = meanFactors(kernel, plan.lengths[space]);
      Value isOther = arith::CmpIOp::create(
          kernel.b, kernel.loc, arith::CmpIPredicate::eq,
          contractions.get(kernel, c, FactoredNest::kSpace),
          kernel.index(static_cast<int64_t>(space)));
      auto select = [&](Value a, Value b) -> Value {
        return arith::SelectOp::create(kernel.b, kernel.loc, isOther, b, a);
      };
      mean = {select(mean.term, other.term), select(mean.sum, other.sum)};
    }
    return mean;
  }

  /// The sum along a diagonal.
  Value emitSum(Value c, Value source, Value column, int64_t width) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    auto field = [&](int64_t f) { return contractions.get(kernel, c, f); };
    const MeanFactors mean = plan.mean ? meanOf(c) : MeanFactors();
    auto add = [&](Value sum, Value row, int64_t offset) -> Value {
      Value entry = readPlanar(kernel.add(row, field(offset)), column, width);
      const bool negative = offset == FactoredNest::kMinus;
      if (plan.mean)
        return addScaled(kernel, sum, entry,
                         negative ? arith::NegFOp::create(b, loc, mean.term)
                                  : mean.term);
      if (negative)
        return arith::SubFOp::create(b, loc, sum, entry);
      return arith::AddFOp::create(b, loc, sum, entry);
    };
    Value zero = kernel.zeroVector(kernel.vectorType(width));
    auto sumOf = [&](int64_t extent, int64_t offset) {
      return emitLongSums(kernel, field(extent), plan.values, 1, {zero},
                          [&](Value j, Values partial) {
                            Value row = kernel.add(
                                source,
                                kernel.mul(j, field(FactoredNest::kStride)));
                            return Values{add(partial.front(), row, offset)};
                          })
          .front();
    };
    Value sum = sumOf(FactoredNest::kExtent, FactoredNest::kPlus);
    if (plan.subtracts)
      sum = arith::AddFOp::create(
          b, loc, sum, sumOf(FactoredNest::kMinusExtent, FactoredNest::kMinus));
    return plan.mean ? scaleVector(kernel, sum, mean.sum) : sum;
  }

  void emitLeviCivita(Value d) {
    if (leviCivita.size() == 0)
      return;
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    Value target = get(d, FactoredNest::kLeviCivitaTarget),
          kept = get(d, FactoredNest::kLeviCivitaKept);
    kernel.forRange(planar, get(d, FactoredNest::kZeroRows), [&](Value row) {
      forPlanarChunks([&](Value column, int64_t width, int64_t) {
        writePlanar(kernel.zeroVector(kernel.vectorType(width)),
                    kernel.add(target, row), column, width);
      });
    });
    kernel.forRange(
        planar, get(d, FactoredNest::kFirstLeviCivita),
        get(d, FactoredNest::kEndLeviCivita), 1, [&](Value term) {
          auto rowOf = [&](Value base, int64_t field) {
            return kernel.add(
                base, kernel.mul(kept, leviCivita.get(kernel, term, field)));
          };
          Value to = rowOf(target, FactoredNest::kToRow);
          Value from = rowOf(get(d, FactoredNest::kLeviCivitaSource),
                             FactoredNest::kFromRow);
          Value negative = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::slt,
              leviCivita.get(kernel, term, FactoredNest::kSign),
              kernel.index(0));
          kernel.forRange(planar, kept, [&](Value q) {
            forPlanarChunks([&](Value column, int64_t width, int64_t) {
              Value old = readPlanar(kernel.add(to, q), column, width);
              Value entry = readPlanar(kernel.add(from, q), column, width);
              Value sum = arith::AddFOp::create(b, loc, old, entry);
              Value difference = arith::SubFOp::create(b, loc, old, entry);
              Value result =
                  arith::SelectOp::create(b, loc, negative, difference, sum);
              writePlanar(result, kernel.add(to, q), column, width);
            });
          });
        });
  }

  void emitDiagonals(Value d) {
    if (axes == 0)
      return;
    kernel.forRange(planar, get(d, FactoredNest::kDiagonals), [&](Value) {
      SmallVector<Value> extents;
      for (int64_t a = 0; a < axes; ++a)
        extents.push_back(get(d, nest.diagonalExtent(a)));
      kernel.forNest(planar, extents, [&](ArrayRef<Value> index) {
        Value source = get(d, FactoredNest::kDiagonalSource),
              position = kernel.index(0);
        for (int64_t a = 0; a < axes; ++a) {
          source = kernel.add(
              source, kernel.mul(index[a], get(d, nest.diagonalStride(a))));
          position = kernel.add(kernel.mul(position, extents[a]), index[a]);
        }
        Value target =
            kernel.add(get(d, FactoredNest::kDiagonalTarget), position);
        forPlanarChunks([&](Value column, int64_t width, int64_t) {
          writePlanar(readPlanar(source, column, width), target, column, width);
        });
      });
    });
  }

  /// mixed[row] = planar[source + row] * weight[d].
  void emitMixing(Value d) {
    const int64_t height = schedule.tileRows;
    Value source = get(d, FactoredNest::kMixSource),
          rows = get(d, FactoredNest::kMixRows);
    Value full = kernel.sub(rows, kernel.rem(rows, height));
    forColumnTiles(kernel, &mixed.tensor, tiling, kernel.spec.cOut,
                   /*padded=*/true, [&](const ColumnTile &column) {
                     kernel.forRange(mixed, kernel.index(0), full, height,
                                     [&](Value row) {
                                       emitTile(d, column, source, row, height);
                                     });
                     if (height > 1)
                       kernel.forRange(mixed, full, rows, 1, [&](Value row) {
                         emitTile(d, column, source, row, 1);
                       });
                   });
  }

  void emitTile(Value d, const ColumnTile &column, Value source, Value row,
                int64_t height) {
    Value zero = kernel.index(0);
    TileSums tile(kernel, column);
    Values sums = tile.begin(kernel.zeroVector(
        VectorType::get({height, column.width}, kernel.element)));
    sums = tile.add(std::move(sums), kernel.spec.cIn,
                    {planar.tensor, {zero, kernel.add(source, row)}, Value()},
                    {d, column.index});
    writeTile(kernel, tile.end(sums), mixed, {zero, row}, column.column,
              column.width);
  }

  KernelBuilder &kernel;
  PlanArrays &arrays;
  const FactoredPlan &plan;
  const FactoredSchedule &schedule;
  FactoredNest nest;
  int64_t axes; ///< most through blocks of a diagram whose diagonals are read
  IndexTable diagrams, contractions, leviCivita; ///< as in FactoredNest
  std::optional<WalkWriter> writer;
  const ColumnTiling &tiling;
  KernelArray &input, &output;
  /// The tensor of PlanarMult, [1, rows, c_in], and what is left of it times
  /// the weight, [1, rows, c_out].
  KernelArray planar, mixed;
};

} // namespace

EmittedKernel eqc::emitFactoredForward(OpBuilder &builder, Location loc,
                                       StringRef name, const LayerSpec &spec,
                                       const FactoredLayer &layer,
                                       const FactoredSchedule &schedule,
                                       const Machine &machine) {
  const FactoredPlan &plan = layer.plan;
  ForwardKernel forward(builder, loc, name, spec, machine,
                        plan.diagrams.size());
  if (!layer.bias.rows.empty())
    emitBiasRows(forward, schedule.bias,
                 static_cast<int64_t>(layer.bias.rows.size()));
  FactoredEmitter(forward.kernel, forward.arrays, plan, schedule).emit();
  func::FuncOp function = forward.close();
  KernelRecord record = forward.kernel.wholeRecord();
  for (const FactoredSteps &steps : plan.diagrams)
    record.multiplyAdds += steps.mixRows;
  return {function, record};
}
