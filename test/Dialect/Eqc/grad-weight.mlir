// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @example
func.func @example(%x: tensor<?x34x16xf32>, %dy: tensor<?x34x32xf32>) -> (tensor<2x16x32xf32>, tensor<1x32xf32>) {
  // CHECK: %{{.*}}, %{{.*}} = eqc.grad_weight S(34) order 1 -> 1 x(%{{.*}} : tensor<?x34x16xf32>) grad_y(%{{.*}} : tensor<?x34x32xf32>)
  // CHECK-SAME: diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] normalize mean : tensor<2x16x32xf32>, tensor<1x32xf32>
  %dw, %db = eqc.grad_weight S(34) order 1 -> 1
      x(%x : tensor<?x34x16xf32>) grad_y(%dy : tensor<?x34x32xf32>)
      diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"]
      normalize mean : tensor<2x16x32xf32>, tensor<1x32xf32>
  return %dw, %db : tensor<2x16x32xf32>, tensor<1x32xf32>
}

// CHECK-LABEL: @no_bias
func.func @no_bias(%x: tensor<?x1x?xf64>, %dy: tensor<?x1xf64>) -> tensor<1x1x1xf64> {
  // CHECK: eqc.grad_weight S(?) order 1 -> 0 x({{.*}}) grad_y({{.*}}) diagrams ["i1"] layout channels_first : tensor<1x1x1xf64>
  %dw = eqc.grad_weight S(?) order 1 -> 0
      x(%x : tensor<?x1x?xf64>) grad_y(%dy : tensor<?x1xf64>)
      diagrams ["i1"] layout channels_first : tensor<1x1x1xf64>
  return %dw : tensor<1x1x1xf64>
}
