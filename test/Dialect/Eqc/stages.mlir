// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// The examples of the descriptions, where they stand in the stages of a layer.

// CHECK-LABEL: @shared
func.func @shared(%t: tensor<?x16x5x5xf32>, %weight: tensor<2x16x32xf32>) -> tensor<?x5x5x32xf32> {
  // CHECK: %[[X:.*]] = eqc.to_rows %{{.*}} layout channels_first : tensor<?x16x5x5xf32> -> tensor<?x25x16xf32>
  %x = eqc.to_rows %t layout channels_first
      : tensor<?x16x5x5xf32> -> tensor<?x25x16xf32>
  // CHECK: %[[PACKED:.*]] = eqc.pack %{{.*}} order [1, 0]
  %packed = eqc.pack %weight order [1, 0]
      : tensor<2x16x32xf32> -> tensor<2x16x32xf32>
  // CHECK: %[[READ:.*]] = eqc.read S(5) x(%[[X]] : tensor<?x25x16xf32>)
  // CHECK-SAME: patterns ["1 | ~2" from "1 | 2", "~1 | 2" from "1 | 2"] : tensor<?x10x16xf32>
  %read = eqc.read S(5) x(%x : tensor<?x25x16xf32>)
      patterns ["1 | ~2" from "1 | 2", "~1 | 2" from "1 | 2"]
      : tensor<?x10x16xf32>
  // CHECK: %[[MIXED:.*]] = eqc.mix S(5) propagating 1 x(%[[X]] : {{.*}}) reads(%[[READ]] : {{.*}}) weights(%[[PACKED]] : {{.*}}) from 0
  // CHECK-SAME: targets ["1 2"] diagrams ["o1 o2 i1 i2", "o1 o2 i1 | i2"] : tensor<?x5x32xf32>
  %mixed = eqc.mix S(5) propagating 1 x(%x : tensor<?x25x16xf32>)
      reads(%read : tensor<?x10x16xf32>)
      weights(%packed : tensor<2x16x32xf32>) from 0
      targets ["1 2"] diagrams ["o1 o2 i1 i2", "o1 o2 i1 | i2"]
      : tensor<?x5x32xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x25x16xf32>)
      weights(%packed : tensor<2x16x32xf32>) from 2
      targets ["1 | 2"] diagrams [] : tensor<?x25x32xf32>
  // CHECK: eqc.write S(5) nodes(%[[MIXED]] : tensor<?x5x32xf32>) patterns ["1 2" into "1 | 2"] %{{.*}} : tensor<?x25x32xf32>
  %y1 = eqc.write S(5) nodes(%mixed : tensor<?x5x32xf32>)
      patterns ["1 2" into "1 | 2"] %y0 : tensor<?x25x32xf32>
  // CHECK: eqc.from_rows %{{.*}} : tensor<?x25x32xf32> -> tensor<?x5x5x32xf32>
  %y = eqc.from_rows %y1 : tensor<?x25x32xf32> -> tensor<?x5x5x32xf32>
  return %y : tensor<?x5x5x32xf32>
}

// Broadcasts and a bias; sizes given at run time.

