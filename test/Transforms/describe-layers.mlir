// RUN: %eqc-opt %s --eqc-add-gradients --eqc-describe-layers --split-input-file | FileCheck %s

// All that programs are told of a layer, whose function is gone when its C functions
// are made. The gradient of x is no layer of its own for them. SO(2) in one axis has the
// identity, and the rotation by a right angle, whose transpose is minus itself.

// CHECK: module attributes {eqc.interfaces = [#eqc.interface<{abi = 1 : i64, batch = 8 : i64, bias_diagrams = 0 : i64
// CHECK-SAME: bias_size = 0 : i64, c_in = 3 : i64, c_in2 = 0 : i64, c_out = 4 : i64, depthwise = 0 : i64, diagrams = 2 : i64
// CHECK-SAME: dtype = "f32", group = "SO", has_backward = 1 : i64, hash = "{{[0-9a-f]+}}", k = 1 : i64, k2 = -1 : i64, l = 1 : i64
// CHECK-SAME: layout = "channels_last", maps = "+00+**;", n = 2 : i64, name = "turn", normalize = "none", options = "", plan = "", pool = "sum", space = ":SO(2)", spaces = 1 : i64
// CHECK-SAME: diagrams = all\0A
// CHECK-SAME: weight_size = 24 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0, -1, 0]>]}
// CHECK: func.func @turn.grad_x
func.func @turn(%x: tensor<?x2x3xf32>, %w: tensor<2x3x4xf32>) -> tensor<?x2x4xf32>
    attributes {eqc.diagrams = "all", eqc.batch = 8 : i64} {
  %y = eqc.linear SO(2) order 1 -> 1 x(%x : tensor<?x2x3xf32>) weight(%w : tensor<2x3x4xf32>)
      diagrams ["o1 i1", "* o1 i1"] : tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}

// -----

// Of a product the spaces and which each axis is of, and how often the weights on the way
// to the gradient of x are divided by the size of each: the sum over the second space
// becomes a copy there, which is no mean.

// CHECK: group = "users:S items:S"
// CHECK-SAME: n = -2 : i64
// CHECK-SAME: space = "users:S(3) items:S(4)", spaces = 2 : i64
// CHECK-SAME: spec = "space users = S(3)\0Aspace items = S(4)\0Alayer pool {\0A  k = users items\0A  l = users
// CHECK-SAME: x_axes = array<i32: 0, 1>, y_axes = array<i32: 0>} flips [1, 0, 1, 1, 0, 1]>]}
func.func @pool(%x: tensor<?x3x4x1xf32>, %w: tensor<2x1x1xf32>) -> tensor<?x3x1xf32> {
  %y = eqc.linear [users: S(3), items: S(4)] order 2 -> 1 x(%x : tensor<?x3x4x1xf32>)
      weight(%w : tensor<2x1x1xf32>) diagrams ["o1:0 i1:0 | i2:1", "o1:0 | i1:0 | i2:1"]
      normalize mean : tensor<?x3x1xf32>
  return %y : tensor<?x3x1xf32>
}

// -----

// The only space of a layer has a name where axes are typed.

// CHECK: group = "users:S"
// CHECK-SAME: n = -1 : i64
// CHECK-SAME: space = "users:S(?)", spaces = 1 : i64
func.func @sets(%x: tensor<?x?x1xf32>, %w: tensor<1x1x1xf32>) -> tensor<?x?x1xf32>
    attributes {eqc.space = "users"} {
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 i1"] : tensor<?x?x1xf32>
  return %y : tensor<?x?x1xf32>
}

// -----

// Diagrams that nobody named are a list, and a function without a layer is none.

// CHECK: name = "sums"
// CHECK-SAME: diagrams = [\22o1 | i1\22]\0A
// CHECK-NOT: #eqc.interface
func.func @other(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  return %x : tensor<?x?xf64>
}
func.func @sums(%x: tensor<?x?x1xf64>, %w: tensor<1x1x1xf64>) -> tensor<?x?x1xf64> {
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x1xf64>) weight(%w : tensor<1x1x1xf64>)
      diagrams ["o1 | i1"] : tensor<?x?x1xf64>
  return %y : tensor<?x?x1xf64>
}
