//===- WriteReads.h - The reads of a plan as operations ---------*- C++ -*-===//

#ifndef EQC_TRANSFORMS_WRITEREADS_H
#define EQC_TRANSFORMS_WRITEREADS_H

#include "compiler/Plan/Shared/SharedPlan.h"
#include "dialect/Eqc/EqcOps.h"

#include <map>

namespace eqc {

/// Which of some operations holds a pattern.
class PatternHolders {
public:
  void add(mlir::Value value, llvm::ArrayRef<RowPattern> patterns);
  /// Those that hold a pattern of `used`, each once, in their order.
  llvm::SmallVector<mlir::Value> of(llvm::ArrayRef<RowPattern> used) const;
  /// The newest, which another operation may take the place of.
  mlir::Value &back() { return values.back(); }

private:
  llvm::SmallVector<mlir::Value> values;
  std::map<RowPattern, size_t> place; ///< in values
};

/// Writes the stages of a plan that read input patterns, one `eqc.read` each,
/// and knows which of them holds a pattern.
class ReadWriter {
public:
  /// `x` are the rows of the layer's input.
  ReadWriter(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
             ir::GroupAttr group, mlir::IntegerAttr n,
             ir::NormalizeAttr normalize, ir::PoolAttr pool)
      : b(b), loc(loc), x(x), group(group), n(n), normalize(normalize),
        pool(pool) {}

  void write(const SharedPlan &plan, const ReadStage &stage);
  /// The operations that hold a pattern of `used`.
  llvm::SmallVector<mlir::Value>
  holders(llvm::ArrayRef<RowPattern> used) const {
    return reads.of(used);
  }

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value x;
  ir::GroupAttr group;
  mlir::IntegerAttr n;
  ir::NormalizeAttr normalize;
  ir::PoolAttr pool;
  PatternHolders reads;
};

} // namespace eqc

#endif // EQC_TRANSFORMS_WRITEREADS_H
