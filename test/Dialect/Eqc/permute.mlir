// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @example
// CHECK: eqc.permute %{{.*}} by [1, 2, 0] : tensor<?x5x5x5x16xf32>
func.func @example(%x: tensor<?x5x5x5x16xf32>) -> tensor<?x5x5x5x16xf32> {
  %y = eqc.permute %x by [1, 2, 0] : tensor<?x5x5x5x16xf32>
  return %y : tensor<?x5x5x5x16xf32>
}

// An axis of nodes may have any extent.

// CHECK-LABEL: @nodes
// CHECK: eqc.permute %{{.*}} by [1, 0] : tensor<?x7x?x?x16xf64>
func.func @nodes(%x: tensor<?x7x?x?x16xf64>) -> tensor<?x7x?x?x16xf64> {
  %y = eqc.permute %x by [1, 0] : tensor<?x7x?x?x16xf64>
  return %y : tensor<?x7x?x?x16xf64>
}

// CHECK-LABEL: @nothing_to_permute
// CHECK: eqc.permute %{{.*}} by [] : tensor<?x16xf32>
func.func @nothing_to_permute(%x: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %y = eqc.permute %x by [] : tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
