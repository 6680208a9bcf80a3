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
  let statistics = [Statistic<"numKernels", "kernels", "layers converted, once per CPU">];
}

def ConvertEqcToLinalgPass : Pass<"convert-eqc-to-linalg", "mlir::ModuleOp"> {
  let summary = "write the plan of a layer as a graph of linalg operations on tensors";
  let description = [{
    Replaces every function of a layer whose plan is chosen by one with the same
    name on tensors of the public shapes, made of operations of linalg, tensor and
    arith alone: a `linalg.generic` for each pattern that the plan reads, each
    diagram that it mixes and each pattern that it writes. Where no tensor shows a
    run-time n, it comes first as an `index`. The gradient of x becomes
    `NAME_grad_x`, a function of grad_y and of the layer's own weights.

    ```text
    func.func @f(%x, %weight) -> tensor<..> { %1 = eqc.read ..  %2 = eqc.mix .. }
    // becomes
    func.func @f(%x, %weight) -> tensor<..> { %1 = linalg.generic ..  %2 = linalg.generic .. }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect",
                           "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numGraphs", "graphs", "functions converted">];
}

#endif // EQC_CONVERSION_PASSES
