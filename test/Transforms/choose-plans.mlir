// RUN: %eqc-opt %s --eqc-choose-plans="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" | FileCheck %s
// RUN: %eqc-opt %s --eqc-choose-plans="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" --remark-format=emitRemark --remarks-filter=eqc-choose-plans 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: %eqc-opt %s --eqc-add-gradients --eqc-choose-plans="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" | FileCheck %s --check-prefix=GRAD
// RUN: %eqc-opt %s --eqc-choose-plans="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3 compare=true" | FileCheck %s --check-prefix=COMPARE
// RUN: not %eqc-opt %s --eqc-choose-plans=plan=fast 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: unknown plan 'fast', expected one of auto, shared, schur, factored, dense

// A size of the caller's choice: compared at 32, and never dense.

// CHECK-LABEL: @dynamic
// CHECK: eqc.plan = #eqc.plan<name = "shared", n = 32, batch = 8, target = "AVX2", compared = {factored = #eqc.cost<{{[^>]*}}call_ps = {{[0-9]+}}>, schur = #eqc.cost<{{[^>]*}}>, shared = #eqc.cost<multiply_adds = 135168, additions = 1984, scratch = 512, packed = 32768, pack_ps = {{[0-9]+}}, sample_ps = {{[0-9]+}}, call_ps = {{[0-9]+}}>}, refused = {dense = "n is given at run time"}>
// REMARK-DAG: dense is refused: n is given at run time
// REMARK-DAG: shared is predicted to take {{.*}} compared at n = 32 and batch = 8 with AVX2
// The gradient is told only what the plan of the layer promises.
// GRAD-LABEL: @dynamic.grad_x
// GRAD: eqc.plan = #eqc.plan<name = "{{shared|factored}}"{{.*}}schur = "it promises less than shared, the plan of the layer"
func.func @dynamic(%x: tensor<?x?x64xf32>, %w: tensor<2x64x64xf32>) -> tensor<?x?x64xf32> attributes {eqc.batch = 8} {
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x64xf32>) weight(%w : tensor<2x64x64xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}

// What is wanted is kept, also for the gradient; the basis of schur is settled.

// CHECK-LABEL: @wanted
// CHECK: eqc.plan = #eqc.plan<name = "factored">
// GRAD-LABEL: @wanted.grad_x
// GRAD: eqc.plan = #eqc.plan<name = "factored">
// On demand it is compared with the others all the same.
// COMPARE-LABEL: @wanted
// COMPARE: eqc.plan = #eqc.plan<name = "factored", n = 4, batch = 32, target = "AVX2", compared = {dense = #eqc.cost<multiply_adds = 512, {{[^>]*}}>, factored = #eqc.cost<{{[^>]*}}>, schur = #eqc.cost<{{[^>]*}}>, shared = #eqc.cost<multiply_adds = 128, {{[^>]*}}>}>
func.func @wanted(%x: tensor<?x4x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x4x8xf32> {
  %y = eqc.linear Sp(4) order 1 -> 1 x(%x : tensor<?x4x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] {eqc.plan = #eqc.plan<name = "factored">} : tensor<?x4x8xf32>
  return %y : tensor<?x4x8xf32>
}

// CHECK-LABEL: @basis
// CHECK: eqc.plan = #eqc.plan<name = "schur", basis = "strands">
func.func @basis(%x: tensor<?x?x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x?x8xf32> {
  %y = eqc.linear O(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] {eqc.plan = #eqc.plan<name = "schur">} : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: @rotations
// CHECK: eqc.plan = #eqc.plan<name = "{{[a-z]+}}"{{.*}}n = 3, batch = 32, target = "AVX2"
func.func @rotations(%x: tensor<?x3x3x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x3x8xf32> {
  %y = eqc.linear SO(3) order 2 -> 1 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["* o1 i1 i2"] : tensor<?x3x8xf32>
  return %y : tensor<?x3x8xf32>
}
