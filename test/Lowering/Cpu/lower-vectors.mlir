// Products of tiles become multiply-adds of rows, 16x16 transposes shuffles.
// RUN: %eqc-opt %s --pass-pipeline='builtin.module(func.func(eqc-lower-vectors))' | FileCheck %s

#view = affine_map<(s, r, c, k) -> (s, r, k)>
#weights = affine_map<(s, r, c, k) -> (k, c)>
#tile = affine_map<(s, r, c, k) -> (s, r, c)>

// CHECK-LABEL: func.func @product
func.func @product(%view: vector<1x2x1xf32>, %weights: vector<1x32xf32>,
                   %acc: vector<1x2x32xf32>) -> vector<1x2x32xf32> {
  // CHECK-NOT: vector.contract
  // CHECK: vector.fma %{{.*}} : vector<32xf32>
  // CHECK: vector.fma %{{.*}} : vector<32xf32>
  // CHECK-NOT: vector.fma
  %sum = vector.contract {indexing_maps = [#view, #weights, #tile], iterator_types = ["parallel", "parallel", "parallel", "reduction"], kind = #vector.kind<add>} %view, %weights, %acc : vector<1x2x1xf32>, vector<1x32xf32> into vector<1x2x32xf32>
  return %sum : vector<1x2x32xf32>
}

// CHECK-LABEL: func.func @transpose
func.func @transpose(%tile: vector<16x16xf32>) -> vector<16x16xf32> {
  // CHECK-NOT: vector.transpose
  // CHECK: vector.shuffle
  %turned = vector.transpose %tile, [1, 0] : vector<16x16xf32> to vector<16x16xf32>
  return %turned : vector<16x16xf32>
}
