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

/// Rows that the patterns take, or that n-axes take; dynamic with n, nothing
/// past 2^63 - 1.
std::optional<int64_t> getRows(llvm::ArrayRef<RowPattern> patterns, Group group,
                               int64_t n);
/// Of `order` axes, which are of these spaces where the group is a product.
std::optional<int64_t> getRowsOfOrder(int64_t order, Group group, int64_t n,
                                      llvm::ArrayRef<int> spaces = {});
/// The rows of several tensors, one after the other. Each has an axis for each
/// of its spaces; all of one where the group is no product.
std::optional<int64_t>
getRowsOfTensors(llvm::ArrayRef<std::vector<int>> tensors, Group group,
                 int64_t n);

/// Whether vertices that `finer` joins `coarser` joins too, and blocks that
/// `finer` drops `coarser` drops too; `finer` has no free vertices.
bool distinguishes(const RowPattern &finer, const RowPattern &coarser);

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCSTAGES_H
