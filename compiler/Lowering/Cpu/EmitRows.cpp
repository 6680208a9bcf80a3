//===- EmitRows.cpp - Sparse changes of basis in registers ----------------===//
//
// target[r] = sum of coefficient * source[row]. One piece of code for each
// pattern that sources and targets meet in, with the sources in registers; rows
// and coefficients come from tables. Patterns too large for that are sums that
// loop over their terms.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitRows.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Nests/RowsNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

class RowEmitter {
public:
  RowEmitter(KernelBuilder &kernel, const KernelArray &source,
             KernelArray &target)
      : kernel(kernel), source(source), target(target) {}

  void emit(const ComponentSchedule &component) {
    if (component.inLine)
      emitInLine(RowsNest(component.shape), component.vectors);
    else
      emitLoops(RowSumsNest(component.shape), component.vectors);
  }

private:
  Value readSource(Value sample, Value row, Value column, int64_t width,
                   int64_t valid) {
    return kernel.readRow(source.tensor, {kernel.sampleOf(source, sample), row},
                          column, width, source.present(width, valid));
  }
  void writeTarget(Value vector, Value sample, Value row, Value column,
                   int64_t valid) {
    const int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
    target.tensor = kernel.writeRow(vector, target.tensor,
                                    {kernel.sampleOf(target, sample), row},
                                    column, target.present(width, valid));
  }

  /// sum + coefficient * row; without a sum, the product.
  Value multiplyAdd(Value coefficient, Value row, Value sum) {
    if (!sum)
      return arith::MulFOp::create(kernel.b, kernel.loc, coefficient, row);
    return vector::FMAOp::create(kernel.b, kernel.loc, coefficient, row, sum);
  }

  /// Components of one pattern: a loop over them around its terms.
  void emitInLine(const RowsNest &nest, int64_t vectors) {
    const IndexTable rows(kernel, nest.components);
    Value coefficients;
    if (nest.numTerms > 0)
      coefficients = kernel.constants(nest.coefficients);
    kernel.forRange(target, kernel.count(), [&](Value sample) {
      kernel.forShare(target, kernel.index(rows.size()), [&](Value component) {
        Value firstTerm =
            nest.alike ? kernel.index(0)
                       : kernel.mul(component, kernel.index(nest.numTerms));
        kernel.forColumnChunks(
            target, target.channels, vectors,
            [&](Value column, int64_t width, int64_t valid) {
              SmallVector<Value> sources;
              for (int64_t s = 0; s < nest.numSources; ++s)
                sources.push_back(readSource(sample,
                                             rows.get(kernel, component, s),
                                             column, width, valid));
              int64_t term = 0;
              for (int64_t t = 0; t < nest.numTargets; ++t) {
                Value sum;
                for (int s : nest.pattern[t])
                  sum = multiplyAdd(
                      kernel.broadcastOf(
                          coefficients,
                          kernel.add(firstTerm, kernel.index(term++)), width),
                      sources[s], sum);
                if (!sum)
                  sum = kernel.zeroVector(kernel.vectorType(width));
                writeTarget(sum, sample,
                            rows.get(kernel, component, nest.numSources + t),
                            column, valid);
              }
            });
      });
    });
  }

  /// Large components: every target is a sum over a range of a table.
  void emitLoops(const RowSumsNest &nest, int64_t vectors) {
    const IndexTable targets(kernel, nest.targets), terms(kernel, nest.terms);
    Value coefficients = kernel.constants(nest.coefficients);
    kernel.forShare(target, kernel.index(targets.size()), [&](Value t) {
      kernel.forColumnChunks(
          target, target.channels, vectors,
          [&](Value column, int64_t width, int64_t valid) {
            kernel.forRange(target, kernel.count(), [&](Value sample) {
              Value sum =
                  emitNestedSums(
                      kernel, targets.get(kernel, t, RowSumsNest::kFirstTerm),
                      targets.get(kernel, t, RowSumsNest::kEndTerm), nest.most,
                      1, {kernel.zeroVector(kernel.vectorType(width))},
                      [&](Value term, Values partial) {
                        return Values{multiplyAdd(
                            kernel.broadcastOf(coefficients, term, width),
                            readSource(sample, terms.get(kernel, term, 0),
                                       column, width, valid),
                            partial.front())};
                      })
                      .front();
              writeTarget(sum, sample,
                          targets.get(kernel, t, RowSumsNest::kRow), column,
                          valid);
            });
          });
    });
  }

  KernelBuilder &kernel;
  const KernelArray &source;
  KernelArray &target;
};

} // namespace

void eqc::emitRows(KernelBuilder &kernel, const RowsSchedule &schedule,
                   const KernelArray &source, KernelArray &target) {
  RowEmitter emitter(kernel, source, target);
  for (const ComponentSchedule &component : schedule)
    emitter.emit(component);
}
