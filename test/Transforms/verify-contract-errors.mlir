// RUN: split-file %s %t
// RUN: %eqc-opt %t/expand.mlir --eqc-verify-contract=after=expand --verify-diagnostics
// RUN: %eqc-opt %t/convert.mlir --eqc-verify-contract=after=convert --verify-diagnostics
// RUN: %eqc-opt %t/unknown.mlir --eqc-verify-contract=after=lunch --verify-diagnostics

// A violation is no remark: the compiler stops.
// RUN: not %eqc-opt %t/expand.mlir --eqc-verify-contract=after=expand 2>&1 | FileCheck %s --check-prefix=STOPS
// RUN: not %eqc-opt %t/convert.mlir --eqc-verify-contract=after=convert 2>&1 | FileCheck %s --check-prefix=STOPS
// STOPS: error:
// STOPS-NOT: func.func

//--- expand.mlir
func.func @no_plan(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> {
  // expected-error @below {{layer is left without a plan}}
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

func.func @alone(%x: tensor<?x5x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{diagram stands alone: only stages of a plan can be compiled}}
  %y = eqc.apply_diagram S(5) "i1" %x : tensor<?x5x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

//--- convert.mlir
func.func @stage(%w: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  // expected-error @below {{stage of a layer is left without code for a machine}}
  %p = eqc.pack %w order [1, 0] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  return %p : tensor<2x4x8xf32>
}

//--- unknown.mlir
// expected-error @below {{unknown stage 'lunch', expected import, expand, linalg or convert}}
module {
}
