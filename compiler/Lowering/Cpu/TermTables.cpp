//===- TermTables.cpp - Sums of multiples of matrices ---------------------===//

#include "compiler/Lowering/Cpu/TermTables.h"
#include "compiler/Lowering/Cpu/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

TermTables::TermTables(KernelBuilder &kernel, ArrayRef<PackedTerm> terms,
                       const MatrixRows &matrices)
    : kernel(kernel) {
  Table rangeRows(2), placeRows(1);
  std::vector<double> values;
  for (const PackedTerm &term : terms) {
    const int64_t first = placeRows.size();
    for (const WeightedDiagram &weight : term) {
      placeRows.addRow({Poly(matrices.first + weight.diagram * matrices.each)});
      values.push_back(weight.factor);
      plain &= weight.factor == 1;
    }
    plain &= term.size() == 1;
    most = std::max(most, static_cast<int64_t>(term.size()));
    rangeRows.addRow({Poly(first), Poly(placeRows.size())});
  }
  ranges.emplace(kernel, rangeRows);
  places.emplace(kernel, placeRows);
  if (!plain && !values.empty())
    factors = kernel.constants(values);
}

Value TermTables::emitRow(Value source, Value term, Value row, Value column,
                          int64_t width, int64_t valid) {
  auto read = [&](Value entry) {
    return kernel.readRow(source,
                          {kernel.add(places->get(kernel, entry, 0), row)},
                          column, width, valid);
  };
  if (plain)
    return read(term);
  Value sum = kernel.zeroVector(kernel.vectorType(width));
  if (!factors)
    return sum;
  return emitNestedSums(kernel, ranges->get(kernel, term, 0),
                        ranges->get(kernel, term, 1), most, 1, {sum},
                        [&](Value entry, Values partial) {
                          Value product = arith::MulFOp::create(
                              kernel.b, kernel.loc, read(entry),
                              kernel.broadcastOf(factors, entry, width));
                          Value &sum = partial.front();
                          sum = arith::AddFOp::create(kernel.b, kernel.loc, sum,
                                                      product);
                          return partial;
                        })
      .front();
}
