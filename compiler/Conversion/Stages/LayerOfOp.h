//===- LayerOfOp.h - What a layer is, from its operation --------*- C++ -*-===//
//
// Plans start from a LayerSpec; an operation on a whole layer holds all of it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_STAGES_LAYEROFOP_H
#define EQC_CONVERSION_STAGES_LAYEROFOP_H

#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <type_traits>

namespace eqc {

/// The spaces and sums of the axes of a product, and which are of duals: every
/// diagram tells.
inline void setAxes(LayerSpec &spec, const Diagram &diagram) {
  if (!diagram.dual.empty()) {
    spec.yDuals.assign(diagram.dual.begin(), diagram.dual.begin() + diagram.l);
    spec.xDuals.assign(diagram.dual.begin() + diagram.l, diagram.dual.end());
  }
  if (diagram.space.empty() && !spec.group.isProduct())
    return;
  spec.typed = true;
  const std::vector<int> axes = axesOf(spec.group, diagram);
  spec.yAxes.assign(axes.begin(), axes.begin() + diagram.l);
  spec.xAxes.assign(axes.begin() + diagram.l, axes.end());
}

/// What a function says of its layer.
inline void setFunction(LayerSpec &spec, mlir::func::FuncOp function) {
  spec.name = function.getName().str();
  if (auto space = function->getAttrOfType<mlir::StringAttr>(
          ir::EqcDialect::kSpaceAttrName)) {
    spec.typed = true;
    spec.spaceName = space.str();
  }
  if (auto type = function->getAttrOfType<mlir::TypeAttr>(
          ir::EqcDialect::kStorageAttrName))
    spec.storage = type.getValue().isBF16() ? Storage::BF16 : Storage::F16;
  if (auto batch = function->getAttrOfType<mlir::IntegerAttr>(
          ir::EqcDialect::kBatchAttrName))
    spec.batch = batch.getInt();
}

/// What layers of one input and of two say alike.
template <typename OpT> LayerSpec commonOf(OpT op) {
  LayerSpec spec;
  if (auto function = op->template getParentOfType<mlir::func::FuncOp>())
    setFunction(spec, function);
  spec.group = op.getGroup();
  spec.n = op.getN();
  spec.layout = op.getLayout();
  spec.normalize = op.getNormalize();
  spec.choice = DiagramChoice::List;
  spec.diagrams = op.getDiagramValues();
  spec.biasDiagrams = op.getBiasDiagramValues();
  setAxes(spec, spec.diagrams.front());
  spec.bias = !spec.biasDiagrams.empty();
  return spec;
}

/// The layer of `eqc.linear` or `eqc.grad_weight`, named as the function around
/// it.
template <typename OpT> LayerSpec getLayerOf(OpT op) {
  LayerSpec spec = commonOf(op);
  spec.k = static_cast<int>(op.getK());
  spec.l = static_cast<int>(op.getL());
  spec.cIn = op.getCIn();
  spec.cOut = op.getCOut();
  spec.symmetry = ir::getSymmetryOf(op);
  if (op.getOrbitWeights())
    spec.weightsOf = WeightsOf::Orbits;
  spec.pool = op.getPool();
  if constexpr (std::is_same_v<OpT, ir::LinearOp>)
    spec.unpools = static_cast<bool>(op.getAt());
  auto type = llvm::cast<mlir::RankedTensorType>(op.getX().getType());
  spec.dtype = type.getElementType().isF32() ? DType::F32 : DType::F64;
  return spec;
}

/// The same of a layer of two inputs, or of one of its gradients.
inline LayerSpec getLayerOf(ir::BilinearOp op) {
  LayerSpec spec = commonOf(op);
  spec.k = static_cast<int>(op.getK1() + op.getK2());
  spec.k2 = static_cast<int>(op.getK2());
  spec.l = static_cast<int>(op.getL());
  spec.cIn = op.channelsOf(BilinearRow::X);
  spec.cIn2 = op.channelsOf(BilinearRow::Z);
  spec.cOut = op.channelsOf(BilinearRow::Y);
  spec.depthwise = op.isDepthwise();
  spec.dtype =
      op.getWeightType().getElementType().isF32() ? DType::F32 : DType::F64;
  return spec;
}

} // namespace eqc

#endif // EQC_CONVERSION_STAGES_LAYEROFOP_H
