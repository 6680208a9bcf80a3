//===- EmitPack.cpp - Weights as the mixes want them ----------------------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Gpu/WeightedSums.h"
#include "compiler/Lowering/Nests/EntryNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>
#include <cstdlib>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// Each is a sum of matrices of `rows` rows of so many elements.
static void emitSums(DeviceKernel &kernel, Program &program,
                     ArrayRef<PackedTerm> terms, int64_t rows, int64_t length) {
  WeightedSums sums;
  for (const PackedTerm &term : terms) {
    SparseVector matrices;
    for (const WeightedDiagram &weighted : term)
      matrices.emplace_back(weighted.diagram, weighted.factor);
    sums.add(matrices);
  }
  const int64_t matrix = rows * length;
  const int64_t width = program.width(length);
  kernel.overItems(
      {kernel.extent(sums.size()), kernel.extent(matrix / width)},
      [&](ArrayRef<Value> point) {
        Value at = kernel.mul(point[1], kernel.index(width));
        Value sum = sums.emit(kernel, point[0], width, [&](Value diagram) {
          return kernel.add(kernel.mul(diagram, kernel.index(matrix)), at);
        });
        kernel.store(
            1, kernel.add(kernel.mul(point[0], kernel.index(matrix)), at), sum);
      });
}

void device::emitPack(Program &program, ArrayRef<PackedTerm> packed,
                      const DeviceArray &weight, const DeviceArray &target) {
  DeviceKernel kernel(program, "pack", {weight, target});
  emitSums(kernel, program, packed, program.spec.cIn, target.channels);
}

void device::emitUnpack(Program &program, ArrayRef<PackedTerm> terms,
                        int64_t rows, const DeviceArray &sums,
                        const DeviceArray &target, const Formula &condition) {
  DeviceKernel kernel(program, "unpack", {sums, target});
  emitSums(kernel, program, terms, rows, program.spec.cOut);
  kernel.launchWhere(condition);
}

void device::emitFlip(Program &program, ArrayRef<int64_t> factors,
                      const DeviceArray &weight, const DeviceArray &target) {
  const Group group = program.spec.group;
  const auto spaces = static_cast<int64_t>(group.numSpaces());
  Table flips(1 + spaces); // of the exponents there may be less than none
  for (size_t i = 0; i < factors.size(); i += 1 + spaces) {
    std::vector<Poly> row;
    for (int64_t factor : factors.slice(i, 1 + spaces))
      row.emplace_back(factor);
    flips.addRow(std::move(row));
  }
  DeviceKernel kernel(program, "flip", {weight, target});
  const int64_t rows = program.spec.cIn;
  const WeightColumns weights = program.columnsOf(target, program.spec.cOut);
  const int64_t columns = weights.columns, length = weights.length;
  kernel.overItems(
      {kernel.extent(flips.size()), kernel.extent(rows), kernel.extent(length)},
      [&](ArrayRef<Value> point) {
        OpBuilder &b = kernel.b;
        const DeviceTable table(kernel, flips);
        Value column = point[2], exists;
        if (weights.areDealt()) {
          Value vector = kernel.div(column, weights.width);
          column = kernel.add(kernel.mul(kernel.rem(column, weights.width),
                                         kernel.index(weights.vectors())),
                              vector);
          exists = kernel.isLess(column, kernel.index(columns));
          column = kernel.min(column, kernel.index(columns - 1));
        }
        Value from = kernel.add(
            kernel.mul(point[0], kernel.index(rows * columns)),
            kernel.add(kernel.mul(column, kernel.index(rows)), point[1]));
        Value to = kernel.add(
            kernel.mul(point[0], kernel.index(rows * length)),
            kernel.add(kernel.mul(point[1], kernel.index(length)), point[2]));
        Value value = kernel.load(0, from, 1);
        auto repeat = [&](Value times, function_ref<Value(Value)> step) {
          value = kernel
                      .loop(kernel.index(0), times, 1, {value},
                            [&](Value, Values v) { return Values{step(v[0])}; })
                      .front();
        };
        for (int64_t space = 0; space < spaces; ++space) {
          Value divisions = table.get(kernel, point[0], 1 + space);
          Value size =
              group.isProduct()
                  ? kernel.real(static_cast<double>(
                        sizeOf(group, program.spec.n, static_cast<int>(space))))
                  : kernel.realSize();
          repeat(divisions, [&](Value v) -> Value {
            return arith::DivFOp::create(b, kernel.loc, v, size);
          });
          repeat(kernel.sub(kernel.index(0), divisions),
                 [&](Value v) { return kernel.times(v, size); });
        }
        Value negative =
            kernel.isLess(table.get(kernel, point[0], 0), kernel.index(0));
        value = arith::SelectOp::create(
            b, kernel.loc, negative,
            arith::NegFOp::create(b, kernel.loc, value), value);
        if (exists)
          value = arith::SelectOp::create(b, kernel.loc, exists, value,
                                          kernel.real(0));
        kernel.store(1, to, value);
      });
}

