// RUN: %eqc-opt %s --convert-eqc-to-loops | FileCheck %s

// A layer for a CPU becomes two functions; its tiles are whole vectors of it.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// CHECK-NOT: eqc.mix
// CHECK-LABEL: func.func private @"f.pack.x86-64-v3"(
// CHECK-SAME: ["target-cpu", "x86-64-v3"], ["prefer-vector-width", "256"]
// CHECK-LABEL: func.func private @"f.forward.x86-64-v3"(
// CHECK-SAME: eqc.kernel = #eqc.kernel<forward of "f" for <name = "x86-64-v3"
// CHECK-SAME: packed [1, 2, 4, 16] sums [] phases 1 parts 16 lanes 0 scratch [] multiply_adds [0, 1]>
// CHECK: scf.for
// CHECK: linalg.contract
// CHECK-NOT: eqc.mix
func.func @"f.x86-64-v3"(%t: tensor<?x40x4xf32>, %w: tensor<1x4x32xf32>) -> tensor<?x40x32xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x40x4xf32> -> tensor<?x40x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x32xf32> -> tensor<1x4x32xf32>
  %y = eqc.mix S(40) propagating 1 x(%x : tensor<?x40x4xf32>) weights(%packed : tensor<1x4x32xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x40x32xf32>
  %r = eqc.from_rows %y : tensor<?x40x32xf32> -> tensor<?x40x32xf32>
  return %r : tensor<?x40x32xf32>
}
