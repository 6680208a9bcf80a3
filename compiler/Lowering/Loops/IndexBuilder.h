//===- IndexBuilder.h - Index arithmetic of a kernel ------------*- C++ -*-===//
//
// Indices, polynomials in n and constant tables of them: what kernels of every
// target compute addresses with.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_LOOPS_INDEXBUILDER_H
#define EQC_LOWERING_LOOPS_INDEXBUILDER_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/Table.h"

#include "mlir/IR/Builders.h"

namespace eqc {

class IndexBuilder {
public:
  IndexBuilder(mlir::OpBuilder &builder, mlir::Location loc,
               const LayerSpec &spec)
      : b(builder), loc(loc), spec(spec) {}

  // Folded where possible.
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, int64_t y); ///< neither is negative
  mlir::Value rem(mlir::Value x, int64_t y); ///< neither is negative
  /// The polynomial at the sizes that the kernel is called with.
  mlir::Value poly(const Poly &poly);
  size_t numSizes() const { return sizes.size(); }
  /// The monomial at these sizes.
  mlir::Value monomial(const Monomial &monomial);

  mlir::OpBuilder &b;
  const mlir::Location loc;
  const LayerSpec &spec;

protected:
  /// Takes the sizes of a kernel from its first argument: that is n, or the
  /// address of the sizes where there are several.
  void openSizes(mlir::Value n);

  /// The only size; null where there is none.
  void setSize(mlir::Value n) {
    sizes.clear();
    if (n)
      sizes.push_back(n);
  }

  /// Those given at run time; empty while only constants are needed.
  llvm::SmallVector<mlir::Value> sizes;
};

/// A table of a nest inside a kernel: a constant if n is fixed, else evaluated
/// once per call of the kernel.
class IndexTable {
public:
  IndexTable(IndexBuilder &kernel, const Table &table);
  int64_t size() const { return rows; }
  /// Entry (row, field). Folds to a constant where both are.
  mlir::Value get(IndexBuilder &kernel, mlir::Value row, int64_t field) const;

private:
  int64_t rows;
  mlir::Value tensor;
};

} // namespace eqc

#endif // EQC_LOWERING_LOOPS_INDEXBUILDER_H
