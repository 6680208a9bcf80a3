// RUN: %eqc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @identity(%x: tensor<?x5x5x16xf32>) -> tensor<?x5x5x16xf32> {
  %y = eqc.permute %x by [0, 1] : tensor<?x5x5x16xf32>
  return %y : tensor<?x5x5x16xf32>
}

// y[q] = z[1, 0, 2][q] and z[q] = x[1, 2, 0][q]: the other order would give
// [0, 2, 1].

// CHECK-LABEL: @compose
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: %[[Y:.*]] = eqc.permute %[[X]] by [2, 1, 0]
// CHECK-NEXT: return %[[Y]]
func.func @compose(%x: tensor<?x5x5x5x16xf32>) -> tensor<?x5x5x5x16xf32> {
  %z = eqc.permute %x by [1, 2, 0] : tensor<?x5x5x5x16xf32>
  %y = eqc.permute %z by [1, 0, 2] : tensor<?x5x5x5x16xf32>
  return %y : tensor<?x5x5x5x16xf32>
}

// CHECK-LABEL: @inverse
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @inverse(%x: tensor<?x5x5x5x16xf32>) -> tensor<?x5x5x5x16xf32> {
  %z = eqc.permute %x by [1, 2, 0] : tensor<?x5x5x5x16xf32>
  %y = eqc.permute %z by [2, 0, 1] : tensor<?x5x5x5x16xf32>
  return %y : tensor<?x5x5x5x16xf32>
}

// The first axis is a node for one of them and an n-axis for the other.

// CHECK-LABEL: @different_axes
// CHECK: eqc.permute %{{.*}} by [2, 1, 0]
// CHECK: eqc.permute %{{.*}} by [1, 0]
func.func @different_axes(%x: tensor<?x5x5x5x16xf32>) -> tensor<?x5x5x5x16xf32> {
  %z = eqc.permute %x by [2, 1, 0] : tensor<?x5x5x5x16xf32>
  %y = eqc.permute %z by [1, 0] : tensor<?x5x5x5x16xf32>
  return %y : tensor<?x5x5x5x16xf32>
}
