// RUN: %eqc-opt %s --eqc-expand=plan=shared --eqc-convert=cpus=x86-64-v3 | FileCheck %s

// A kernel with samples in its lanes works in pieces that stay in the
// first-level cache: four lines of x are transposed, then added to all sums over
// one of its axes; each line of y goes to the samples as soon as it is finished,
// and its array holds no more than one line. Meanwhile the next samples of x and
// the next elements of y are fetched.

// CHECK-LABEL: func.func private @"pieces.lanes.x86-64-v3"(
// CHECK-NOT: tensor<64x3x8xf32>
// CHECK: scf.for {{.*}} -> (tensor<2x65x8xf32>, tensor<2x18x8xf32>)
// CHECK: vector.transpose {{.*}} vector<8x8xf32>
// CHECK: arith.addf {{.*}} vector<8xf32>
// CHECK: %[[LINE:.*]] = bufferization.alloc_tensor() : tensor<8x3x8xf32>
// CHECK: scf.for {{.*}} -> (tensor<8x3x8xf32>, tensor<?x192xf32>)
// CHECK: memref.prefetch {{.*}} read, locality<2>, data : memref<?x128xf32>
// CHECK: arith.mulf {{.*}} fastmath<contract> : vector<8xf32>
// CHECK: tensor.collapse_shape {{.*}} : tensor<8x3x8xf32> into tensor<24x8xf32>
// CHECK: vector.transpose {{.*}} vector<8x8xf32>
// CHECK: memref.prefetch {{.*}} write, locality<3>, data : memref<?x192xf32>
func.func @pieces(%x: tensor<?x8x8x2xf32>, %w: tensor<15x2x3xf32>) -> tensor<?x8x8x3xf32> {
  %y = eqc.linear S(8) order 2 -> 2 x(%x : tensor<?x8x8x2xf32>) weight(%w : tensor<15x2x3xf32>) diagrams ["o1 o2 i1 i2", "o1 o2 i1 | i2", "o1 o2 i2 | i1", "o1 o2 | i1 i2", "o1 o2 | i1 | i2", "o1 i1 i2 | o2", "o1 i1 | o2 i2", "o1 i1 | o2 | i2", "o1 i2 | o2 i1", "o1 | o2 i1 i2", "o1 | o2 i1 | i2", "o1 i2 | o2 | i1", "o1 | o2 i2 | i1", "o1 | o2 | i1 i2", "o1 | o2 | i1 | i2"] : tensor<?x8x8x3xf32>
  return %y : tensor<?x8x8x3xf32>
}
