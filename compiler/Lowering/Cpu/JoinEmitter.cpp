//===- JoinEmitter.cpp - Joins of two arrays as loops ---------------------===//

#include "compiler/Lowering/Cpu/JoinEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// Fields of a row of the tables; strides follow.
enum JoinField : int64_t { kA, kB, kFirstResult, kEndResult, kNumJoinFields };
enum ResultField : int64_t { kDiagram, kThird, kDivisor, kNumResultFields };

/// One stage.
class StageEmitter {
public:
  StageEmitter(KernelBuilder &kernel, const BilinearPlan &plan,
               const JoinStage &stage, const JoinSchedule &schedule,
               JoinArrays &arrays)
      : kernel(kernel), spec(kernel.spec), b(kernel.b), loc(kernel.loc),
        stage(stage), schedule(schedule), arrays(arrays),
        a(arrays.a.at(stage.a)), second(arrays.b.at(stage.b)),
        third(arrays.third.at(stage.third)),
        target(arrays.planes ? arrays.planes->sums : third),
        products(arrays.products), joins(kernel, joinTable(stage)),
        results(kernel, resultTable(plan, stage)),
        hasDivisors(!plan.divisors.empty()) {
    for (const auto *letters : {&stage.shared, &stage.ofA, &stage.ofB})
      for (const Poly &length : *letters)
        kept.push_back(kernel.poly(length));
    for (const Poly &length : stage.summed)
      summed.push_back(kernel.poly(length));
    letters = static_cast<int64_t>(kept.size() + summed.size());
  }

  void emit() {
    if (spec.depthwise)
      return forJoins({&target}, [&](Value join, Value sample) {
        kernel.forColumnChunks(target, target.channels, 1,
                               [&](Value column, int64_t width, int64_t valid) {
                                 emitTiles(join, sample, column, width, valid);
                               });
      });
    forJoins({&target, &products},
             [&](Value join, Value sample) { emitPositions(join, sample); });
  }

private:
  static Table joinTable(const JoinStage &stage) {
    const size_t letters = stage.numKept() + stage.summed.size();
    Table table(kNumJoinFields + 2 * static_cast<int64_t>(letters));
    int64_t result = 0;
    for (const Join &join : stage.joins) {
      const auto end = result + static_cast<int64_t>(join.results.size());
      std::vector<Poly> row{join.a.offset, join.b.offset, Poly(result),
                            Poly(end)};
      row.insert(row.end(), join.a.strides.begin(), join.a.strides.end());
      row.insert(row.end(), join.b.strides.begin(), join.b.strides.end());
      table.addRow(std::move(row));
      result = end;
    }
    return table;
  }

  static Table resultTable(const BilinearPlan &plan, const JoinStage &stage) {
    Table table(kNumResultFields + static_cast<int64_t>(stage.numKept()));
    for (const Join &join : stage.joins)
      for (const JoinResult &result : join.results) {
        std::vector<Poly> row{
            Poly(result.diagram), result.view.offset,
            plan.divisors.empty() ? Poly(1) : plan.divisors[result.diagram]};
        row.insert(row.end(), result.view.strides.begin(),
                   result.view.strides.end());
        table.addRow(std::move(row));
      }
    return table;
  }

  void forJoins(ArrayRef<KernelArray *> threaded,
                function_ref<void(Value, Value)> body) {
    kernel.forRange(
        threaded, kernel.index(0), kernel.count(), 1, [&](Value sample) {
          kernel.forRange(threaded, kernel.index(0), kernel.index(joins.size()),
                          1, [&](Value join) { body(join, sample); });
        });
  }

  //===--------------------------------------------------------------------===//
  // Rows
  //===--------------------------------------------------------------------===//

  Value strideOfA(Value join, int64_t letter) {
    return joins.get(kernel, join, kNumJoinFields + letter);
  }
  Value strideOfB(Value join, int64_t letter) {
    return joins.get(kernel, join, kNumJoinFields + letters + letter);
  }
  Value strideOfThird(Value result, int64_t letter) {
    return results.get(kernel, result, kNumResultFields + letter);
  }

