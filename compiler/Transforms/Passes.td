//===- Passes.td - Passes of the eqc compiler --------------*- tablegen -*-===//

#ifndef EQC_TRANSFORMS_PASSES
#define EQC_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def VectorizeContractionsPass
    : Pass<"eqc-vectorize-contractions", "mlir::func::FuncOp"> {
  let summary = "turn channel mixes on register tiles into outer products "
                "that accumulate in vectors";
  let description = [{
    Tiles the reduction of every `linalg.contract` on a static tile by one,
    vectorizes it, and hoists the accumulator out of the loops, so that it stays
    in registers across the whole reduction:

    ```mlir
    %1 = linalg.contract indexing_maps = [..] ins(%a, %w : tensor<8x16xf32>, tensor<16x32xf32>) outs(%0 : tensor<8x32xf32>)
    // becomes
    scf.for %c = %c0 to %c16 step %c1 iter_args(%acc = %0) -> (vector<8x32xf32>) {
      vector.contract ..
    }
    ```
  }];
  let dependentDialects = ["mlir::vector::VectorDialect", "mlir::scf::SCFDialect",
                           "mlir::arith::ArithDialect", "mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numVectorized", "vectorized", "contractions vectorized">,
                    Statistic<"numMissed", "missed-vectorization",
                              "contractions left as loops">];
}

def PlanArenaPass : Pass<"eqc-plan-arena", "mlir::ModuleOp"> {
  let summary = "place all scratch of a kernel in one caller-provided arena";
  let description = [{
    Replaces every allocation at the top level of a function by a view at an
    offset of an arena that becomes the function's last argument, and adds a
    function `NAME.arena` from the function's index arguments to the arena's size
    in bytes. An allocation inside a loop is an error: nothing may allocate there.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect", "mlir::arith::ArithDialect",
                           "mlir::func::FuncDialect"];
}

def LowerVectorsPass : Pass<"eqc-lower-vectors", "mlir::func::FuncOp"> {
  let summary = "lower contractions, transposes and masks to vectors of one dimension";
  let description = [{
    Applies the upstream lowerings in the order in which they compose: contractions
    to outer products, outer products to fused multiply-adds, 16x16 transposes to shuffles.
  }];
  let dependentDialects = ["mlir::vector::VectorDialect", "mlir::arith::ArithDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def VerifyKernelsPass : Pass<"eqc-verify-kernels", "mlir::func::FuncOp"> {
  let summary = "check that a bufferized kernel allocates and copies nothing";
  let description = [{
    Reports, in the language's words, every whole-array copy and every allocation in
    a kernel after its scratch was planned. Both would be a fault of the compiler.
  }];
}

#endif // EQC_TRANSFORMS_PASSES
