// RUN: %eqc-opt %s --eqc-add-gradients | FileCheck %s
// RUN: %eqc-opt %s --eqc-expand="plan=shared gradients=true" --eqc-convert=cpus=x86-64-v3 | FileCheck %s --check-prefix=KERNELS

// The diagrams of grad_x are flipped. It takes means where the layer does; the
// powers of n by which the two differ, and the sign of the transpose, are in its
// weights.

// CHECK-LABEL: func.func @trace(
// CHECK: func.func @trace.grad_x(%[[DY:.*]]: tensor<?x32xf32>, %[[W:.*]]: tensor<1x32x16xf32>) -> tensor<?x3x3x16xf32>
// CHECK-SAME: eqc.batch = 8
// CHECK: eqc.linear O(3) order 0 -> 2 x(%[[DY]] : {{.*}}) weight(%[[W]] : {{.*}}) diagrams ["o1 o2"] normalize mean :
// CHECK: func.func @trace.grad_weight(%[[X:.*]]: tensor<?x3x3x16xf32>, %[[DY2:.*]]: tensor<?x32xf32>) -> (tensor<1x16x32xf32>, tensor<1x32xf32>)
// CHECK: %[[G:.*]], %[[B:.*]] = eqc.grad_weight O(3) order 2 -> 0 x(%[[X]] : {{.*}}) grad_y(%[[DY2]] : {{.*}}) diagrams ["i1 i2"] bias_diagrams ["1"] normalize mean :
// CHECK: return %[[G]], %[[B]]

// KERNELS: func.func private @"trace.forward.x86-64-v3"
// KERNELS: func.func private @"trace.grad_x.forward.x86-64-v3"
// KERNELS: func.func private @"trace.grad_weight.sums.x86-64-v3"
func.func @trace(%x: tensor<?x3x3x16xf32>, %w: tensor<1x16x32xf32>, %b: tensor<1x32xf32>) -> tensor<?x32xf32>
    attributes {eqc.batch = 8} {
  %y = eqc.linear O(3) order 2 -> 0 x(%x : tensor<?x3x3x16xf32>)
      weight(%w : tensor<1x16x32xf32>) bias(%b : tensor<1x32xf32>)
      diagrams ["i1 i2"] bias_diagrams ["1"] normalize mean : tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// A layer without bias has no gradient of one.
// CHECK: func.func @cross.grad_x
// CHECK: diagrams ["* o1 o2 i1"] layout channels_first
// CHECK: func.func @cross.grad_weight({{.*}}) -> tensor<1x2x5xf64>
func.func @cross(%x: tensor<?x2x3x3xf64>, %w: tensor<1x2x5xf64>) -> tensor<?x5x3xf64> {
  %y = eqc.linear SO(3) order 2 -> 1 x(%x : tensor<?x2x3x3xf64>)
      weight(%w : tensor<1x2x5xf64>) diagrams ["* o1 i1 i2"]
      layout channels_first : tensor<?x5x3xf64>
  return %y : tensor<?x5x3xf64>
}

// Lowering the inputs instead of the outputs costs the sign of the whole form.
// CHECK: func.func @lowered.grad_x
// CHECK-SAME: eqc.flips = array<i64: -1, 0>
// CHECK: eqc.linear SO(2,1) order 1 -> 2
func.func @lowered(%x: tensor<?x3x3x2xf64>, %w: tensor<1x2x5xf64>) -> tensor<?x3x5xf64> {
  %y = eqc.linear SO(2,1) order 2 -> 1 x(%x : tensor<?x3x3x2xf64>)
      weight(%w : tensor<1x2x5xf64>) diagrams ["* o1 i1 i2"] : tensor<?x3x5xf64>
  return %y : tensor<?x3x5xf64>
}
