//===- EmitFactored.cpp - The published algorithm as kernels --------------===//
//
// One diagram after the other: a kernel for each step of the algorithm, which
// is launched for each diagram that has the step and finds what the diagram is
// in tables. So thousands of diagrams are many launches, and no more code than
// one.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/ChannelTile.h"
#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Nests/FactoredNest.h"
#include "compiler/Lowering/Nests/Summation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

constexpr int64_t kMixedRows = 4; ///< of a thread

namespace {

class FactoredEmitter {
public:
  FactoredEmitter(Program &program, const LayerArrays &arrays,
                  const DeviceArray &weights, ArrayRef<int64_t> matrices,
                  const FactoredPlan &plan)
      : program(program), arrays(arrays), weights(weights), matrices(matrices),
        plan(plan), nest(plan),
        planar(program.scratch(plan.planarRows, program.spec.cIn)),
        mixed(program.scratch(plan.mixedRows, program.spec.cOut)) {}

  void emit() {
    emitClear(arrays.output);
    emitBias();
    const auto count = static_cast<int64_t>(plan.diagrams.size());
    if (count <= kTermsOfBlock) {
      writeSteps(arrays.output);
      for (int64_t d = 0; d < count; ++d)
        launchDiagram(d);
      return;
    }
    // Sums of many diagrams in blocks.
    const DeviceArray block =
        program.scratch(arrays.output.rows, program.spec.cOut);
    writeSteps(block);
    const Launch clear = take([&] { emitClear(block); });
    const Launch add = take([&] { emitAdd(block, arrays.output); });
    for (int64_t d = 0; d < count; ++d) {
      if (d % kTermsOfBlock == 0)
        program.launches.push_back(clear);
      launchDiagram(d);
      if ((d + 1) % kTermsOfBlock == 0 || d + 1 == count)
        program.launches.push_back(add);
    }
  }

private:
  /// The only launch that `emit` adds, taken out again.
  template <typename Emit> Launch take(Emit emit) {
    emit();
    Launch launch = program.launches.back();
    program.launches.pop_back();
    return launch;
  }

  /// The kernels of the steps; the last one adds to `sums`.
  void writeSteps(const DeviceArray &sums) {
    permute = take([&] { emitPermute(); });
    if (!nest.contractions.empty())
      contract = take([&] { emitContraction(); });
    if (!nest.leviCivita.empty())
      leviCivita = take([&] { emitLeviCivita(); });
    if (nest.axes > 0)
      diagonal = take([&] { emitDiagonal(); });
    mix = take([&] { emitMixing(); });
    walks = emitWalks(program, mixed, sums, nest.write);
  }

  void launchDiagram(int64_t d) {
    const FactoredSteps &steps = plan.diagrams[d];
    launch(*permute, d, {});
    for (const Contraction &c : steps.contractions) {
      launch(*contract, nextContraction++, {of(c.left), of(c.right)});
    }
    for (const LeviCivitaStep &step : steps.leviCivita)
      launch(*leviCivita, d, {of(step.kept)});
    for (const DiagonalStep &step : steps.diagonals) {
      SmallVector<Formula> extents;
      for (const Poly &extent : step.extents)
        extents.push_back(of(extent));
      launch(*diagonal, d, extents);
    }
    launch(*mix, d, {dividedUp(of(steps.mixRows), kMixedRows)});
    program.launches.push_back(walks[d]);
  }

  /// `any` for one row of its table, with the extents that are the row's own.
  void launch(Launch any, int64_t row, ArrayRef<Formula> extents) {
    for (const Formula &extent : extents)
      any.items = any.items * extent;
    any.numbers.back() = row;
    program.launches.push_back(std::move(any));
  }
  Formula of(const Poly &poly) const {
    return program.spec.dynamicN() ? Formula::of(poly)
                                   : Formula(poly.at(program.spec.n));
  }

  /// Visits every element of rows of all samples, `width` at once.
  void overRows(DeviceKernel &kernel, const DeviceArray &array,
                function_ref<void(Value, Value, Value, int64_t)> body) {
    const int64_t width = program.width(array.channels);
    kernel.overItems({kernel.samples(), kernel.extent(array.rows),
                      kernel.extent(array.channels / width)},
                     [&](ArrayRef<Value> point) {
                       body(point[0], point[1],
                            kernel.mul(point[2], kernel.index(width)), width);
                     });
  }

  void emitClear(const DeviceArray &array) {
    DeviceKernel kernel(program, "clear", {array});
    overRows(kernel, array,
             [&](Value sample, Value row, Value column, int64_t width) {
               kernel.store(0, kernel.add(kernel.rowOf(0, sample, row), column),
                            kernel.real(0, width));
             });
  }

