// Functions without layers are nobody's business here; a layer may be private.
// RUN: %eqc-opt %s --eqc-expand="plan=shared gradients=true" --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" | FileCheck %s

// CHECK: func.func private @somewhere(tensor<4xf32>) -> tensor<4xf32>
func.func private @somewhere(tensor<4xf32>) -> tensor<4xf32>

// CHECK: func.func private @helper
// CHECK-NEXT: arith.addf
// CHECK-NEXT: call @somewhere
func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32> {
  %b = arith.addf %a, %a : tensor<4xf32>
  %c = call @somewhere(%b) : (tensor<4xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// CHECK-NOT: @layer(
// CHECK: func.func private @"layer.pack.x86-64-v3"
// CHECK: func.func private @"layer.forward.x86-64-v3"
// CHECK: func.func private @"layer.grad_x.forward.x86-64-v3"
// CHECK: func.func private @"layer.grad_weight.sums.x86-64-v3"
func.func private @layer(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// CHECK: func.func @two_blocks
// CHECK: cf.br
func.func @two_blocks(%a: f32) -> f32 {
  cf.br ^next
^next:
  return %a : f32
}
