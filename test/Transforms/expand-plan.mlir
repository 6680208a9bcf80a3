// RUN: %eqc-opt %s --eqc-choose-plans=plan=shared --eqc-expand-plan | FileCheck %s
// RUN: %eqc-opt %s --eqc-choose-plans=plan=factored --eqc-expand-plan | FileCheck %s --check-prefix=FACTORED
// RUN: %eqc-opt %s --eqc-choose-plans=plan=dense --eqc-expand-plan | FileCheck %s --check-prefix=DENSE

// Sum over all members once, mix it once, broadcast it into the output.

// CHECK-LABEL: @deepsets
// CHECK-SAME: eqc.plan = "shared"
// CHECK: %[[X:.*]] = eqc.to_rows
// CHECK: %[[W:.*]] = eqc.pack %{{.*}} order [1, 0]
// CHECK: %[[SUM:.*]] = eqc.read S(5) x(%[[X]] : {{.*}}) patterns ["~1" from "1"]
// CHECK: %[[NODE:.*]] = eqc.mix S(5) propagating 0 x({{.*}}) reads(%[[SUM]] : {{.*}}) weights(%[[W]] : {{.*}}) from 0 bias(
// CHECK-SAME: targets ["~1"] diagrams ["o1 | i1"] bias_diagrams ["o1"] rows [0]
// CHECK: %[[Y:.*]] = eqc.mix S(5) propagating 1 {{.*}} nodes(%[[NODE]] : {{.*}}) weights(%[[W]] : {{.*}}) from 1
// CHECK-SAME: targets ["1"] diagrams ["o1 i1"] broadcasts ["~1" into "1"]
// CHECK: eqc.from_rows %[[Y]]

// FACTORED-LABEL: @deepsets
// FACTORED: %[[X:.*]] = eqc.to_rows
// FACTORED: %[[W:.*]] = eqc.pack %{{.*}} order [0, 1]
// FACTORED: %[[P:.*]] = eqc.to_planar S(5) %[[X]] by {{\[\[}}0], [0]] : tensor<?x5x4xf32> -> tensor<?x10x4xf32>
// FACTORED: %[[C:.*]] = eqc.contract S(5) %[[P]] patterns ["1", "~1"] : tensor<?x10x4xf32> -> tensor<?x6x4xf32>
// FACTORED: %[[M:.*]] = eqc.mix_each S(5) %[[C]] orders [1, 0] weights(%[[W]] : {{.*}}) : tensor<?x6x4xf32> -> tensor<?x6x8xf32>
// FACTORED: %[[E:.*]] = eqc.expand S(5) %[[M]] patterns ["1", "~1"] : tensor<?x6x8xf32> -> tensor<?x10x8xf32>
// FACTORED: %[[Y:.*]] = eqc.from_planar S(5) %[[E]] by {{\[\[}}0], [0]] : tensor<?x10x8xf32> -> tensor<?x5x8xf32>
// FACTORED: %[[B:.*]] = eqc.add_bias S(5) order 1 %[[Y]] bias(%{{.*}} : tensor<1x8xf32>) diagrams ["o1"] : tensor<?x5x8xf32>
// FACTORED: eqc.from_rows %[[B]]

// DENSE-LABEL: @deepsets
// DENSE-NOT: eqc.linear
// DENSE: %[[M:.*]] = eqc.assemble S(5) order 1 -> 1 %{{.*}} diagrams ["o1 i1", "o1 | i1"] : tensor<2x4x8xf32> -> tensor<20x40xf32>
// DENSE: %[[B:.*]] = eqc.assemble S(5) order 0 -> 1 %{{.*}} diagrams ["o1"] : tensor<1x8xf32> -> tensor<1x40xf32>
// DENSE: eqc.multiply %{{.*}} by %[[M]] plus %[[B]]
func.func @deepsets(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>, %b: tensor<1x8xf32>) -> tensor<?x5x8xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<2x4x8xf32>) bias(%b : tensor<1x8xf32>)
      diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// A diagonal is no broadcast: it is written into the output afterwards.

// CHECK-LABEL: @diagonal
// CHECK: %[[NODE:.*]] = eqc.mix {{.*}} targets ["1 2"]
// CHECK: %[[Y:.*]] = eqc.mix {{.*}} targets ["1 | 2"] diagrams []
// CHECK: eqc.write S(5) nodes(%[[NODE]] : {{.*}}) patterns ["1 2" into "1 | 2"] %[[Y]]
func.func @diagonal(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x5x8xf32> {
  %y = eqc.linear S(5) order 1 -> 2 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 o2 i1"] : tensor<?x5x5x8xf32>
  return %y : tensor<?x5x5x8xf32>
}

// The plan that a layer asks for wins.

// CHECK-LABEL: @asked
// CHECK-SAME: eqc.plan = "dense"
// CHECK: eqc.multiply
func.func @asked(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] {eqc.plan = #eqc.plan<name = "dense">} : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}