// CHECK-LABEL: @bias
func.func @bias(%t: tensor<?x?x16xf32>, %packed: tensor<2x16x32xf32>, %b: tensor<1x32xf32>) -> tensor<?x?x32xf32> {
  %x = eqc.to_rows %t : tensor<?x?x16xf32> -> tensor<?x?x16xf32>
  // CHECK: eqc.read {{.*}} normalize mean : tensor<?x1x16xf32>
  %sum = eqc.read S(?) x(%x : tensor<?x?x16xf32>) patterns ["~1" from "1"] normalize mean : tensor<?x1x16xf32>
  // CHECK: bias(%{{.*}} : tensor<1x32xf32>) {{.*}} bias_diagrams ["o1"] rows [0] : tensor<?x1x32xf32>
  %node = eqc.mix S(?) propagating 0 x(%x : tensor<?x?x16xf32>) reads(%sum : tensor<?x1x16xf32>)
      weights(%packed : tensor<2x16x32xf32>) from 0 bias(%b : tensor<1x32xf32>)
      targets ["~1"] diagrams ["o1 | i1"] bias_diagrams ["o1"] rows [0] : tensor<?x1x32xf32>
  // CHECK: nodes(%{{.*}} : tensor<?x1x32xf32>) {{.*}} broadcasts ["~1" into "1"] : tensor<?x?x32xf32>
  %y = eqc.mix S(?) propagating 1 x(%x : tensor<?x?x16xf32>) nodes(%node : tensor<?x1x32xf32>)
      weights(%packed : tensor<2x16x32xf32>) from 1
      targets ["1"] diagrams ["o1 i1"] broadcasts ["~1" into "1"] : tensor<?x?x32xf32>
  return %y : tensor<?x?x32xf32>
}

// Two mixes of the same strands: both bottom patterns are views of x.

// CHECK-LABEL: @strands
func.func @strands(%x: tensor<?x25x16xf32>, %weight: tensor<2x16x32xf32>) -> tensor<?x25x32xf32> {
  // CHECK: eqc.pack %{{.*}} order [1, 0, [0 : 5.000000e-01, 1 : -1.000000e+00]] : tensor<2x16x32xf32> -> tensor<3x16x32xf32>
  %other = eqc.pack %weight order [1, 0, [0 : 5.000000e-01, 1 : -1.000000e+00]]
      : tensor<2x16x32xf32> -> tensor<3x16x32xf32>
  %packed = eqc.pack %weight order [[0 : 5.000000e-01, 1 : 5.000000e-01], [0 : 5.000000e-01, 1 : -5.000000e-01]]
      : tensor<2x16x32xf32> -> tensor<2x16x32xf32>
  // CHECK: eqc.mix S(5) propagating 2 {{.*}} from 0 basis strands(2) targets ["1 | 2"] diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"]
  %y = eqc.mix S(5) propagating 2 x(%x : tensor<?x25x16xf32>)
      weights(%packed : tensor<2x16x32xf32>) from 0 basis strands(2)
      targets ["1 | 2"] diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"]
      : tensor<?x25x32xf32>
  return %y : tensor<?x25x32xf32>
}

// CHECK-LABEL: @isotypic
func.func @isotypic(%x: tensor<?x6x16xf32>, %packed: tensor<2x16x32xf32>, %b: tensor<2x32xf32>) -> tensor<?x3x32xf32> {
  // CHECK: eqc.mix_copies O(3) dimension 3 %{{.*}} weights(%{{.*}} : tensor<2x16x32xf32>) from 0 targets {{\[\[}}0, 3]] : tensor<?x6x16xf32> -> tensor<?x3x32xf32>
  %nodes = eqc.mix_copies O(3) dimension 3 %x
      weights(%packed : tensor<2x16x32xf32>) from 0
      targets [[0, 3]] : tensor<?x6x16xf32> -> tensor<?x3x32xf32>
  // CHECK: eqc.transform %{{.*}} to [{{\[}}0 : 0.33333333333333331, 1 : -3.000000e+00]] : (tensor<2x32xf32>) -> tensor<1x32xf32>
  %bias = eqc.transform %b to [[0 : 0.33333333333333331, 1 : -3.0]] : (tensor<2x32xf32>) -> tensor<1x32xf32>
  // CHECK: bias(%{{.*}} : tensor<1x32xf32>) targets {{\[\[}}5] bias 0, []] :
  %more = eqc.mix_copies O(3) dimension 1 %x
      weights(%packed : tensor<2x16x32xf32>) from 1 bias(%bias : tensor<1x32xf32>)
      targets [[5] bias 0, []] : tensor<?x6x16xf32> -> tensor<?x2x32xf32>
  // CHECK: eqc.transform %{{.*}}, %{{.*}} to [3, [], [0 : 2.000000e+00]] : (tensor<?x3x32xf32>, tensor<?x2x32xf32>) -> tensor<?x3x32xf32>
  %y = eqc.transform %nodes, %more to [3, [], [0 : 2.0]] : (tensor<?x3x32xf32>, tensor<?x2x32xf32>) -> tensor<?x3x32xf32>
  return %y : tensor<?x3x32xf32>
}

