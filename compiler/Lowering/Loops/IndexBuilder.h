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
  /// The polynomial at the kernel's n.
  mlir::Value poly(const Poly &poly);
  /// The kernel's n, where it is not fixed.
  mlir::Value n() const { return size; }

  mlir::OpBuilder &b;
  const mlir::Location loc;
  const LayerSpec &spec;

protected:
  mlir::Value size; ///< null while only constants are needed
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
