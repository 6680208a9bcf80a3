// RUN: %eqc-opt %s --canonicalize | FileCheck %s

// D_1 (D_2 x) = sign * n^loops * D_(1 after 2) x.

// CHECK-LABEL: @without_loop
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: %[[Y:.*]] = eqc.apply_diagram S(?) "o1 o2 i1 | i2" %[[X]]
// CHECK-NEXT: return %[[Y]]
func.func @without_loop(%x: tensor<?x?x?x4xf32>) -> tensor<?x?x?x4xf32> {
  %z = eqc.apply_diagram S(?) "o1 i1 | i2" %x
      : tensor<?x?x?x4xf32> -> tensor<?x?x4xf32>
  %y = eqc.apply_diagram S(?) "o1 o2 i1" %z
      : tensor<?x?x4xf32> -> tensor<?x?x?x4xf32>
  return %y : tensor<?x?x?x4xf32>
}

// Three in a row; the last product is the identity.

// CHECK-LABEL: @rotations
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @rotations(%x: tensor<2x3x3x3x4xf32>) -> tensor<2x3x3x3x4xf32> {
  %0 = eqc.apply_diagram O(3) "o1 i2 | o2 i3 | o3 i1" %x
      : tensor<2x3x3x3x4xf32> -> tensor<2x3x3x3x4xf32>
  %1 = eqc.apply_diagram O(3) "o1 i2 | o2 i3 | o3 i1" %0
      : tensor<2x3x3x3x4xf32> -> tensor<2x3x3x3x4xf32>
  %2 = eqc.apply_diagram O(3) "o1 i2 | o2 i3 | o3 i1" %1
      : tensor<2x3x3x3x4xf32> -> tensor<2x3x3x3x4xf32>
  return %2 : tensor<2x3x3x3x4xf32>
}

// Two closed loops give n^2; the scale of a static shape is one constant.

// CHECK-LABEL: @loops
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-DAG: %[[SCALE:.*]] = arith.constant dense<2.500000e+01> : tensor<2x5x4xf32>
// CHECK-DAG: %[[D:.*]] = eqc.apply_diagram S(5) "o1 | i1" %[[X]]
// CHECK: %[[Y:.*]] = arith.mulf %[[D]], %[[SCALE]]
// CHECK-NEXT: return %[[Y]]
func.func @loops(%x: tensor<2x5x4xf32>) -> tensor<2x5x4xf32> {
  %z = eqc.apply_diagram S(5) "o1 | o2 | i1" %x
      : tensor<2x5x4xf32> -> tensor<2x5x5x4xf32>
  %y = eqc.apply_diagram S(5) "o1 | i1 | i2" %z
      : tensor<2x5x5x4xf32> -> tensor<2x5x4xf32>
  return %y : tensor<2x5x4xf32>
}

// With a dynamic batch the scale is spread over its extent.

// CHECK-LABEL: @loop_dynamic_batch
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[FIVE:.*]] = arith.constant 5.000000e+00 : f64
// CHECK: %[[BATCH:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK: %[[SCALE:.*]] = tensor.splat %[[FIVE]][%[[BATCH]]] : tensor<?x4xf64>
// CHECK: %[[Y:.*]] = arith.mulf %[[X]], %[[SCALE]]
// CHECK: return %[[Y]]
func.func @loop_dynamic_batch(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %z = eqc.apply_diagram O(5) "o1 o2" %x : tensor<?x4xf64> -> tensor<?x5x5x4xf64>
  %y = eqc.apply_diagram O(5) "i1 i2" %z : tensor<?x5x5x4xf64> -> tensor<?x4xf64>
  return %y : tensor<?x4xf64>
}

// The snake: sum over c of eps(b, c) eps(c, a) = -delta(a, b).

