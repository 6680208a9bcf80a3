// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @layer
// CHECK: eqc.linear [carbon: S(2), oxygen: S(3) sums atoms: 0 + 1] order 1 -> 1 {{.*}} diagrams ["o1:0/0 i1:0/0", "o1:1/1 | i1:0/0"] bias_diagrams ["o1:1/1"] : tensor<?x5x8xf32>
func.func @layer(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>,
                 %b: tensor<1x8xf32>) -> tensor<?x5x8xf32> {
  %y = eqc.linear [carbon: S(2), oxygen: S(3) sums atoms: 0 + 1] order 1 -> 1
      x(%x : tensor<?x5x4xf32>) weight(%w : tensor<2x4x8xf32>)
      bias(%b : tensor<1x8xf32>)
      diagrams ["o1:0/0 i1:0/0", "o1:1/1 | i1:0/0"] bias_diagrams ["o1:1/1"]
      : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// One space twice, and by itself.
// CHECK-LABEL: func.func @twice
// CHECK: eqc.linear [a: S(2) sums aa: 0 + 0] order 1 -> 1 {{.*}} diagrams ["o1:0 i1:0/0", "o1:0 i1:0/1"] : tensor<?x2x1xf32>
func.func @twice(%x: tensor<?x4x1xf32>, %w: tensor<2x1x1xf32>)
    -> tensor<?x2x1xf32> {
  %y = eqc.linear [a: S(2) sums aa: 0 + 0] order 1 -> 1
      x(%x : tensor<?x4x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["o1:0 i1:0/0", "o1:0 i1:0/1"] : tensor<?x2x1xf32>
  return %y : tensor<?x2x1xf32>
}

// A slice of x is read where it lies, and slices are added to all of y.
// CHECK-LABEL: func.func @stages
// CHECK: eqc.read {{.*}} patterns ["~1:1/1" from "1:1/1"]
// CHECK: targets ["1:0/0"]
// CHECK: eqc.write {{.*}} patterns ["1:0/0" into "1:2"]
func.func @stages(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>)
    -> (tensor<?x1x4xf32>, tensor<?x5x8xf32>) {
  %read = eqc.read [a: S(2), b: S(3) sums ab: 0 + 1] x(%x : tensor<?x5x4xf32>)
      patterns ["~1:1/1" from "1:1/1"] : tensor<?x1x4xf32>
  %slice = eqc.mix [a: S(2), b: S(3) sums ab: 0 + 1] propagating 1
      x(%x : tensor<?x5x4xf32>) weights(%w : tensor<1x4x8xf32>) from 0
      targets ["1:0/0"] diagrams ["o1:0/0 i1:0/0"] : tensor<?x2x8xf32>
  %zero = eqc.mix [a: S(2), b: S(3) sums ab: 0 + 1] propagating 1
      x(%x : tensor<?x5x4xf32>) weights(%w : tensor<1x4x8xf32>) from 1
      targets ["1:2"] diagrams [] : tensor<?x5x8xf32>
  %y = eqc.write [a: S(2), b: S(3) sums ab: 0 + 1]
      nodes(%slice : tensor<?x2x8xf32>) patterns ["1:0/0" into "1:2"]
      %zero : tensor<?x5x8xf32>
  return %read, %y : tensor<?x1x4xf32>, tensor<?x5x8xf32>
}
