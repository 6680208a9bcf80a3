//===- EqcStages.h - What stages hold and refer to --------------*- C++ -*-===//
//
// Stages name what they use by its pattern; these functions find the stage that
// holds it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCSTAGES_H
#define EQC_DIALECT_EQCSTAGES_H

#include "dialect/Eqc/EqcOps.h"

#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace eqc::ir {

/// The stage that first wrote the rows of output patterns behind `value`, seen
/// through every `eqc.write` into them; null if there is none.
MixOp getMixOf(mlir::Value value);

/// The input patterns that the results of `eqc.read` among `values` hold.
llvm::DenseSet<mlir::Attribute> getReadPatterns(mlir::ValueRange values);

/// The output patterns that `values` hold.
llvm::DenseSet<mlir::Attribute> getNodePatterns(mlir::ValueRange values);

/// Rows that the patterns take, or that an order takes; dynamic with n, nothing
/// past 2^63 - 1.
std::optional<int64_t> getRows(llvm::ArrayRef<RowPattern> patterns, int64_t n);
std::optional<int64_t> getRowsOfOrder(int64_t order, int64_t n);
/// The rows of several orders, one after the other.
std::optional<int64_t> getRowsOfOrders(llvm::ArrayRef<int64_t> orders,
                                       int64_t n);

/// Whether vertices that `finer` joins `coarser` joins too, and blocks that
/// `finer` drops `coarser` drops too; `finer` has no free vertices.
bool distinguishes(const RowPattern &finer, const RowPattern &coarser);

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCSTAGES_H
