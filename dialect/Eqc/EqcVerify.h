//===- EqcVerify.h - Checks that several operations share -------*- C++ -*-===//
//
// Each check emits an error on the operation, in the words of the language.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCVERIFY_H
#define EQC_DIALECT_EQCVERIFY_H

#include "dialect/Eqc/EqcAttrs.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace eqc::ir {

/// `n` is positive or dynamic (-1); even for Sp, not dynamic for SO.
mlir::LogicalResult verifySize(mlir::Operation *op, Group group, int64_t n);

/// `diagram`, called `what` in messages, is one of the group's.
mlir::LogicalResult verifyOfGroup(mlir::Operation *op, llvm::StringRef what,
                                  const Diagram &diagram, Group group,
                                  int64_t n);

/// The vertices of a pattern say of which spaces they are, just where the group
/// is a product, and no block has vertices of two.
mlir::LogicalResult verifyOfGroup(mlir::Operation *op,
                                  const RowPattern &pattern, Group group);
mlir::LogicalResult verifyOfGroup(mlir::Operation *op, mlir::ArrayAttr patterns,
                                  Group group);

/// All diagrams are different ones of the group's, from order `k` to `l`, and
/// join axes of the same spaces.
mlir::LogicalResult verifyDiagrams(mlir::Operation *op, llvm::StringRef what,
                                   mlir::ArrayAttr diagrams, Group group,
                                   int64_t n, int64_t l, int64_t k);

/// The tensor called `name` has rank `rank`; `why` says what for.
mlir::LogicalResult verifyRank(mlir::Operation *op, llvm::StringRef name,
                               mlir::RankedTensorType type, int64_t rank,
                               llvm::StringRef why);

/// `count` axes of the tensor called `name`, from `first` on, have extent `n`,
/// or those of `spaces` where the group is a product; dynamic for -1.
mlir::LogicalResult verifyNAxes(mlir::Operation *op, llvm::StringRef name,
                                mlir::RankedTensorType type, int64_t first,
                                int64_t count, Group group, int64_t n,
                                llvm::ArrayRef<int> spaces);

/// The type of a tensor.
mlir::RankedTensorType typeOf(mlir::Value value);

/// The tensor called `name` is [batch, rows, channels] with these extents; too
/// many rows are nothing.
mlir::LogicalResult verifyRows(mlir::Operation *op, llvm::StringRef name,
                               mlir::RankedTensorType type, int64_t batch,
                               std::optional<int64_t> rows, int64_t channels,
                               mlir::Type element);

/// The sums called `name` are of rows or weights, `what`, that are among
/// `count`, none of them twice in one sum.
mlir::LogicalResult verifySums(mlir::Operation *op, llvm::StringRef name,
                               llvm::StringRef what, SumsAttr sums,
                               int64_t count);

/// An extent in the language's words: a number, or `?`.
std::string formatExtent(int64_t extent);

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCVERIFY_H
