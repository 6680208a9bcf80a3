//===- GraphBuilder.h - Sums of products over index spaces ------*- C++ -*-===//
//
// The one form of operation that a layer's graph is made of: a linalg.generic
// that adds a product of tensors, where some indices agree, to a tensor.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_GRAPHBUILDER_H
#define EQC_CONVERSION_GRAPHBUILDER_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/RowTransform.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace eqc {

/// A tensor with the dimension of the index space that each axis runs along. A
/// dimension that stands twice is a diagonal.
struct IndexedTensor {
  mlir::Value value;
  llvm::SmallVector<unsigned> dims;
};

/// What a product is multiplied by at each point of the index space: 0 unless
/// the dimensions of every group of `equal` agree; the entry of the group's
/// form for each pair of `forms`; the Levi-Civita symbol of each list of
/// `symbols`; -1 for each index in `lowered` that is `firstMinus` or more, and
/// for each in `alternating` that is odd; 0 unless `orbits` has the number
/// `orbit` at the indices of `tuple`; a number.
struct IndexCoefficient {
  llvm::SmallVector<llvm::SmallVector<unsigned>> equal;
  llvm::SmallVector<std::pair<unsigned, unsigned>> forms;
  llvm::SmallVector<llvm::SmallVector<unsigned>> symbols;
  llvm::SmallVector<unsigned> lowered, alternating;
  int64_t firstMinus = 0;
  llvm::SmallVector<unsigned> tuple;
  mlir::Value orbits; ///< of all tuples; null: none are asked for
  int64_t orbit = 0;
  /// Of a graph map: where its matrix, which is a factor for each edge too, has
  /// no entry.
  llvm::SmallVector<std::pair<unsigned, unsigned>> edges;
  mlir::Value adjacency;
  mlir::Value scale; ///< null: 1
};

class GraphBuilder {
public:
  /// `n` is null for a fixed one; `batch` is the number of samples, dynamic.
  GraphBuilder(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element,
               int64_t fixedN, mlir::Value n, mlir::Value batch)
      : b(b), loc(loc), element(element), fixedN(fixedN), n(n), batch(batch) {}

  /// `into` plus the sum of the products of `factors`. Dimensions that `into`
  /// lacks are summed over. Batch, n and channels of one dimension agree.
  mlir::Value addProduct(IndexedTensor into,
                         llvm::ArrayRef<IndexedTensor> factors,
                         const IndexCoefficient &coefficient = {});

  /// A tensor of zeros; kBatch and kAxis stand for the batch and n.
  static constexpr int64_t kBatch = -1, kAxis = -2;
  mlir::Value zeros(llvm::ArrayRef<int64_t> shape);

  /// Element `index` of the first axis.
  mlir::Value slice(mlir::Value tensor, int64_t index);
  /// `count` elements of axis `axis` from `first` on.
  mlir::Value rows(mlir::Value tensor, unsigned axis, int64_t first,
                   int64_t count);

  /// `tensor` with these elements of axis `axis` from `first` on.
  mlir::Value replaceRows(mlir::Value tensor, mlir::Value elements,
                          unsigned axis, int64_t first);

  /// A constant matrix, row-major.
  mlir::Value constant(llvm::ArrayRef<double> values, int64_t rows,
                       int64_t columns);
  /// These rows, of so many columns, as a constant matrix.
  mlir::Value matrix(llvm::ArrayRef<SparseVector> rows, int64_t columns);
  /// The sums of rows of a matrix that these are: the matrix of them times it.
  mlir::Value sumsOfRows(llvm::ArrayRef<SparseVector> sums, mlir::Value value);

  /// 1 / n^power, or null for power 0; powers may be negative.
  mlir::Value inverseOfN(int power);
  mlir::Value number(double value);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type element;

private:
  mlir::Value coefficientTimes(mlir::OpBuilder &body, mlir::Value product,
                               const IndexCoefficient &coefficient);

  int64_t fixedN;
  mlir::Value n, batch;
};

} // namespace eqc

#endif // EQC_CONVERSION_GRAPHBUILDER_H