// CHECK-LABEL: @transform
// CHECK: eqc.transform %{{.*}} to {{\[\[}}0 : 5.000000e-01, 1 : 5.000000e-01], 0]
func.func @transform(%x: tensor<?x2x16xf32>) -> tensor<?x2x16xf32> {
  %means = eqc.transform %x to [[0 : 5.000000e-01, 1 : 5.000000e-01], 0]
      : (tensor<?x2x16xf32>) -> tensor<?x2x16xf32>
  return %means : tensor<?x2x16xf32>
}

// CHECK-LABEL: @factored
func.func @factored(%x: tensor<?x25x16xf32>, %w: tensor<2x16x32xf32>, %b: tensor<1x32xf32>) -> tensor<?x25x32xf32> {
  // CHECK: eqc.to_planar S(5) %{{.*}} by {{\[\[}}0, 1], [1, 0]] : tensor<?x25x16xf32> -> tensor<?x50x16xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]]
      : tensor<?x25x16xf32> -> tensor<?x50x16xf32>
  // CHECK: eqc.contract S(5) %{{.*}} patterns ["1 | ~2", "1 | 2"] : tensor<?x50x16xf32> -> tensor<?x30x16xf32>
  %c = eqc.contract S(5) %p patterns ["1 | ~2", "1 | 2"]
      : tensor<?x50x16xf32> -> tensor<?x30x16xf32>
  // CHECK: eqc.mix_each S(5) %{{.*}} orders [1, 2] weights(%{{.*}} : tensor<2x16x32xf32>) : tensor<?x30x16xf32> -> tensor<?x30x32xf32>
  %m = eqc.mix_each S(5) %c orders [1, 2] weights(%w : tensor<2x16x32xf32>)
      : tensor<?x30x16xf32> -> tensor<?x30x32xf32>
  // CHECK: eqc.expand S(5) %{{.*}} patterns ["1 2", "1 | 2"] : tensor<?x30x32xf32> -> tensor<?x50x32xf32>
  %e = eqc.expand S(5) %m patterns ["1 2", "1 | 2"]
      : tensor<?x30x32xf32> -> tensor<?x50x32xf32>
  // CHECK: eqc.from_planar S(5) %{{.*}} by {{\[\[}}0, 1], [1, 0]] : tensor<?x50x32xf32> -> tensor<?x25x32xf32>
  %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]]
      : tensor<?x50x32xf32> -> tensor<?x25x32xf32>
  // CHECK: eqc.add_bias S(5) order 2 %{{.*}} bias(%{{.*}} : tensor<1x32xf32>) diagrams ["o1 | o2"] : tensor<?x25x32xf32>
  %z = eqc.add_bias S(5) order 2 %y bias(%b : tensor<1x32xf32>)
      diagrams ["o1 | o2"] : tensor<?x25x32xf32>
  return %z : tensor<?x25x32xf32>
}

