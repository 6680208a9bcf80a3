// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @example
// CHECK-SAME: (%[[X:.*]]: tensor<?x34x16xf32>, %[[W:.*]]: tensor<2x16x32xf32>, %[[B:.*]]: tensor<1x32xf32>)
// CHECK: eqc.linear S(34) order 1 -> 1
// CHECK-SAME: x(%[[X]] : tensor<?x34x16xf32>)
// CHECK-SAME: weight(%[[W]] : tensor<2x16x32xf32>)
// CHECK-SAME: bias(%[[B]] : tensor<1x32xf32>)
// CHECK-SAME: diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"]
// CHECK-SAME: normalize mean : tensor<?x34x32xf32>
func.func @example(%x: tensor<?x34x16xf32>, %w: tensor<2x16x32xf32>,
                   %b: tensor<1x32xf32>) -> tensor<?x34x32xf32> {
  %y = eqc.linear S(34) order 1 -> 1
      x(%x : tensor<?x34x16xf32>) weight(%w : tensor<2x16x32xf32>)
      bias(%b : tensor<1x32xf32>)
      diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"]
      normalize mean : tensor<?x34x32xf32>
  return %y : tensor<?x34x32xf32>
}

// What is at its default is not printed.

// CHECK-LABEL: @defaults
// CHECK: eqc.linear O(3) order 2 -> 0
// CHECK-SAME: weight(%{{.*}} : tensor<1x1x1xf64>) diagrams ["i1 i2"] : tensor<8x1xf64>
func.func @defaults(%x: tensor<8x3x3x1xf64>,
                    %w: tensor<1x1x1xf64>) -> tensor<8x1xf64> {
  %y = eqc.linear O(3) order 2 -> 0
      x(%x : tensor<8x3x3x1xf64>) weight(%w : tensor<1x1x1xf64>)
      diagrams ["i2 i1"] layout channels_last normalize none : tensor<8x1xf64>
  return %y : tensor<8x1xf64>
}

// A size given at run time, channels in front.

// CHECK-LABEL: @dynamic_size
// CHECK: eqc.linear Sp(?) order 1 -> 1
// CHECK-SAME: layout channels_first : tensor<?x5x?xf32>
func.func @dynamic_size(%x: tensor<?x3x?xf32>,
                        %w: tensor<1x3x5xf32>) -> tensor<?x5x?xf32> {
  %y = eqc.linear Sp(?) order 1 -> 1
      x(%x : tensor<?x3x?xf32>) weight(%w : tensor<1x3x5xf32>)
      diagrams ["o1 i1"] layout channels_first : tensor<?x5x?xf32>
  return %y : tensor<?x5x?xf32>
}

// Matchings and diagrams with n free vertices, in an order of the user's; a
// bias with a free vertex block.

// CHECK-LABEL: @free_vertices
// CHECK: eqc.linear SO(2) order 2 -> 2
// CHECK-SAME: diagrams ["* o1 i1 | o2 i2", "o1 i2 | o2 i1"] bias_diagrams ["o1 o2", "* o1 o2"]
func.func @free_vertices(%x: tensor<?x2x2x4xf32>, %w: tensor<2x4x4xf32>,
                         %b: tensor<2x4xf32>) -> tensor<?x2x2x4xf32> {
  %y = eqc.linear SO(2) order 2 -> 2
      x(%x : tensor<?x2x2x4xf32>) weight(%w : tensor<2x4x4xf32>)
      bias(%b : tensor<2x4xf32>)
      diagrams ["i2 o2 | * o1 i1", "o1 i2 | o2 i1"]
      bias_diagrams ["o1 o2", "* o1 o2"] : tensor<?x2x2x4xf32>
  return %y : tensor<?x2x2x4xf32>
}

// A name that is no word; a signature, which is a size.

// CHECK-LABEL: @apostrophe
// CHECK: eqc.linear "S'"(3) order 1 -> 1
func.func @apostrophe(%x: tensor<?x3x2xf32>, %w: tensor<1x2x2xf32>) -> tensor<?x3x2xf32> {
  %y = eqc.linear "S'"(3) order 1 -> 1
      x(%x : tensor<?x3x2xf32>) weight(%w : tensor<1x2x2xf32>)
      diagrams ["o1 | i1"] : tensor<?x3x2xf32>
  return %y : tensor<?x3x2xf32>
}

// CHECK-LABEL: @signature
// CHECK: eqc.linear O(1,3) order 1 -> 1
func.func @signature(%x: tensor<?x4x2xf32>, %w: tensor<1x2x2xf32>) -> tensor<?x4x2xf32> {
  %y = eqc.linear O(1, 3) order 1 -> 1
      x(%x : tensor<?x4x2xf32>) weight(%w : tensor<1x2x2xf32>)
      diagrams ["o1 i1"] : tensor<?x4x2xf32>
  return %y : tensor<?x4x2xf32>
}

// Order 0 on both sides: a dense layer without any n-axis.

// CHECK-LABEL: @no_axes
// CHECK: eqc.linear S(7) order 0 -> 0 {{.*}} diagrams ["1"] bias_diagrams ["1"]
func.func @no_axes(%x: tensor<0x3xf32>, %w: tensor<1x3x2xf32>,
                   %b: tensor<1x2xf32>) -> tensor<0x2xf32> {
  %y = eqc.linear S(7) order 0 -> 0
      x(%x : tensor<0x3xf32>) weight(%w : tensor<1x3x2xf32>)
      bias(%b : tensor<1x2xf32>)
      diagrams ["1"] bias_diagrams ["1"] : tensor<0x2xf32>
  return %y : tensor<0x2xf32>
}