  /// The row at values of the kept letters, of which those that are null are
  /// zero.
  template <typename StrideOf>
  Value rowAt(Value offset, ArrayRef<Value> values, StrideOf strideOf) {
    for (auto [letter, value] : llvm::enumerate(values))
      if (value)
        offset = kernel.add(
            offset, kernel.mul(value, strideOf(static_cast<int64_t>(letter))));
    return offset;
  }
  Value rowOfA(Value join, ArrayRef<Value> values) {
    return rowAt(joins.get(kernel, join, kA), values,
                 [&](int64_t letter) { return strideOfA(join, letter); });
  }
  Value rowOfB(Value join, ArrayRef<Value> values) {
    return rowAt(joins.get(kernel, join, kB), values,
                 [&](int64_t letter) { return strideOfB(join, letter); });
  }
  Value rowOfThird(Value result, ArrayRef<Value> values) {
    return rowAt(results.get(kernel, result, kThird), values,
                 [&](int64_t letter) { return strideOfThird(result, letter); });
  }

  Value readRow(const KernelArray &array, Value sample, Value row, Value column,
                int64_t width, int64_t valid) {
    return kernel.readRow(array.tensor, {kernel.sampleOf(array, sample), row},
                          column, width, array.present(width, valid));
  }

  Value fma(Value x, Value y, Value sum) {
    return vector::FMAOp::create(b, loc, x, y, sum);
  }

  /// Sums over the letters that are summed: body(row of a, row of b, sums).
  Values overSummed(Value join, Value rowA, Value rowB, Values sums,
                    function_ref<Values(Value, Value, Values)> body,
                    size_t letter = 0) {
    if (letter == summed.size())
      return body(rowA, rowB, std::move(sums));
    const auto number = static_cast<int64_t>(kept.size() + letter);
    Value stepA = strideOfA(join, number), stepB = strideOfB(join, number);
    return kernel.accumulateInLoop(
        kernel.index(0), summed[letter], std::move(sums),
        [&](Value i, Values partial) {
          return overSummed(join, kernel.add(rowA, kernel.mul(i, stepA)),
                            kernel.add(rowB, kernel.mul(i, stepB)),
                            std::move(partial), body, letter + 1);
        });
  }

  /// 1 / what the mean divides a result by, as a vector; null for 1.
  Value factorOf(Value result, int64_t width) {
    if (!hasDivisors)
      return Value();
    Value divisor = results.get(kernel, result, kDivisor);
    Value number = arith::SIToFPOp::create(
        b, loc, kernel.element,
        arith::IndexCastOp::create(b, loc, b.getI64Type(), divisor));
    Value one =
        arith::ConstantOp::create(b, loc, b.getFloatAttr(kernel.element, 1));
    return vector::BroadcastOp::create(
        b, loc, kernel.vectorType(width),
        arith::DivFOp::create(b, loc, one, number));
  }
  Value times(Value vector, Value factor) {
    return factor ? arith::MulFOp::create(b, loc, vector, factor) : vector;
  }

  void forResults(Value join, function_ref<void(Value)> body) {
    kernel.forRange(target, joins.get(kernel, join, kFirstResult),
                    joins.get(kernel, join, kEndResult), 1, body);
  }

  //===--------------------------------------------------------------------===//
  // Weights on each channel
  //===--------------------------------------------------------------------===//

  /// The kept letters in loops, the last one of either array in tiles.
  void emitTiles(Value join, Value sample, Value column, int64_t width,
                 int64_t valid) {
    const auto endOfA =
        static_cast<int64_t>(stage.shared.size() + stage.ofA.size());
    const int64_t letterA = stage.ofA.empty() ? -1 : endOfA - 1;
    const int64_t letterB =
        stage.ofB.empty() ? -1 : static_cast<int64_t>(kept.size()) - 1;
    SmallVector<Value> values(kept.size());
    auto inner = [&] {
      forTiles(letterA, schedule.rowsOfA, values, [&](int64_t rowsA) {
        forTiles(letterB, schedule.rowsOfB, values, [&](int64_t rowsB) {
          emitTile(join, sample, values, {letterA, rowsA}, {letterB, rowsB},
                   column, width, valid);
        });
      });
    };
    auto along = [&](auto &self, size_t letter) -> void {
      if (letter == kept.size())
        return inner();
      const auto number = static_cast<int64_t>(letter);
      if (number == letterA || number == letterB)
        return self(self, letter + 1);
      kernel.forRange(target, kept[letter], [&](Value i) {
        values[letter] = i;
        self(self, letter + 1);
      });
    };
    along(along, 0);
  }