  void emitAdd(const DeviceArray &source, const DeviceArray &target) {
    DeviceKernel kernel(program, "add", {source, target});
    overRows(kernel, source,
             [&](Value sample, Value row, Value column, int64_t width) {
               Value more = kernel.load(
                   0, kernel.add(kernel.rowOf(0, sample, row), column), width);
               Value at = kernel.add(kernel.rowOf(1, sample, row), column);
               kernel.store(1, at,
                            kernel.plus(kernel.load(1, at, width), more));
             });
  }

  void emitBias() {
    if (plan.bias.empty())
      return;
    // Each is a row of the bias and has no row of its own.
    std::vector<Walk> rows = plan.bias;
    std::vector<const Walk *> list;
    for (size_t e = 0; e < rows.size(); ++e) {
      for (WalkTerm &term : rows[e].terms)
        term.innerOffset += Poly(static_cast<int64_t>(e));
      list.push_back(&rows[e]);
    }
    const WalkNest bias(list);
    for (Launch &walk : emitWalks(program, arrays.bias, arrays.output, bias))
      program.launches.push_back(std::move(walk));
  }

  /// The first Permute: x with its axes in planar order.
  void emitPermute() {
    DeviceKernel kernel(program, "permute", {arrays.input, planar},
                        {Formula(0)});
    const int64_t width = program.width(planar.channels);
    std::vector<Extent> extents{kernel.samples()};
    for (const Axis &axis : nest.input)
      extents.push_back(kernel.extent(axis.extent));
    // Axes of several lengths have other places in every diagram.
    if (nest.mixedLengths)
      kernel.atTop([&] {
        const DeviceTable diagrams(kernel, nest.diagrams);
        for (size_t a = 0; a < nest.input.size(); ++a)
          extents[1 + a].device =
              diagrams.get(kernel, kernel.number(0),
                           nest.permuteExtent(static_cast<int64_t>(a)));
      });
    extents.push_back(kernel.extent(planar.channels / width));
    kernel.overItems(extents, [&](ArrayRef<Value> point) {
      const DeviceTable diagrams(kernel, nest.diagrams);
      Value source = kernel.index(0), target = kernel.index(0);
      for (size_t a = 0; a < nest.input.size(); ++a) {
        Value i = point[1 + a];
        source = kernel.add(
            source, kernel.mul(i, diagrams.get(kernel, kernel.number(0),
                                               FactoredNest::kPermute +
                                                   static_cast<int64_t>(a))));
        target = kernel.add(kernel.mul(target, extents[1 + a].device), i);
      }
      Value column = kernel.mul(point.back(), kernel.index(width));
      Value from = kernel.add(kernel.rowOf(0, point[0], source), column);
      Value to = kernel.add(kernel.rowOf(1, point[0], target), column);
      kernel.store(1, to, kernel.load(0, from, width));
    });
  }

  /// Contracts a block of inputs.
  void emitContraction() {
    DeviceKernel kernel(program, "contract", {planar}, {Formula(0)});
    const int64_t width = program.width(planar.channels);
    std::optional<DeviceTable> table;
    auto field = [&](int64_t f) {
      return table->get(kernel, kernel.number(0), f);
    };
    std::vector<Extent> extents{kernel.samples()};
    kernel.atTop([&] {
      table.emplace(kernel, nest.contractions);
      extents.push_back({1, field(FactoredNest::kLeft)});
      extents.push_back({1, field(FactoredNest::kRight)});
    });
    extents.push_back(kernel.extent(planar.channels / width));
    kernel.overItems(extents, [&](ArrayRef<Value> point) {
      Value sample = point[0], left = point[1], right = point[2];
      Value column = kernel.mul(point[3], kernel.index(width));
      Value source =
          kernel.add(kernel.add(field(FactoredNest::kSource), right),
                     kernel.mul(left, field(FactoredNest::kLeftStride)));
      Value target = kernel.add(kernel.add(field(FactoredNest::kTarget), right),
                                kernel.mul(left, extents[2].device));
      Value sum = sumAlong(kernel, field, width, [&](Value row) {
        return kernel.add(kernel.rowOf(0, sample, kernel.add(source, row)),
                          column);
      });
      kernel.store(0, kernel.add(kernel.rowOf(0, sample, target), column), sum);
    });
  }

  /// What the sum of a contraction is scaled by to be a mean.
  template <typename Field>
  MeanFactors meanOf(DeviceKernel &kernel, Field field) {
    MeanFactors mean = meanFactors(kernel, plan.lengths.front());
    for (size_t space = 1; space < plan.lengths.size(); ++space) {
      const MeanFactors other = meanFactors(kernel, plan.lengths[space]);
      Value isOther =
          arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::eq,
                                field(FactoredNest::kSpace),
                                kernel.index(static_cast<int64_t>(space)));
      auto select = [&](Value a, Value b) -> Value {
        return arith::SelectOp::create(kernel.b, kernel.loc, isOther, b, a);
      };
      mean = {select(mean.term, other.term), select(mean.sum, other.sum)};
    }
    return mean;
  }

