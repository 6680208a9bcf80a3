// RUN: %eqc-opt %s --eqc-choose-plans=plan=schur --eqc-expand-plan | FileCheck %s

// Matrices over R^3 are trace, antisymmetric part and traceless symmetric part, of
// dimensions 1 + 3 + 5. The identity's diagram and the transposition act on
// them by 1, 1, 1 and 1, -1, 1, the trace and the bias on the first alone.

// CHECK-LABEL: @matrices
// CHECK: %[[X:.*]] = eqc.to_rows
// CHECK: %[[W:.*]] = eqc.pack %{{.*}} order {{\[\[}}0 : {{.*}}, 1 : [[A:.*]], 2 : [[A]]], [1 : [[B:.*]], 2 : -[[B]]], [1 : [[C:.*]], 2 : [[C]]]] : tensor<3x4x8xf32> -> tensor<3x4x8xf32>
// CHECK: %[[BIAS:.*]] = eqc.transform %{{.*}} to [0] : (tensor<1x8xf32>) -> tensor<1x8xf32>
// CHECK: %[[STORED:.*]] = eqc.transform %[[X]] to [{{.*}}] : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
// CHECK: %[[TRACE:.*]] = eqc.mix_copies O(3) dimension 1 %[[STORED]] weights(%[[W]] : {{.*}}) from 0 bias(%[[BIAS]] : {{.*}}) targets {{\[\[}}0] bias 0] : tensor<?x9x4xf32> -> tensor<?x1x8xf32>
// CHECK: %[[ANTI:.*]] = eqc.mix_copies O(3) dimension 3 %[[STORED]] weights(%[[W]] : {{.*}}) from 1 targets {{\[\[}}1]] : tensor<?x9x4xf32> -> tensor<?x3x8xf32>
// CHECK: %[[SYMMETRIC:.*]] = eqc.mix_copies O(3) dimension 5 %[[STORED]] weights(%[[W]] : {{.*}}) from 2 targets {{\[\[}}4]] : tensor<?x9x4xf32> -> tensor<?x5x8xf32>
// CHECK: %[[Y:.*]] = eqc.transform %[[TRACE]], %[[ANTI]], %[[SYMMETRIC]] to
// CHECK: eqc.from_rows %[[Y]]
func.func @matrices(%x: tensor<?x3x3x4xf32>, %w: tensor<3x4x8xf32>, %b: tensor<1x8xf32>) -> tensor<?x3x3x8xf32> {
  %y = eqc.linear O(3) order 2 -> 2 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<3x4x8xf32>) bias(%b : tensor<1x8xf32>)
      diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 i2 | o2 i1"] bias_diagrams ["o1 o2"] : tensor<?x3x3x8xf32>
  return %y : tensor<?x3x3x8xf32>
}

// Two strands: weights are those of the trivial and of the sign representation.

// CHECK-LABEL: @strands
// CHECK: %[[X:.*]] = eqc.to_rows
// CHECK: %[[W:.*]] = eqc.pack %{{.*}} order {{\[\[}}0 : 5.000000e-01, 1 : 5.000000e-01], [0 : 5.000000e-01, 1 : -5.000000e-01]]
// CHECK: eqc.mix S(?) propagating 2 x(%[[X]] : {{.*}}) weights(%[[W]] : {{.*}}) from 0 basis strands(2) targets ["1 | 2"] diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"]
func.func @strands(%x: tensor<?x?x?x64xf32>, %w: tensor<2x64x64xf32>) -> tensor<?x?x?x64xf32> {
  %y = eqc.linear S(?) order 2 -> 2 x(%x : tensor<?x?x?x64xf32>) weight(%w : tensor<2x64x64xf32>)
      diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"] : tensor<?x?x?x64xf32>
  return %y : tensor<?x?x?x64xf32>
}