  /// Values of a letter, so many at a time, then those that are left over: all
  /// at once if their number is known, else one by one.
  void forTiles(int64_t letter, int64_t rows, SmallVector<Value> &values,
                function_ref<void(int64_t)> body) {
    if (letter < 0)
      return body(1);
    Value extent = kept[static_cast<size_t>(letter)];
    auto at = [&](int64_t count) {
      return [&, count](Value i) {
        values[static_cast<size_t>(letter)] = i;
        body(count);
      };
    };
    if (std::optional<int64_t> fixed = getConstantIntValue(extent)) {
      const int64_t whole = *fixed / rows * rows;
      kernel.forRange(target, kernel.index(0), kernel.index(whole), rows,
                      at(rows));
      if (whole < *fixed)
        at (*fixed - whole)(kernel.index(whole));
      return;
    }
    Value whole = kernel.sub(extent, kernel.rem(extent, rows));
    kernel.forRange(target, kernel.index(0), whole, rows, at(rows));
    if (rows > 1)
      kernel.forRange(target, whole, extent, 1, at(1));
  }

  /// Rows of a tile along a letter.
  struct TileSide {
    int64_t letter, rows;
  };

  void emitTile(Value join, Value sample, ArrayRef<Value> values, TileSide ofA,
                TileSide ofB, Value column, int64_t width, int64_t valid) {
    auto stepped = [&](Value row, TileSide side, int64_t i, Value stride) {
      return i == 0 || side.letter < 0
                 ? row
                 : kernel.add(row, kernel.mul(kernel.index(i), stride));
    };
    Value stepA = ofA.letter < 0 ? Value() : strideOfA(join, ofA.letter);
    Value stepB = ofB.letter < 0 ? Value() : strideOfB(join, ofB.letter);
    const bool sums = !summed.empty();
    Values tile =
        overSummed(join, rowOfA(join, values), rowOfB(join, values),
                   Values(sums ? ofA.rows * ofB.rows : 0,
                          kernel.zeroVector(kernel.vectorType(width))),
                   [&](Value rowA, Value rowB, Values partial) {
                     Values right;
                     for (int64_t j = 0; j < ofB.rows; ++j)
                       right.push_back(readRow(second, sample,
                                               stepped(rowB, ofB, j, stepB),
                                               column, width, valid));
                     for (int64_t i = 0; i < ofA.rows; ++i) {
                       Value left =
                           readRow(a, sample, stepped(rowA, ofA, i, stepA),
                                   column, width, valid);
                       for (int64_t j = 0; j < ofB.rows; ++j)
                         if (sums)
                           partial[i * ofB.rows + j] =
                               fma(left, right[j], partial[i * ofB.rows + j]);
                         else
                           partial.push_back(
                               arith::MulFOp::create(b, loc, left, right[j]));
                     }
                     return partial;
                   });
    forResults(join, [&](Value result) {
      Value diagram = results.get(kernel, result, kDiagram);
      Value stepI =
          ofA.letter < 0 ? Value() : strideOfThird(result, ofA.letter);
      Value stepJ =
          ofB.letter < 0 ? Value() : strideOfThird(result, ofB.letter);
      Value first = rowOfThird(result, values);
      Value factor = factorOf(result, width);
      Value weight, sum;
      if (arrays.planes)
        sum = kernel.zeroVector(kernel.vectorType(width));
      else
        weight = times(
            kernel.readRow(arrays.weight, {diagram}, column, width, valid),
            factor);
      for (int64_t i = 0; i < ofA.rows; ++i)
        for (int64_t j = 0; j < ofB.rows; ++j) {
          Value row = stepped(stepped(first, ofA, i, stepI), ofB, j, stepJ);
          Value old = readRow(third, sample, row, column, width, valid);
          Value product = tile[i * ofB.rows + j];
          if (arrays.planes)
            sum = fma(product, old, sum);
          else
            writeThird(sample, row, fma(product, weight, old), column, width,
                       valid);
        }
      if (arrays.planes)
        arrays.planes->add(diagram, column, times(sum, factor));
    });
  }

  void writeThird(Value sample, Value row, Value vector, Value column,
                  int64_t width, int64_t valid) {
    third.tensor = kernel.writeRow(vector, third.tensor,
                                   {kernel.sampleOf(third, sample), row},
                                   column, third.present(width, valid));
  }

  //===--------------------------------------------------------------------===//
  // Weights on pairs of channels
  //===--------------------------------------------------------------------===//

