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

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// More terms than this are not written out.
constexpr int64_t maxTermsInLine = 512;

class RowEmitter {
public:
  RowEmitter(KernelBuilder &kernel, const RowTransform &transform,
             const KernelArray &source, KernelArray &target)
      : kernel(kernel), transform(transform), source(source), target(target) {}

  void emit() {
    for (const RowComponentClass &shape : classifyComponents(transform)) {
      int64_t terms = 0;
      for (const std::vector<int> &row : shape.pattern)
        terms += static_cast<int64_t>(row.size());
      if (terms <= maxTermsInLine)
        emitInLine(shape, terms);
      else
        emitLoops(shape);
    }
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
  void emitInLine(const RowComponentClass &shape, int64_t terms) {
    const auto numTargets = static_cast<int64_t>(shape.pattern.size());
    IndexTable rows(shape.numSources + numTargets);
    std::vector<double> values;
    const std::vector<double> &first = shape.components.front().coefficients;
    const bool alike =
        llvm::all_of(shape.components, [&](const RowComponent &component) {
          return component.coefficients == first;
        });
    for (const RowComponent &component : shape.components) {
      std::vector<Poly> row(component.sources.begin(), component.sources.end());
      row.insert(row.end(), component.targets.begin(), component.targets.end());
      rows.addRow(std::move(row));
      if (!alike || values.empty())
        values.insert(values.end(), component.coefficients.begin(),
                      component.coefficients.end());
    }
    rows.materialize(kernel);
    Value coefficients;
    if (terms > 0)
      coefficients = kernel.constants(values);
    // Two vectors of every source if they fit beside a sum and a coefficient.
    const int64_t vectors =
        2 * shape.numSources + 4 <= kernel.machine.registers ? 2 : 1;
    kernel.forRange(target, kernel.count(), [&](Value sample) {
      kernel.forShare(
          target, kernel.index(shape.components.size()), [&](Value component) {
            Value firstTerm = alike
                                  ? kernel.index(0)
                                  : kernel.mul(component, kernel.index(terms));
            kernel.forColumnChunks(
                target, target.channels, vectors,
                [&](Value column, int64_t width, int64_t valid) {
                  SmallVector<Value> sources;
                  for (int64_t s = 0; s < shape.numSources; ++s)
                    sources.push_back(readSource(sample,
                                                 rows.get(kernel, component, s),
                                                 column, width, valid));
                  int64_t term = 0;
                  for (int64_t t = 0; t < numTargets; ++t) {
                    Value sum;
                    for (int s : shape.pattern[t])
                      sum = multiplyAdd(
                          kernel.broadcastOf(
                              coefficients,
                              kernel.add(firstTerm, kernel.index(term++)),
                              width),
                          sources[s], sum);
                    if (!sum)
                      sum = kernel.zeroVector(kernel.vectorType(width));
                    writeTarget(
                        sum, sample,
                        rows.get(kernel, component, shape.numSources + t),
                        column, valid);
                  }
                });
          });
    });
  }

  /// Large components: every target is a sum over a range of a table.
  void emitLoops(const RowComponentClass &shape) {
    IndexTable targets(3); // row, first term, past the last
    IndexTable terms(1);   // row
    std::vector<double> values;
    for (const RowComponent &component : shape.components) {
      values.insert(values.end(), component.coefficients.begin(),
                    component.coefficients.end());
      for (size_t t = 0; t < shape.pattern.size(); ++t) {
        const int64_t first = terms.size();
        for (int s : shape.pattern[t])
          terms.addRow({Poly(component.sources[s])});
        targets.addRow(
            {Poly(component.targets[t]), Poly(first), Poly(terms.size())});
      }
    }
    targets.materialize(kernel);
    terms.materialize(kernel);
    Value coefficients = kernel.constants(values);
    // Four vectors hide the latency of their sums.
    kernel.forShare(target, kernel.index(targets.size()), [&](Value t) {
      kernel.forColumnChunks(
          target, target.channels, 4,
          [&](Value column, int64_t width, int64_t valid) {
            kernel.forRange(target, kernel.count(), [&](Value sample) {
              Value sum =
                  emitNestedSums(
                      kernel, targets.get(kernel, t, 1),
                      targets.get(kernel, t, 2), shape.numSources, 1,
                      {kernel.zeroVector(kernel.vectorType(width))},
                      [&](Value term, Values partial) {
                        return Values{multiplyAdd(
                            kernel.broadcastOf(coefficients, term, width),
                            readSource(sample, terms.get(kernel, term, 0),
                                       column, width, valid),
                            partial.front())};
                      })
                      .front();
              writeTarget(sum, sample, targets.get(kernel, t, 0), column,
                          valid);
            });
          });
    });
  }

  KernelBuilder &kernel;
  const RowTransform &transform;
  const KernelArray &source;
  KernelArray &target;
};

} // namespace

void eqc::emitRows(KernelBuilder &kernel, const RowTransform &transform,
                   const KernelArray &source, KernelArray &target) {
  RowEmitter(kernel, transform, source, target).emit();
}