// CHECK-LABEL: @dense
func.func @dense(%x: tensor<?x5x16xf32>, %w: tensor<2x16x32xf32>, %b: tensor<1x32xf32>) -> (tensor<?x5x32xf32>, tensor<?x32x5xf32>) {
  // CHECK: eqc.assemble S(5) order 1 -> 1 %{{.*}} diagrams ["o1 i1", "o1 | i1"] normalize mean : tensor<2x16x32xf32> -> tensor<80x160xf32>
  %m = eqc.assemble S(5) order 1 -> 1 %w
      diagrams ["o1 i1", "o1 | i1"] normalize mean
      : tensor<2x16x32xf32> -> tensor<80x160xf32>
  // CHECK: eqc.assemble S(5) order 0 -> 1 %{{.*}} diagrams ["o1"] layout channels_first : tensor<1x32xf32> -> tensor<1x160xf32>
  %row = eqc.assemble S(5) order 0 -> 1 %b diagrams ["o1"] layout channels_first : tensor<1x32xf32> -> tensor<1x160xf32>
  // CHECK: eqc.multiply %{{.*}} by %{{.*}} : (tensor<?x5x16xf32>, tensor<80x160xf32>) -> tensor<?x5x32xf32>
  %y = eqc.multiply %x by %m : (tensor<?x5x16xf32>, tensor<80x160xf32>)
      -> tensor<?x5x32xf32>
  // CHECK: eqc.multiply %{{.*}} by %{{.*}} plus %{{.*}} : (tensor<?x5x16xf32>, tensor<80x160xf32>, tensor<1x160xf32>) -> tensor<?x32x5xf32>
  %z = eqc.multiply %x by %m plus %row : (tensor<?x5x16xf32>, tensor<80x160xf32>, tensor<1x160xf32>) -> tensor<?x32x5xf32>
  return %y, %z : tensor<?x5x32xf32>, tensor<?x32x5xf32>
}

// The gradients of weights and bias in the same basis.

// CHECK-LABEL: @gradients_of_copies
func.func @gradients_of_copies(%x: tensor<?x6x16xf32>, %dy: tensor<?x4x32xf32>) -> (tensor<3x16x32xf32>, tensor<1x32xf32>) {
  // CHECK: %[[A:.*]] = eqc.sum_copies O(3) dimension 3 x(%{{.*}} : tensor<?x6x16xf32>) copies [0, 3] grad_y(%{{.*}} : tensor<?x4x32xf32>) copies [1, 1] : tensor<2x16x32xf32>
  %a = eqc.sum_copies O(3) dimension 3 x(%x : tensor<?x6x16xf32>) copies [0, 3]
      grad_y(%dy : tensor<?x4x32xf32>) copies [1, 1] : tensor<2x16x32xf32>
  // CHECK: %[[B:.*]] = eqc.sum_copies O(3) dimension 1
  %b = eqc.sum_copies O(3) dimension 1 x(%x : tensor<?x6x16xf32>) copies [5]
      grad_y(%dy : tensor<?x4x32xf32>) copies [0] : tensor<1x16x32xf32>
  // CHECK: eqc.unpack %[[A]], %[[B]] order [1, [0 : 5.000000e-01, 2 : -1.000000e+00], []] : (tensor<2x16x32xf32>, tensor<1x16x32xf32>) -> tensor<3x16x32xf32>
  %dw = eqc.unpack %a, %b order [1, [0 : 0.5, 2 : -1.0], []]
      : (tensor<2x16x32xf32>, tensor<1x16x32xf32>) -> tensor<3x16x32xf32>
  // CHECK: eqc.sum_rows %{{.*}} rows [0] : tensor<?x4x32xf32> -> tensor<1x32xf32>
  %db = eqc.sum_rows %dy rows [0] : tensor<?x4x32xf32> -> tensor<1x32xf32>
  return %dw, %db : tensor<3x16x32xf32>, tensor<1x32xf32>
}

// CHECK-LABEL: @gradients_of_rows
func.func @gradients_of_rows(%dy: tensor<?x6x32xf32>, %sum: tensor<2x16x32xf32>) -> (tensor<2x16x32xf32>, tensor<2x32xf32>) {
  %sums = eqc.sum_rows %dy rows [0, 4] : tensor<?x6x32xf32> -> tensor<2x32xf32>
  // CHECK: eqc.unpack %{{.*}} order [1, [0 : 5.000000e-01, 1 : -1.000000e+00]]
  %dw = eqc.unpack %sum order [1, [0 : 5.000000e-01, 1 : -1.000000e+00]]
      : (tensor<2x16x32xf32>) -> tensor<2x16x32xf32>
  return %dw, %sums : tensor<2x16x32xf32>, tensor<2x32xf32>
}