// CHECK-LABEL: @symplectic_snake
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: %[[Y:.*]] = arith.negf %[[X]] : tensor<?x?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @symplectic_snake(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %z = eqc.apply_diagram Sp(?) "o1 i1 | o2 o3" %x
      : tensor<?x?x4xf32> -> tensor<?x?x?x?x4xf32>
  %y = eqc.apply_diagram Sp(?) "o1 i3 | i1 i2" %z
      : tensor<?x?x?x?x4xf32> -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// The same matchings have no sign for O.

// CHECK-LABEL: @orthogonal_snake
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @orthogonal_snake(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %z = eqc.apply_diagram O(?) "o1 i1 | o2 o3" %x
      : tensor<?x?x4xf32> -> tensor<?x?x?x?x4xf32>
  %y = eqc.apply_diagram O(?) "o1 i3 | i1 i2" %z
      : tensor<?x?x?x?x4xf32> -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// A snake and a loop: -1 times n.

// CHECK-LABEL: @symplectic_loop
// CHECK: arith.constant dense<-6.000000e+00> : tensor<2x6x4xf32>
// CHECK-NOT: eqc.apply_diagram
func.func @symplectic_loop(%x: tensor<2x6x4xf32>) -> tensor<2x6x4xf32> {
  %z = eqc.apply_diagram Sp(6) "o1 i1 | o2 o3 | o4 o5" %x
      : tensor<2x6x4xf32> -> tensor<2x6x6x6x6x6x4xf32>
  %y = eqc.apply_diagram Sp(6) "o1 i3 | i1 i2 | i4 i5" %z
      : tensor<2x6x6x6x6x6x4xf32> -> tensor<2x6x4xf32>
  return %y : tensor<2x6x4xf32>
}

// 2^24 + 1 is exact in f64 but not in f32.

// CHECK-LABEL: @exact
// CHECK-NOT: eqc.apply_diagram
// CHECK: arith.mulf
func.func @exact(%x: tensor<1x1xf64>) -> tensor<1x1xf64> {
  %z = eqc.apply_diagram S(16777217) "o1" %x
      : tensor<1x1xf64> -> tensor<1x16777217x1xf64>
  %y = eqc.apply_diagram S(16777217) "i1" %z
      : tensor<1x16777217x1xf64> -> tensor<1x1xf64>
  return %y : tensor<1x1xf64>
}

// CHECK-LABEL: @inexact
// CHECK-COUNT-2: eqc.apply_diagram
func.func @inexact(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %z = eqc.apply_diagram S(16777217) "o1" %x
      : tensor<1x1xf32> -> tensor<1x16777217x1xf32>
  %y = eqc.apply_diagram S(16777217) "i1" %z
      : tensor<1x16777217x1xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// A loop of unknown size stays.

// CHECK-LABEL: @loop_dynamic_size
// CHECK-COUNT-2: eqc.apply_diagram
func.func @loop_dynamic_size(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %z = eqc.apply_diagram O(?) "o1 o2" %x : tensor<?x4xf32> -> tensor<?x?x?x4xf32>
  %y = eqc.apply_diagram O(?) "i1 i2" %z : tensor<?x?x?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// The product of two Levi-Civita symbols is not one diagram.

// CHECK-LABEL: @free_vertices
// CHECK-COUNT-2: eqc.apply_diagram
func.func @free_vertices(%x: tensor<?x2x4xf32>) -> tensor<?x2x4xf32> {
  %z = eqc.apply_diagram SO(2) "* o1 i1" %x
      : tensor<?x2x4xf32> -> tensor<?x2x4xf32>
  %y = eqc.apply_diagram SO(2) "* o1 i1" %z
      : tensor<?x2x4xf32> -> tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}

// The inner product is needed anyway.

// CHECK-LABEL: @other_use
// CHECK-COUNT-2: eqc.apply_diagram
func.func @other_use(%x: tensor<?x5x5x4xf32>)
    -> (tensor<?x5x4xf32>, tensor<?x4xf32>) {
  %z = eqc.apply_diagram S(5) "o1 i1 | i2" %x
      : tensor<?x5x5x4xf32> -> tensor<?x5x4xf32>
  %y = eqc.apply_diagram S(5) "i1" %z : tensor<?x5x4xf32> -> tensor<?x4xf32>
  return %z, %y : tensor<?x5x4xf32>, tensor<?x4xf32>
}

// Matrices of different groups are not composed, even where they agree.

// CHECK-LABEL: @other_group
// CHECK-COUNT-2: eqc.apply_diagram
func.func @other_group(%x: tensor<?x6x6x4xf32>) -> tensor<?x6x6x4xf32> {
  %z = eqc.apply_diagram O(6) "o1 o2 | i1 i2" %x
      : tensor<?x6x6x4xf32> -> tensor<?x6x6x4xf32>
  %y = eqc.apply_diagram Sp(6) "o1 i2 | o2 i1" %z
      : tensor<?x6x6x4xf32> -> tensor<?x6x6x4xf32>
  return %y : tensor<?x6x6x4xf32>
}
