//===- Passes.td - Conversions of the eqc compiler ---------*- tablegen -*-===//

#ifndef EQC_CONVERSION_PASSES
#define EQC_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertEqcToLoopsPass
    : Pass<"convert-eqc-to-loops", "mlir::ModuleOp"> {
  let summary = "write the stages of a layer as loops over tensors, for one CPU";
  let description = [{
    Replaces every layer that was cloned for a CPU by two functions on memory that
    the caller provides: `NAME.pack.CPU` brings the weights into the order and the
    tiles in which they are used, `NAME.forward.CPU` computes some samples. Inside,
    all is tensors: loops driven by tables, so that the code does not grow with the
    number of diagrams, and one `linalg.contract` on a register tile per mix.
    `eqc.grad_weight` becomes one function, `NAME.sums.CPU`, which adds what some samples
    contribute to the gradients.

    ```text
    func.func @"f.x86-64-v3"(%x, %weight) -> tensor<..> { %1 = eqc.read ..  %2 = eqc.mix .. }
    // becomes
    func.func private @"f.pack.x86-64-v3"(%weight: memref<..>, %packed: memref<..>) { scf.for .. }
    func.func private @"f.forward.x86-64-v3"(%n, %first, %count, %phase, %part, %x, %packed, %bias, %y) { scf.for .. }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect",
                           "mlir::func::FuncDialect", "mlir::linalg::LinalgDialect",
                           "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect",
                           "mlir::vector::VectorDialect"];
  let statistics = [Statistic<"numKernels", "kernels", "layers converted, once per CPU">];
}

#endif // EQC_CONVERSION_PASSES
