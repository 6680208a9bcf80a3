// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s
// RUN: %eqc-opt %s --mlir-print-op-generic | %eqc-opt - | FileCheck %s

// The example of the reference.
// CHECK-LABEL: eqc.network @net spaces "points:S(?) xyz:O(3)" inputs ["h", "x"]
// CHECK-SAME: axes [array<i32: 0>, array<i32: 0, 1>] outputs ["y"]
eqc.network @net spaces "points:S(?) xyz:O(3)" inputs ["h", "x"]
    axes [array<i32: 0>, array<i32: 0, 1>] outputs ["y"] {
^bb0(%h: tensor<?x?x8xf32>, %x: tensor<?x?x3x8xf32>):
  // CHECK: %[[UP:.*]] = eqc.call up(%{{.*}}) axes [0] : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %0 = eqc.call up(%h) axes [0] : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: eqc.pointwise relu %[[UP]] : tensor<?x?x8xf32>
  %1 = eqc.pointwise relu %0 : tensor<?x?x8xf32>
  // CHECK: eqc.norm %{{.*}} over [1] : tensor<?x?x3x8xf32> -> tensor<?x?x8xf32>
  %2 = eqc.norm %x over [1] : tensor<?x?x3x8xf32> -> tensor<?x?x8xf32>
  // CHECK: eqc.add
  %3 = eqc.add %1, %2 : tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: eqc.scale %{{.*}} by %{{.*}} : tensor<?x?x3x8xf32>, tensor<?x?x8xf32>
  %4 = eqc.scale %x by %3 : tensor<?x?x3x8xf32>, tensor<?x?x8xf32>
  // CHECK: eqc.concat
  %5 = eqc.concat %4, %x : tensor<?x?x3x8xf32>, tensor<?x?x3x8xf32> -> tensor<?x?x3x16xf32>
  // CHECK: eqc.output %{{.*}} : tensor<?x?x3x16xf32>
  eqc.output %5 : tensor<?x?x3x16xf32>
}

// CHECK-LABEL: eqc.network @first
// CHECK-SAME: layout channels_first
eqc.network @first spaces "p:S(4)" inputs ["x"] axes [array<i32: 0, 0>] outputs ["y", "z"]
    layout channels_first {
^bb0(%x: tensor<?x2x4x4xf64>):
  %0 = eqc.call "a layer"(%x) axes [0] : (tensor<?x2x4x4xf64>) -> tensor<?x3x4xf64>
  eqc.output %0, %x : tensor<?x3x4xf64>, tensor<?x2x4x4xf64>
}

// A layer of two inputs.
func.func @product(%x: tensor<?x4x4x2xf32>, %z: tensor<?x4x2xf32>, %w: tensor<1x2xf32>) -> tensor<?x4x2xf32> {
  %y = eqc.bilinear y S(4) order 2 * 1 -> 1 (%x, %z, %w) diagrams ["o1 i1 | i2 i3"]
      : (tensor<?x4x4x2xf32>, tensor<?x4x2xf32>, tensor<1x2xf32>) -> tensor<?x4x2xf32>
  return %y : tensor<?x4x2xf32>
}
// CHECK-LABEL: eqc.network @two
eqc.network @two spaces "p:S(4)" inputs ["x", "z"] axes [array<i32: 0, 0>, array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x4x2xf32>, %z: tensor<?x4x2xf32>):
  // CHECK: eqc.call product(%{{.*}}, %{{.*}}) axes [0] : (tensor<?x4x4x2xf32>, tensor<?x4x2xf32>) -> tensor<?x4x2xf32>
  %0 = eqc.call product(%x, %z) axes [0] : (tensor<?x4x4x2xf32>, tensor<?x4x2xf32>) -> tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}
