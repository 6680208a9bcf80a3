//===- ImportEqc.h - Checked layers to the eqc dialect ----------*- C++ -*-===//

#ifndef EQC_PIPELINES_IMPORTEQC_H
#define EQC_PIPELINES_IMPORTEQC_H

#include "compiler/Algebra/NetworkSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace eqc {

/// Writes `layer` as `func.func @NAME(%x, %weight[, %bias]) -> y` around one
/// `eqc.linear`, everything located where the source names the layer. A `batch`
/// of the source stays with the function as `eqc.batch`.
mlir::func::FuncOp importLayer(mlir::OpBuilder &builder,
                               const LayerSpec &layer);

/// Writes `network` as an `eqc.network`, beside its layers; `source` is its
/// text.
void importNetwork(mlir::OpBuilder &builder, const NetworkSpec &network,
                   llvm::StringRef source);

} // namespace eqc

#endif // EQC_PIPELINES_IMPORTEQC_H
