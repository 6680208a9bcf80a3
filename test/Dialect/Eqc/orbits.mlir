// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// Groups that are spelled out are printed in one way, orbits with their sizes.

// CHECK-LABEL: @ring
// CHECK: eqc.linear Graph(3, "0-1 0-2 1>2:7 1:4") order 1 -> 1
// CHECK-SAME: diagrams ["o1=0 i1=0 # 1 1 1 1", "o1=2 i1=1 # 1 1 1 1"]
func.func @ring(%x: tensor<?x3x2xf32>, %w: tensor<2x2x4xf32>) -> tensor<?x3x4xf32> {
  %y = eqc.linear Graph(3, "2-0 1>2:7, 1-0 1:4") order 1 -> 1
      x(%x : tensor<?x3x2xf32>) weight(%w : tensor<2x2x4xf32>)
      diagrams ["o1=0 i1=0 # 1 1 1 1", "i1=1 o1=2 # 1 1 1 1"] : tensor<?x3x4xf32>
  return %y : tensor<?x3x4xf32>
}

// CHECK-LABEL: @attributes
// CHECK-SAME: group = #eqc.group<Perm(4, "(0 1)", "(2 3)")>
// CHECK-SAME: joined = #eqc.pattern<"1=0 2=1 > 3 # 4 1">
// CHECK-SAME: own = #eqc.pattern<"1=0 # 2 1">
// CHECK-SAME: summed = #eqc.pattern<"1=0 > # 1 2">
func.func private @attributes() attributes {
  group = #eqc.group<Perm(4, "(1 0)", "(2,3)")>,
  joined = #eqc.pattern<"2=1 1=0 > 3 # 4 1">,
  own = #eqc.pattern<"1=0 # 2 1">,
  summed = #eqc.pattern<"1=0 > # 1 2">
}

// Beside other spaces the values are a block, and the sizes stand behind all.

// CHECK-LABEL: @beside
// CHECK: eqc.linear [atoms: Graph(3, "0-1 0-2"), xyz: SO(3)] order 3 -> 2
// CHECK-SAME: diagrams ["o1:0=1 i1:0=0 | * o2:1 i2:1 i3:1 # 2 1 2 1"]
func.func @beside(%x: tensor<?x3x3x3x2xf32>, %w: tensor<1x2x4xf32>) -> tensor<?x3x3x4xf32> {
  %y = eqc.linear [atoms: Graph(3, "2-0 0-1"), xyz: SO(3)] order 3 -> 2
      x(%x : tensor<?x3x3x3x2xf32>) weight(%w : tensor<1x2x4xf32>)
      diagrams ["* i3:1 i2:1 o2:1 | i1:0=0 o1:0=1 # 2 1 2 1"] : tensor<?x3x3x4xf32>
  return %y : tensor<?x3x3x4xf32>
}

// CHECK-LABEL: @rows_beside
// CHECK-SAME: beside = #eqc.pattern<"1:1 3:1 | 2:0=0 4:0=2 | ~5:1 > 1 # 4 1">
// CHECK-SAME: own = #eqc.pattern<"1:2=0 | * 2:0 # 2 1">
func.func private @rows_beside() attributes {
  beside = #eqc.pattern<"4:0=2 2:0=0 | ~ 5:1 | 3:1 1:1 > 1 # 4 1">,
  own = #eqc.pattern<"* 2:0 | 1:2=0 # 2 1">
}