namespace {

/// The matrix of the dense plan. Diagrams meet in the same entries, so a thread
/// has all entries of a pair of channels.
class MatrixEmitter {
public:
  MatrixEmitter(Program &program, const DensePlan &plan,
                const std::vector<DenseEntry> &entries, bool isBias,
                const DeviceArray &weight, const DeviceArray &target)
      : plan(plan), isBias(isBias), nest(plan, entries),
        kernel(program, isBias ? "biasrow" : "matrix", {weight, target}) {}

  void emit() {
    const int64_t cIn = isBias ? 1 : kernel.spec.cIn;
    kernel.overItems({kernel.extent(cIn), kernel.extent(kernel.spec.cOut)},
                     [&](ArrayRef<Value> point) { emitPair(point, cIn); });
  }

private:
  void emitPair(ArrayRef<Value> point, int64_t cIn) {
    const DeviceTable diagrams(kernel, nest.diagrams),
        terms(kernel, nest.terms);
    auto each = [&](Value first, Value end, function_ref<void(Value)> body) {
      kernel.loop(first, end, 1, {}, [&](Value i, Values) {
        body(i);
        return Values();
      });
    };
    const int64_t rows = isBias ? 1 : plan.rows;
    Value corner =
        kernel.add(kernel.mul(point[0], kernel.index(plan.inputChannelStep *
                                                     plan.columns)),
                   kernel.mul(point[1], kernel.index(plan.outputChannelStep)));
    clear(corner, rows / cIn, plan.columns / kernel.spec.cOut, each);
    Value scales;
    if (!nest.scales.empty())
      scales = kernel.constantArray(nest.scales);
    each(kernel.index(0), kernel.index(diagrams.size()), [&](Value d) {
      auto get = [&](int64_t field) { return diagrams.get(kernel, d, field); };
      Value number = nest.sharesWeights
                         ? DeviceTable(kernel, nest.weights).get(kernel, d, 0)
                         : d;
      Value at = kernel.add(kernel.mul(number, kernel.index(cIn)), point[0]);
      Value weight = kernel.load(
          0,
          kernel.add(kernel.mul(at, kernel.index(kernel.spec.cOut)), point[1]),
          1);
      if (scales)
        weight = kernel.times(
            kernel.loadConstant(scales, d, kernel.elementType), weight);
      each(get(EntryNest::kFirstTerm), get(EntryNest::kEndTerm),
           [&](Value term) {
             Value entry = corner;
             for (int64_t v = 0; v < nest.signedVertices; ++v)
               entry = kernel.add(
                   entry,
                   kernel.mul(terms.get(kernel, term, EntryNest::kValues + v),
                              step(get(nest.rowOfVertex(v)),
                                   get(nest.columnOfVertex(v)))));
             Value signedWeight = weight;
             if (nest.signedVertices > 0)
               signedWeight = arith::SelectOp::create(
                   kernel.b, kernel.loc,
                   kernel.isLess(terms.get(kernel, term, EntryNest::kSign),
                                 kernel.index(0)),
                   arith::NegFOp::create(kernel.b, kernel.loc, weight), weight);
             addEntries(0, entry, signedWeight, get, each);
           });
    });
  }

  template <typename Each>
  void clear(Value corner, int64_t rows, int64_t columns, Each each) {
    each(kernel.index(0), kernel.index(rows), [&](Value row) {
      each(kernel.index(0), kernel.index(columns), [&](Value column) {
        // Positions of one channel are as far apart as there are channels, or
        // next to each other: the steps of the first letter.
        const int64_t rowStep =
            plan.inputChannelStep == 1 ? plan.rows / rows : 1;
        const int64_t columnStep =
            plan.outputChannelStep == 1 ? plan.columns / columns : 1;
        Value at = kernel.add(
            corner,
            kernel.add(kernel.mul(row, kernel.index(rowStep * plan.columns)),
                       kernel.mul(column, kernel.index(columnStep))));
        kernel.store(1, at, kernel.real(0));
      });
    });
  }

  /// How far an entry is further, for a step of rows and of columns.
  Value step(Value row, Value column) {
    return kernel.add(kernel.mul(row, kernel.index(plan.columns)), column);
  }

  template <typename Get, typename Each>
  void addEntries(int64_t letter, Value at, Value weight, Get get, Each each) {
    if (letter == nest.letters) {
      kernel.store(1, at, kernel.plus(kernel.load(1, at, 1), weight));
      return;
    }
    auto field = [&](EntryNest::LetterField which) {
      return get(nest.letterField(letter, which));
    };
    each(kernel.index(0), field(EntryNest::kExtent), [&](Value i) {
      Value next =
          kernel.add(at, kernel.mul(i, step(field(EntryNest::kRow),
                                            field(EntryNest::kColumn))));
      addEntries(letter + 1, next, weight, get, each);
    });
  }

  const DensePlan &plan;
  bool isBias;
  EntryNest nest;
  DeviceKernel kernel;
};

} // namespace

void device::emitMatrix(Program &program, const DensePlan &plan,
                        const std::vector<DenseEntry> &entries, bool isBias,
                        const DeviceArray &weight, const DeviceArray &target) {
  MatrixEmitter(program, plan, entries, isBias, weight, target).emit();
}