  /// The kept letters in loops, the last one a few positions at a time.
  void emitPositions(Value join, Value sample) {
    SmallVector<Value> values(kept.size());
    auto along = [&](auto &self, size_t letter) -> void {
      if (letter + 1 >= kept.size())
        return forPositions(values, [&](int64_t positions) {
          emitProducts(join, sample, values, positions);
          forResults(join, [&](Value result) {
            if (arrays.planes)
              addProducts(result, sample, values, positions);
            else
              mixProducts(result, sample, values, positions);
          });
        });
      forBoth(kernel.index(0), kept[letter], 1, [&](Value i) {
        values[letter] = i;
        self(self, letter + 1);
      });
    };
    along(along, 0);
  }

  void forBoth(Value lower, Value upper, int64_t step,
               function_ref<void(Value)> body) {
    kernel.forRange({&target, &products}, lower, upper, step, body);
  }

  void forPositions(SmallVector<Value> &values,
                    function_ref<void(int64_t)> body) {
    if (kept.empty())
      return body(1);
    Value extent = kept.back();
    auto at = [&](int64_t count) {
      return [&, count](Value i) {
        values.back() = i;
        body(count);
      };
    };
    const int64_t rows = schedule.positions;
    if (std::optional<int64_t> fixed = getConstantIntValue(extent)) {
      const int64_t whole = *fixed / rows * rows;
      forBoth(kernel.index(0), kernel.index(whole), rows, at(rows));
      if (whole < *fixed)
        at (*fixed - whole)(kernel.index(whole));
      return;
    }
    Value whole = kernel.sub(extent, kernel.rem(extent, rows));
    forBoth(kernel.index(0), whole, rows, at(rows));
    if (rows > 1)
      forBoth(whole, extent, 1, at(1));
  }

  int64_t lastLetter() const { return static_cast<int64_t>(kept.size()) - 1; }

  /// The row at position p from `row` on.
  Value positionOf(Value row, Value p, Value stride) {
    return kept.empty() ? row : kernel.add(row, kernel.mul(p, stride));
  }

  /// products[p, ca, cb] = sum of a[p, .., ca] * b[p, .., cb].
  void emitProducts(Value join, Value sample, ArrayRef<Value> values,
                    int64_t positions) {
    Value rowA = rowOfA(join, values), rowB = rowOfB(join, values);
    Value stepA, stepB;
    if (!kept.empty()) {
      stepA = strideOfA(join, lastLetter());
      stepB = strideOfB(join, lastLetter());
    }
    auto tileOf = [&](Value p, Value firstChannel, int64_t channels) {
      kernel.forColumnChunks(
          products, second.channels, 2,
          [&](Value column, int64_t width, int64_t valid) {
            Values sums = overSummed(
                join, positionOf(rowA, p, stepA), positionOf(rowB, p, stepB),
                Values(channels, kernel.zeroVector(kernel.vectorType(width))),
                [&](Value atA, Value atB, Values partial) {
                  Value right =
                      readRow(second, sample, atB, column, width, valid);
                  for (int64_t c = 0; c < channels; ++c) {
                    Value left = tensor::ExtractOp::create(
                        b, loc, a.tensor,
                        ValueRange{kernel.sampleOf(a, sample), atA,
                                   kernel.add(firstChannel, kernel.index(c))});
                    partial[c] = fma(vector::BroadcastOp::create(
                                         b, loc, right.getType(), left),
                                     right, partial[c]);
                  }
                  return partial;
                });
            for (int64_t c = 0; c < channels; ++c)
              products.tensor = kernel.writeRow(
                  sums[c], products.tensor,
                  {kernel.index(0),
                   rowOfProduct(p, kernel.add(firstChannel, kernel.index(c)))},
                  column, width);
          });
    };
    const int64_t whole = a.channels / schedule.channels * schedule.channels;
    kernel.forRange(products, kernel.index(positions), [&](Value p) {
      kernel.forRange(
          products, kernel.index(0), kernel.index(whole), schedule.channels,
          [&](Value channel) { tileOf(p, channel, schedule.channels); });
      if (whole < a.channels)
        tileOf(p, kernel.index(whole), a.channels - whole);
    });
  }

  Value rowOfProduct(Value p, Value channel) {
    return kernel.add(kernel.mul(p, kernel.index(a.channels)), channel);
  }
  Value productAt(int64_t p, Value ca, Value cb) {
    return tensor::ExtractOp::create(
        b, loc, products.tensor,
        ValueRange{kernel.index(0), rowOfProduct(kernel.index(p), ca), cb});
  }
  /// The row of weights of a pair of channels.
  Value rowOfWeight(Value diagram, Value ca, Value cb) {
    Value pair = kernel.add(kernel.mul(diagram, kernel.index(a.channels)), ca);
    return kernel.add(kernel.mul(pair, kernel.index(second.channels)), cb);
  }

