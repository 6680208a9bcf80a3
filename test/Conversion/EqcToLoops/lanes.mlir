// RUN: %eqc-opt %s --convert-eqc-to-loops --split-input-file | FileCheck %s

// With few channels there is a second kernel, for as many samples as a vector
// has lanes; a vector holds one element of all of them.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// CHECK-LABEL: func.func private @"few.forward.x86-64-v3"(
// CHECK-SAME: #eqc.kernel<forward of "few" {{.*}} lanes 0
// CHECK-LABEL: func.func private @"few.lanes.x86-64-v3"(
// CHECK-SAME: #eqc.kernel<lanes of "few" {{.*}} phases 1 parts 1 lanes 8
// CHECK: vector.transfer_read {{.*}} vector<8x8xf32>
// CHECK: vector.transpose
// CHECK: arith.mulf {{.*}} fastmath<contract> : vector<8xf32>
// CHECK: vector.transpose
func.func @"few.x86-64-v3"(%t: tensor<?x40x2xf32>, %w: tensor<1x2x3xf32>) -> tensor<?x40x3xf32>
    attributes {eqc.layer = "few", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x40x2xf32> -> tensor<?x40x2xf32>
  %packed = eqc.pack %w order [0] : tensor<1x2x3xf32> -> tensor<1x2x3xf32>
  %y = eqc.mix S(40) propagating 1 x(%x : tensor<?x40x2xf32>) weights(%packed : tensor<1x2x3xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x40x3xf32>
  %r = eqc.from_rows %y : tensor<?x40x3xf32> -> tensor<?x40x3xf32>
  return %r : tensor<?x40x3xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// Half a vector of channels is enough to stay with vectors of channels.

// CHECK-LABEL: func.func private @"enough.forward.x86-64-v3"(
// CHECK-SAME: #eqc.kernel<forward of "enough" {{.*}} lanes 0
// CHECK-NOT: enough.lanes
func.func @"enough.x86-64-v3"(%t: tensor<?x40x2xf32>, %w: tensor<1x2x4xf32>) -> tensor<?x40x4xf32>
    attributes {eqc.layer = "enough", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x40x2xf32> -> tensor<?x40x2xf32>
  %packed = eqc.pack %w order [0] : tensor<1x2x4xf32> -> tensor<1x2x4xf32>
  %y = eqc.mix S(40) propagating 1 x(%x : tensor<?x40x2xf32>) weights(%packed : tensor<1x2x4xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x40x4xf32>
  %r = eqc.from_rows %y : tensor<?x40x4xf32> -> tensor<?x40x4xf32>
  return %r : tensor<?x40x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// So are the sums of gradients: groups of x and of grad_y are transposed, every lane sums
// its sample's products, and at the end the lanes are added up.

// CHECK-LABEL: func.func private @"few.grad_weight.sums.x86-64-v3"(
// CHECK-SAME: #eqc.kernel<sums of "few.grad_weight" {{.*}} lanes 0
// CHECK-LABEL: func.func private @"few.grad_weight.lane_sums.x86-64-v3"(
// CHECK-SAME: #eqc.kernel<lane_sums of "few.grad_weight" {{.*}} sums [] phases 1 parts 1 lanes 8
// CHECK-COUNT-2: vector.transpose {{.*}} vector<8x8xf32>
// CHECK: scf.for {{.*}} -> (vector<8xf32>
// CHECK: vector.fma {{.*}} : vector<8xf32>
// CHECK: vector.extract_strided_slice {{.*}} to vector<4xf32>
// CHECK: tensor.insert
func.func @"few.grad_weight.x86-64-v3"(%x: tensor<?x40x2xf32>, %dy: tensor<?x40x3xf32>) -> tensor<1x2x3xf32>
    attributes {eqc.layer = "few.grad_weight", eqc.target = #v3} {
  %dw = eqc.grad_weight S(40) order 1 -> 1 x(%x : tensor<?x40x2xf32>) grad_y(%dy : tensor<?x40x3xf32>)
      diagrams ["o1 i1"] : tensor<1x2x3xf32>
  return %dw : tensor<1x2x3xf32>
}
