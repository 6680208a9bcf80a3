// RUN: %eqc-opt %s --eqc-order-contractions --verify-diagnostics | FileCheck %s

// Two blocks of inputs, of one and of two: the larger one goes first and leaves
// n entries, 4 * 5 + 4 additions; the other order leaves n^2, 4 * 25 + 4.

// CHECK-LABEL: @larger_first
// CHECK: contract [1, 0]>
func.func @larger_first(%x: tensor<?x5x5x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x8xf32> {
  // expected-remark @below {{1 of 1 diagrams contract in another order: 24 additions per sample and channel instead of 104}}
  %y = eqc.apply S(5) order 3 -> 0 x(%x : tensor<?x5x5x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["i1 | i2 i3"] : tensor<?x8xf32>
      factored [#eqc.factored<in [0, 1, 2] tops [0, 0] bottoms [1, 2] free -1 out [] contract [0, 1]>]
  return %y : tensor<?x8xf32>
}

// Orders that cost the same stay as they are.

// CHECK-LABEL: @equal
// CHECK: contract [0, 1]>
func.func @equal(%x: tensor<?x3x3x3x3x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x8xf32> {
  // expected-remark @below {{0 of 1 diagrams contract in another order: 20 additions per sample and channel instead of 20}}
  %y = eqc.apply O(3) order 4 -> 0 x(%x : tensor<?x3x3x3x3x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["i1 i2 | i3 i4"] : tensor<?x8xf32>
      factored [#eqc.factored<in [0, 1, 2, 3] tops [0, 0] bottoms [2, 2] free -1 out [] contract [0, 1]>]
  return %y : tensor<?x8xf32>
}