  /// The sum along a diagonal; at(row) is the place of an entry.
  template <typename Field>
  Value sumAlong(DeviceKernel &kernel, Field field, int64_t width,
                 function_ref<Value(Value)> at) {
    const MeanFactors mean = plan.mean ? meanOf(kernel, field) : MeanFactors();
    auto add = [&](Value sum, Value row, int64_t offset) -> Value {
      Value entry = kernel.load(0, at(kernel.add(row, field(offset))), width);
      const bool negative = offset == FactoredNest::kMinus;
      if (plan.mean)
        return kernel.fma(
            negative ? arith::NegFOp::create(kernel.b, kernel.loc, mean.term)
                     : mean.term,
            entry, sum);
      return negative ? kernel.minus(sum, entry) : kernel.plus(sum, entry);
    };
    auto sumOf = [&](int64_t extent, int64_t offset) {
      return blockedSum(
                 kernel, kernel.index(0), field(extent),
                 kernel.spec.dynamicN() ? 0 : plan.values.at(kernel.spec.n), 1,
                 {kernel.real(0, width)},
                 [&](Value j, Values partial) {
                   Value row = kernel.mul(j, field(FactoredNest::kStride));
                   return Values{add(partial[0], row, offset)};
                 })
          .front();
    };
    Value sum = sumOf(FactoredNest::kExtent, FactoredNest::kPlus);
    if (plan.subtracts)
      sum = kernel.plus(
          sum, sumOf(FactoredNest::kMinusExtent, FactoredNest::kMinus));
    return plan.mean ? kernel.times(mean.sum, sum) : sum;
  }

  /// A thread has all rows that differ in the free vertices alone.
  void emitLeviCivita() {
    DeviceKernel kernel(program, "levicivita", {planar}, {Formula(0)});
    const int64_t width = program.width(planar.channels);
    std::optional<DeviceTable> table;
    auto get = [&](int64_t f) {
      return table->get(kernel, kernel.number(0), f);
    };
    Value kept;
    kernel.atTop([&] {
      table.emplace(kernel, nest.diagrams);
      kept = get(FactoredNest::kLeviCivitaKept);
    });
    kernel.overItems(
        {kernel.samples(), {1, kept}, kernel.extent(planar.channels / width)},
        [&](ArrayRef<Value> point) {
          const DeviceTable terms(kernel, nest.leviCivita);
          Value column = kernel.mul(point[2], kernel.index(width));
          auto rowOf = [&](Value base, Value i) {
            Value row =
                kernel.add(kernel.add(base, point[1]), kernel.mul(kept, i));
            return kernel.add(kernel.rowOf(0, point[0], row), column);
          };
          Value target = get(FactoredNest::kLeviCivitaTarget),
                source = get(FactoredNest::kLeviCivitaSource);
          kernel.loop(kernel.index(0),
                      kernel.quotient(get(FactoredNest::kZeroRows), kept), 1,
                      {}, [&](Value i, Values) {
                        kernel.store(0, rowOf(target, i),
                                     kernel.real(0, width));
                        return Values();
                      });
          kernel.loop(
              get(FactoredNest::kFirstLeviCivita),
              get(FactoredNest::kEndLeviCivita), 1, {},
              [&](Value term, Values) {
                auto field = [&](int64_t f) {
                  return terms.get(kernel, term, f);
                };
                Value to = rowOf(target, field(FactoredNest::kToRow));
                Value old = kernel.load(0, to, width);
                Value entry = kernel.load(
                    0, rowOf(source, field(FactoredNest::kFromRow)), width);
                Value negative =
                    kernel.isLess(field(FactoredNest::kSign), kernel.index(0));
                kernel.store(0, to,
                             arith::SelectOp::create(kernel.b, kernel.loc,
                                                     negative,
                                                     kernel.minus(old, entry),
                                                     kernel.plus(old, entry)));
                return Values();
              });
        });
  }