  SmallVector<Value> rowsOfThird(Value result, ArrayRef<Value> values,
                                 int64_t positions) {
    Value first = rowOfThird(result, values);
    Value step = kept.empty() ? Value() : strideOfThird(result, lastLetter());
    SmallVector<Value> rows;
    for (int64_t p = 0; p < positions; ++p)
      rows.push_back(p == 0 ? first : positionOf(first, kernel.index(p), step));
    return rows;
  }

  /// third[p, c] += sum of products[p, ca, cb] * weight[ca, cb, c].
  void mixProducts(Value result, Value sample, ArrayRef<Value> values,
                   int64_t positions) {
    Value diagram = results.get(kernel, result, kDiagram);
    const SmallVector<Value> rows = rowsOfThird(result, values, positions);
    const int64_t vectors =
        positions * 2 + 2 > kernel.machine.registers ? 1 : 2;
    kernel.forColumnChunks(
        third, third.channels, vectors,
        [&](Value column, int64_t width, int64_t valid) {
          Values sums(positions, kernel.zeroVector(kernel.vectorType(width)));
          sums = kernel.accumulateInLoop(
              kernel.index(0), kernel.index(a.channels), std::move(sums),
              [&](Value ca, Values ofPairs) {
                return kernel.accumulateInLoop(
                    kernel.index(0), kernel.index(second.channels),
                    std::move(ofPairs), [&](Value cb, Values partial) {
                      Value weight = kernel.readRow(
                          arrays.weight, {rowOfWeight(diagram, ca, cb)}, column,
                          width, valid);
                      for (int64_t p = 0; p < positions; ++p)
                        partial[p] = fma(
                            vector::BroadcastOp::create(
                                b, loc, weight.getType(), productAt(p, ca, cb)),
                            weight, partial[p]);
                      return partial;
                    });
              });
          Value factor = factorOf(result, width);
          for (int64_t p = 0; p < positions; ++p) {
            Value old = readRow(third, sample, rows[p], column, width, valid);
            Value sum = times(sums[p], factor);
            writeThird(sample, rows[p], arith::AddFOp::create(b, loc, old, sum),
                       column, width, valid);
          }
        });
  }

  /// sums[ca, cb, c] += sum over p of products[p, ca, cb] * third[p, c].
  void addProducts(Value result, Value sample, ArrayRef<Value> values,
                   int64_t positions) {
    Value diagram = results.get(kernel, result, kDiagram);
    const SmallVector<Value> rows = rowsOfThird(result, values, positions);
    kernel.forColumnChunks(
        target, third.channels, 1,
        [&](Value column, int64_t width, int64_t valid) {
          Values right;
          for (Value row : rows)
            right.push_back(readRow(third, sample, row, column, width, valid));
          Value factor = factorOf(result, width);
          kernel.forNest(
              target, {kernel.index(a.channels), kernel.index(second.channels)},
              [&](ArrayRef<Value> pair) {
                Value sum = kernel.zeroVector(kernel.vectorType(width));
                for (int64_t p = 0; p < positions; ++p)
                  sum = fma(vector::BroadcastOp::create(
                                b, loc, sum.getType(),
                                productAt(p, pair[0], pair[1])),
                            right[p], sum);
                arrays.planes->add(rowOfWeight(diagram, pair[0], pair[1]),
                                   column, times(sum, factor));
              });
        });
  }

  KernelBuilder &kernel;
  const LayerSpec &spec;
  OpBuilder &b;
  const Location loc;
  const JoinStage &stage;
  const JoinSchedule &schedule;
  JoinArrays &arrays;
  KernelArray &a, &second, &third;
  KernelArray &target; ///< what is written: the third row, or sums
  KernelArray &products;
  IndexTable joins, results;
  const bool hasDivisors;
  SmallVector<Value> kept, summed; ///< lengths
  int64_t letters = 0;
};

} // namespace

void eqc::emitJoins(KernelBuilder &kernel, const BilinearPlan &plan,
                    const JoinStage &stage, const JoinSchedule &schedule,
                    JoinArrays &arrays) {
  StageEmitter(kernel, plan, stage, schedule, arrays).emit();
}
