// RUN: %eqc-opt %s --eqc-expand=plan=shared --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" \
// RUN:   --eqc-vectorize --eqc-bufferize | FileCheck %s
// RUN: %eqc-opt %s --eqc-expand=plan=factored --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" \
// RUN:   --eqc-vectorize --eqc-bufferize | FileCheck %s

// Every group, both layouts, fixed and given sizes: no array is copied, nothing
// allocated, no mix left without vectors.

// CHECK-NOT: memref.copy
// CHECK-NOT: memref.alloc
// CHECK-NOT: linalg.contract
// CHECK: func.func private @"graph.forward.x86-64-v3"
// CHECK-NOT: memref.copy
// CHECK-NOT: memref.alloc
// CHECK-NOT: linalg.contract
// CHECK: func.func private @"turning.forward.x86-64-v3"
// CHECK-NOT: memref.copy
// CHECK-NOT: memref.alloc
// CHECK-NOT: linalg.contract
// CHECK: func.func private @"planes.forward.x86-64-v3"
// CHECK-NOT: memref.copy
// CHECK-NOT: memref.alloc
// CHECK-NOT: linalg.contract

func.func @graph(%x: tensor<?x5x5x3xf32>, %w: tensor<4x3x17xf32>, %b: tensor<2x17xf32>) -> tensor<?x5x5x17xf32> {
  %y = eqc.linear S(5) order 2 -> 2 x(%x : tensor<?x5x5x3xf32>) weight(%w : tensor<4x3x17xf32>) bias(%b : tensor<2x17xf32>)
      diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 | o2 i1 | i2", "o1 o2 i1 i2"]
      bias_diagrams ["o1 o2", "o1 | o2"] normalize mean : tensor<?x5x5x17xf32>
  return %y : tensor<?x5x5x17xf32>
}

func.func @turning(%x: tensor<?x16x3x3xf64>, %w: tensor<1x16x8xf64>) -> tensor<?x8x3xf64> {
  %y = eqc.linear SO(3) order 2 -> 1 x(%x : tensor<?x16x3x3xf64>) weight(%w : tensor<1x16x8xf64>)
      diagrams ["* o1 i1 i2"] layout channels_first : tensor<?x8x3xf64>
  return %y : tensor<?x8x3xf64>
}

func.func @planes(%x: tensor<?x?x?x4xf32>, %w: tensor<3x4x4xf32>) -> tensor<?x?x?x4xf32> {
  %y = eqc.linear Sp(?) order 2 -> 2 x(%x : tensor<?x?x?x4xf32>) weight(%w : tensor<3x4x4xf32>)
      diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 i2 | o2 i1"] : tensor<?x?x?x4xf32>
  return %y : tensor<?x?x?x4xf32>
}