  /// The diagonals of through blocks of several inputs.
  void emitDiagonal() {
    DeviceKernel kernel(program, "diagonal", {planar}, {Formula(0)});
    const int64_t width = program.width(planar.channels);
    std::optional<DeviceTable> table;
    auto get = [&](int64_t f) {
      return table->get(kernel, kernel.number(0), f);
    };
    std::vector<Extent> extents{kernel.samples()};
    kernel.atTop([&] {
      table.emplace(kernel, nest.diagrams);
      for (int64_t a = 0; a < nest.axes; ++a)
        extents.push_back({1, get(nest.diagonalExtent(a))});
    });
    extents.push_back(kernel.extent(planar.channels / width));
    kernel.overItems(extents, [&](ArrayRef<Value> point) {
      Value source = get(FactoredNest::kDiagonalSource),
            position = kernel.index(0);
      for (int64_t a = 0; a < nest.axes; ++a) {
        Value i = point[1 + a];
        source = kernel.add(source, kernel.mul(i, get(nest.diagonalStride(a))));
        position = kernel.add(kernel.mul(position, extents[1 + a].device), i);
      }
      Value target = kernel.add(get(FactoredNest::kDiagonalTarget), position);
      Value column = kernel.mul(point.back(), kernel.index(width));
      auto at = [&](Value row) {
        return kernel.add(kernel.rowOf(0, point[0], row), column);
      };
      kernel.store(0, at(target), kernel.load(0, at(source), width));
    });
  }

  /// mixed[row] = planar[source + row] * the diagram's matrix.
  void emitMixing() {
    const int64_t cIn = program.spec.cIn, cOut = program.spec.cOut;
    Table list(1);
    for (int64_t matrix : matrices)
      list.addRow({Poly(matrix)});
    DeviceKernel kernel(program, "mix", {planar, weights, mixed}, {Formula(0)});
    const int64_t depth = program.width(cIn);
    const ChannelTile tile(program, cOut, 4);
    Value source, rows, weight;
    kernel.atTop([&] {
      const DeviceTable diagrams(kernel, nest.diagrams), numbers(kernel, list);
      Value d = kernel.number(0);
      source = diagrams.get(kernel, d, FactoredNest::kMixSource);
      rows = diagrams.get(kernel, d, FactoredNest::kMixRows);
      weight = kernel.mul(numbers.get(kernel, d, 0), kernel.index(cIn * cOut));
    });
    kernel.overItems(
        {kernel.samples(), kernel.tiles({1, rows}, kMixedRows),
         kernel.extent(tile.tiles())},
        [&](ArrayRef<Value> point) {
          SmallVector<Value> row, exists, inputs, columns, columnExists;
          Value first = kernel.mul(point[1], kernel.index(kMixedRows));
          Value last = kernel.sub(rows, kernel.index(1));
          for (int64_t r = 0; r < kMixedRows; ++r) {
            Value number = kernel.add(first, kernel.index(r));
            exists.push_back(kernel.isLess(number, rows));
            row.push_back(kernel.min(number, last));
            inputs.push_back(
                kernel.rowOf(0, point[0], kernel.add(source, row.back())));
          }
          tile.find(kernel, point[2], columns, columnExists);
          const Values zeros(kMixedRows * tile.vectors,
                             kernel.real(0, tile.width));
          const Values sums = blockedSum(
              kernel, kernel.index(0), kernel.index(cIn / depth), cIn / depth,
              depth, zeros, [&](Value i, Values partial) {
                Value channel = kernel.mul(i, kernel.index(depth));
                SmallVector<Value> x;
                for (Value input : inputs)
                  x.push_back(
                      kernel.load(0, kernel.add(input, channel), depth));
                for (int64_t d = 0; d < depth; ++d)
                  for (int64_t v = 0; v < tile.vectors; ++v) {
                    Value matrixRow = kernel.add(
                        weight, kernel.mul(kernel.add(channel, kernel.index(d)),
                                           kernel.index(cOut)));
                    Value factor = kernel.load(
                        1, kernel.add(matrixRow, columns[v]), tile.width);
                    for (int64_t r = 0; r < kMixedRows; ++r) {
                      Value &sum = partial[r * tile.vectors + v];
                      sum = kernel.fma(kernel.element(x[r], d), factor, sum);
                    }
                  }
                return partial;
              });
          for (int64_t r = 0; r < kMixedRows; ++r)
            for (int64_t v = 0; v < tile.vectors; ++v) {
              auto write = [&] {
                kernel.store(
                    2,
                    kernel.add(kernel.rowOf(2, point[0], row[r]), columns[v]),
                    sums[r * tile.vectors + v]);
              };
              kernel.when(exists[r], [&] {
                if (columnExists[v])
                  kernel.when(columnExists[v], write);
                else
                  write();
              });
            }
        });
  }

  Program &program;
  const LayerArrays &arrays;
  const DeviceArray &weights;
  ArrayRef<int64_t> matrices;
  const FactoredPlan &plan;
  const FactoredNest nest;
  const DeviceArray planar, mixed;
  std::optional<Launch> permute, contract, leviCivita, diagonal, mix;
  std::vector<Launch> walks;
  int64_t nextContraction = 0;
};

} // namespace

void device::emitFactored(Program &program, const LayerArrays &arrays,
                          const DeviceArray &weights,
                          ArrayRef<int64_t> matrices,
                          const FactoredPlan &plan) {
  FactoredEmitter(program, arrays, weights, matrices, plan).emit();
}
