//===- TermTables.h - Sums of multiples of matrices -------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_TERMTABLES_H
#define EQC_LOWERING_CPU_TERMTABLES_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Plan/PackedTerm.h"

#include <optional>

namespace eqc {

/// Matrices that follow each other in an array.
struct MatrixRows {
  int64_t each = 1;  ///< rows of one
  int64_t first = 0; ///< row of the first
};

/// Sums of matrices, as tables: sum p has entries [first, last) of places and
/// factors. So weights are packed, and gradients of packed weights unpacked.
class TermTables {
public:
  TermTables(KernelBuilder &kernel, llvm::ArrayRef<PackedTerm> terms,
             const MatrixRows &matrices);

  /// Columns of row `row` of sum `term` of matrices in `source`.
  mlir::Value emitRow(mlir::Value source, mlir::Value term, mlir::Value row,
                      mlir::Value column, int64_t width, int64_t valid);

private:
  KernelBuilder &kernel;
  std::optional<IndexTable> ranges, places;
  mlir::Value factors;
  bool plain = true; ///< every sum is one matrix
  int64_t most = 0;  ///< matrices of a sum
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_TERMTABLES_H