// An explicit list for S may hold diagrams with more than n blocks.

// CHECK-LABEL: @many_blocks
// CHECK: eqc.linear S(1) {{.*}} diagrams ["o1 | i1"]
func.func @many_blocks(%x: tensor<?x1x1xf32>,
                       %w: tensor<1x1x1xf32>) -> tensor<?x1x1xf32> {
  %y = eqc.linear S(1) order 1 -> 1
      x(%x : tensor<?x1x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 | i1"] : tensor<?x1x1xf32>
  return %y : tensor<?x1x1xf32>
}

// The generic form, with the defaults left out.

// CHECK-LABEL: @generic
// CHECK: eqc.linear S(?) order 1 -> 1 {{.*}} diagrams ["o1 i1"] : tensor<?x?x1xf32>
func.func @generic(%x: tensor<?x?x1xf32>,
                   %w: tensor<1x1x1xf32>) -> tensor<?x?x1xf32> {
  %y = "eqc.linear"(%x, %w) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, group = #eqc.group<S>, n = -1 : i64, k = 1 : i64,
      l = 1 : i64, diagrams = [#eqc.diagram<"o1 i1">]}>
      : (tensor<?x?x1xf32>, tensor<1x1x1xf32>) -> tensor<?x?x1xf32>
  return %y : tensor<?x?x1xf32>
}

// Axes of two spaces: each vertex names its space, and x has the sizes of its axes.

// CHECK-LABEL: @two_spaces
// CHECK: eqc.linear [users: S(3), items: S(4)] order 2 -> 1 {{.*}} bias(%{{.*}} : tensor<1x1xf32>) diagrams ["o1:0 i1:0 | i2:1", "o1:0 | i1:0 | i2:1"] bias_diagrams ["o1:0"] : tensor<?x3x1xf32>
func.func @two_spaces(%x: tensor<?x3x4x1xf32>, %w: tensor<2x1x1xf32>,
                      %b: tensor<1x1xf32>) -> tensor<?x3x1xf32> {
  %y = eqc.linear [users: S(3), items: S(4)] order 2 -> 1
      x(%x : tensor<?x3x4x1xf32>) weight(%w : tensor<2x1x1xf32>)
      bias(%b : tensor<1x1xf32>)
      diagrams ["o1:0 i1:0 | i2:1", "o1:0 | i1:0 | i2:1"] bias_diagrams ["o1:0"]
      : tensor<?x3x1xf32>
  return %y : tensor<?x3x1xf32>
}

// -----

// Axes of a dual have an apostrophe, those of one space and of several.

// CHECK-LABEL: @duals
// CHECK: eqc.linear GL(3) order 3 -> 1 {{.*}} diagrams ["o1 i1 | i2' i3", "o1 i3 | i1 i2'"] : tensor<?x3x1xf32>
func.func @duals(%x: tensor<?x3x3x3x1xf32>, %w: tensor<2x1x1xf32>) -> tensor<?x3x1xf32> {
  %y = eqc.linear GL(3) order 3 -> 1
      x(%x : tensor<?x3x3x3x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["o1 i1 | i3 i2'", "o1 i3 | i1 i2'"] : tensor<?x3x1xf32>
  return %y : tensor<?x3x1xf32>
}

// CHECK-LABEL: @duals_of_a_factor
// CHECK: diagrams ["o1:0 i1:0 | i2:1 i3:1'"] : tensor<?x3x1xf32>
func.func @duals_of_a_factor(%x: tensor<?x3x4x4x1xf32>, %w: tensor<1x1x1xf32>) -> tensor<?x3x1xf32> {
  %y = eqc.linear [users: S(3), V: GL(4)] order 3 -> 1
      x(%x : tensor<?x3x4x4x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:0 i1:0 | i2:1 i3:1'"] : tensor<?x3x1xf32>
  return %y : tensor<?x3x1xf32>
}

// -----

// Axes with a symmetry: a diagram stands for its orbit.

// CHECK-LABEL: @symmetric
// CHECK: eqc.linear O(3) order 2 -> 2 {{.*}} diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2"] in_symmetry ["(1 2)"] out_symmetry ["(1 2)"] : tensor<?x3x3x1xf32>
// CHECK: eqc.grad_weight O(3) order 2 -> 2 {{.*}} in_symmetry ["(1 2)"] : tensor<2x1x1xf32>
func.func @symmetric(%x: tensor<?x3x3x1xf32>, %w: tensor<2x1x1xf32>)
    -> (tensor<?x3x3x1xf32>, tensor<2x1x1xf32>) {
  %y = eqc.linear O(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2"]
      in_symmetry ["(1 2)"] out_symmetry ["(1 2)"] : tensor<?x3x3x1xf32>
  %dw = eqc.grad_weight O(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) grad_y(%y : tensor<?x3x3x1xf32>)
      diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2"]
      in_symmetry ["(1 2)"] : tensor<2x1x1xf32>
  return %y, %dw : tensor<?x3x3x1xf32>, tensor<2x1x1xf32>
}
