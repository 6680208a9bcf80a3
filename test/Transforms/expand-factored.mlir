// RUN: %eqc-opt %s --eqc-choose-plans=plan=factored --eqc-expand-plan | FileCheck %s

// Factors are contracted one stage after the other, largest first (published);
// a diagram that has none left stays. Then the inputs of through blocks are joined.

// CHECK-LABEL: @steps
// CHECK: eqc.to_planar S(5) %{{.*}} by {{\[\[}}0, 1, 2, 3], [1, 0, 2, 3], [3, 0, 1, 2]]
// CHECK: eqc.contract S(5) %{{.*}} patterns ["1 | 2 | 3 | 4", "1 | 2 | ~3 4", "1 | ~2 3 4"] normalize mean : tensor<?x1875x4xf32> -> tensor<?x655x4xf32>
// CHECK: eqc.contract S(5) %{{.*}} patterns ["1 | 2 | 3 | 4", "1 | ~2", "~1"] normalize mean : tensor<?x655x4xf32> -> tensor<?x631x4xf32>
// CHECK: eqc.contract S(5) %{{.*}} patterns ["1 2 | 3 4", "1", "-"] normalize mean : tensor<?x631x4xf32> -> tensor<?x31x4xf32>
// CHECK: eqc.mix_each S(5) %{{.*}} orders [2, 1, 0]
// CHECK: eqc.expand S(5) %{{.*}} patterns ["1 | 2", "~1 | 2", "~1 2"] : tensor<?x31x8xf32> -> tensor<?x75x8xf32>
// CHECK: eqc.from_planar S(5) %{{.*}} by {{\[\[}}0, 1], [0, 1], [0, 1]]
func.func @steps(%x: tensor<?x5x5x5x5x4xf32>, %w: tensor<3x4x8xf32>) -> tensor<?x5x5x8xf32> {
  %y = eqc.linear S(5) order 4 -> 2 x(%x : tensor<?x5x5x5x5x4xf32>) weight(%w : tensor<3x4x8xf32>)
      diagrams ["o1 i1 i2 | o2 i3 i4", "o1 | o2 i2 | i1 | i3 i4", "o1 o2 | i4 | i1 i2 i3"] normalize mean
      : tensor<?x5x5x8xf32>
  return %y : tensor<?x5x5x8xf32>
}

// The cross product: two arguments of the symbol are inputs, the third one is
// the output. One that has all its arguments in one row is there alone.

// CHECK-LABEL: @symbols
// CHECK: eqc.contract SO(3) %{{.*}} patterns ["* 1 2"] : tensor<?x9x4xf32> -> tensor<?x3x4xf32>
// CHECK-NOT: eqc.contract
func.func @symbols(%x: tensor<?x3x3x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x3x8xf32> {
  // CHECK: eqc.expand SO(3) %{{.*}} patterns ["* 1"]
  %y = eqc.linear SO(3) order 2 -> 1 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["* o1 i1 i2"] : tensor<?x3x8xf32>
  return %y : tensor<?x3x8xf32>
}
