// RUN: %eqc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @identity(%x: tensor<?x5x5x16xf32>) -> tensor<?x5x5x16xf32> {
  %y = eqc.apply_diagram S(5) "o1 i1 | o2 i2" %x
      : tensor<?x5x5x16xf32> -> tensor<?x5x5x16xf32>
  return %y : tensor<?x5x5x16xf32>
}

// The diagonal is no identity, though it has the identity's type.

// CHECK-LABEL: @no_identity
// CHECK-NEXT: eqc.apply_diagram S(5) "o1 o2 i1 i2"
func.func @no_identity(%x: tensor<?x5x5x16xf32>) -> tensor<?x5x5x16xf32> {
  %y = eqc.apply_diagram S(5) "o1 i1 o2 i2" %x
      : tensor<?x5x5x16xf32> -> tensor<?x5x5x16xf32>
  return %y : tensor<?x5x5x16xf32>
}

// For n = 2 the Levi-Civita symbol of one input and one output turns by 90
// degrees.

// CHECK-LABEL: @no_identity_free
// CHECK-NEXT: eqc.apply_diagram SO(2) "* o1 i1"
func.func @no_identity_free(%x: tensor<?x2x16xf32>) -> tensor<?x2x16xf32> {
  %y = eqc.apply_diagram SO(2) "* o1 i1" %x
      : tensor<?x2x16xf32> -> tensor<?x2x16xf32>
  return %y : tensor<?x2x16xf32>
}

// No operation has an effect, so what nobody uses disappears.

// CHECK-LABEL: @dead
// CHECK-NEXT: return
func.func @dead(%x: tensor<?x5x5x16xf32>, %w: tensor<1x16x8xf32>) {
  %0 = eqc.apply_diagram S(5) "o1 i1 | i2" %x
      : tensor<?x5x5x16xf32> -> tensor<?x5x16xf32>
  %1 = eqc.permute %x by [1, 0] : tensor<?x5x5x16xf32>
  %2 = eqc.linear S(5) order 2 -> 2
      x(%x : tensor<?x5x5x16xf32>) weight(%w : tensor<1x16x8xf32>)
      diagrams ["o1 i2 | o2 i1"] : tensor<?x5x5x8xf32>
  return
}
