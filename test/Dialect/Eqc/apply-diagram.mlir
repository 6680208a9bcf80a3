// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @example
// CHECK: eqc.apply_diagram S(5) "o1 i1 | i2" %{{.*}} : tensor<?x5x5x16xf32> -> tensor<?x5x16xf32>
func.func @example(%x: tensor<?x5x5x16xf32>) -> tensor<?x5x16xf32> {
  %y = eqc.apply_diagram S(5) "o1 i1 | i2" %x
      : tensor<?x5x5x16xf32> -> tensor<?x5x16xf32>
  return %y : tensor<?x5x16xf32>
}

// CHECK-LABEL: @cross_product
// CHECK: eqc.apply_diagram SO(3) "* o1 i1 i2"
func.func @cross_product(%x: tensor<8x3x3x1xf64>) -> tensor<8x3x1xf64> {
  %y = eqc.apply_diagram SO(3) "* i2 i1 o1" %x
      : tensor<8x3x3x1xf64> -> tensor<8x3x1xf64>
  return %y : tensor<8x3x1xf64>
}

// CHECK-LABEL: @symplectic_form
// CHECK: eqc.apply_diagram Sp(?) "o1 o2"
func.func @symplectic_form(%x: tensor<?x2xf32>) -> tensor<?x?x?x2xf32> {
  %y = eqc.apply_diagram Sp(?) "o1 o2" %x
      : tensor<?x2xf32> -> tensor<?x?x?x2xf32>
  return %y : tensor<?x?x?x2xf32>
}

// Without channels' extent, and without any vertex.

// CHECK-LABEL: @no_vertices
// CHECK: eqc.apply_diagram O(4) "1" %{{.*}} : tensor<?x?xf32> -> tensor<?x?xf32>
func.func @no_vertices(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = eqc.apply_diagram O(4) "1" %x : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
