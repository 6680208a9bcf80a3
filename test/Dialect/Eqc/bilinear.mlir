// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @example
// CHECK-SAME: (%[[X:.*]]: tensor<?x5x5x16xf32>, %[[Z:.*]]: tensor<?x5x16xf32>, %[[W:.*]]: tensor<1x16xf32>)
// CHECK: eqc.bilinear y S(5) order 2 * 1 -> 1(%[[X]], %[[Z]], %[[W]])
// CHECK-SAME: diagrams ["o1 i1 | i2 i3"]
// CHECK-SAME: (tensor<?x5x5x16xf32>, tensor<?x5x16xf32>, tensor<1x16xf32>) -> tensor<?x5x16xf32>
func.func @example(%x: tensor<?x5x5x16xf32>, %z: tensor<?x5x16xf32>,
                   %w: tensor<1x16xf32>) -> tensor<?x5x16xf32> {
  %y = eqc.bilinear y S(5) order 2 * 1 -> 1 (%x, %z, %w)
      diagrams ["o1 i1 | i2 i3"]
      : (tensor<?x5x5x16xf32>, tensor<?x5x16xf32>, tensor<1x16xf32>)
      -> tensor<?x5x16xf32>
  return %y : tensor<?x5x16xf32>
}

// Weights on pairs of channels; a gradient.

// CHECK-LABEL: @gradient
// CHECK: eqc.bilinear grad_z SO(3) order 1 * 1 -> 1
// CHECK-SAME: diagrams ["* o1 i1 i2"] layout channels_first normalize mean
func.func @gradient(%g: tensor<?x4x3xf64>, %x: tensor<?x2x3xf64>,
                    %w: tensor<1x2x3x4xf64>) -> tensor<?x3x3xf64> {
  %gz = eqc.bilinear grad_z SO(3) order 1 * 1 -> 1 (%g, %x, %w)
      diagrams ["* o1 i1 i2"] layout channels_first normalize mean
      : (tensor<?x4x3xf64>, tensor<?x2x3xf64>, tensor<1x2x3x4xf64>)
      -> tensor<?x3x3xf64>
  return %gz : tensor<?x3x3xf64>
}
