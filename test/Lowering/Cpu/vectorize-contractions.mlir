// A channel mix on a static tile becomes a loop over input channels that carries
// its accumulators as a vector; the tile is never stored in between.
// RUN: %eqc-opt %s --pass-pipeline='builtin.module(func.func(eqc-vectorize-contractions,canonicalize,cse,loop-invariant-code-motion,eqc-hoist-accumulators,canonicalize))' --verify-diagnostics | FileCheck %s

#view = affine_map<(s, r, c, k) -> (s, r, k)>
#weights = affine_map<(s, r, c, k) -> (k, c)>
#tile = affine_map<(s, r, c, k) -> (s, r, c)>

// CHECK-LABEL: func.func @mix
func.func @mix(%view: tensor<2x4x16xf32>, %weights: tensor<16x32xf32>,
               %start: vector<2x4x32xf32>) -> vector<2x4x32xf32> {
  // CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<2x4x32xf32>)
  // CHECK: vector.contract
  // CHECK-SAME: into vector<2x4x32xf32>
  // CHECK: scf.yield
  // CHECK-NOT: linalg.contract
  // CHECK: return %[[SUM]]
  %zero = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2x4x32xf32>
  %init = vector.transfer_write %start, %empty[%zero, %zero, %zero] {in_bounds = [true, true, true]} : vector<2x4x32xf32>, tensor<2x4x32xf32>
  %sum = linalg.contract indexing_maps = [#view, #weights, #tile] ins(%view, %weights : tensor<2x4x16xf32>, tensor<16x32xf32>) outs(%init : tensor<2x4x32xf32>) -> tensor<2x4x32xf32>
  %result = vector.transfer_read %sum[%zero, %zero, %zero], %pad {in_bounds = [true, true, true]} : tensor<2x4x32xf32>, vector<2x4x32xf32>
  return %result : vector<2x4x32xf32>
}

// A tile whose size is not known stays what it is.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%view: tensor<1x?x16xf32>, %weights: tensor<16x32xf32>,
                   %init: tensor<1x?x32xf32>) -> tensor<1x?x32xf32> {
  // CHECK: linalg.contract
  // expected-remark @below {{channel mix left as scalar loops: its tile is not static}}
  %sum = linalg.contract indexing_maps = [#view, #weights, #tile] ins(%view, %weights : tensor<1x?x16xf32>, tensor<16x32xf32>) outs(%init : tensor<1x?x32xf32>) -> tensor<1x?x32xf32>
  return %sum : tensor<1x?x32xf32>
}
