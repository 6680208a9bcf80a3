//===- FactoredStages.h - The factored plan that operations say -*- C++ -*-===//

#ifndef EQC_CONVERSION_STAGES_FACTOREDSTAGES_H
#define EQC_CONVERSION_STAGES_FACTOREDSTAGES_H

#include "compiler/Algebra/Factored.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace eqc {

/// The stages of the factored plan; each takes what the one before makes.
struct FactoredStages {
  ir::ToPlanarOp toPlanar;
  llvm::SmallVector<ir::ContractOp> contractions; ///< in order
  ir::MixEachOp mix;
  ir::ExpandOp expand;
  ir::FromPlanarOp fromPlanar;
  ir::AddBiasOp addBias; ///< null without a bias

  /// Whether sums over a block are divided by n.
  Normalize normalize() const;
};

/// The stages that `output` is made by. Says on the operation concerned where
/// there are others, or they are in another order.
mlir::FailureOr<FactoredStages> findFactoredStages(mlir::func::FuncOp function,
                                                   mlir::Value output);

/// The factored form of each diagram, with the order that its factors are
/// contracted in. Says on the operation concerned why there is none.
mlir::FailureOr<std::vector<FactoredDiagram>>
readFactoredForms(const FactoredStages &stages);

} // namespace eqc

#endif // EQC_CONVERSION_STAGES_FACTOREDSTAGES_H
