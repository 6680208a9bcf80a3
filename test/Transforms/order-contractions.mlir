// RUN: %eqc-opt %s --eqc-order-contractions --verify-diagnostics | FileCheck %s

// Two blocks of inputs, of one and of two: the larger one goes first and leaves
// n entries, 4 * 5 + 4 additions; the other order leaves n^2, 4 * 25 + 4.

// CHECK-LABEL: @larger_first
// CHECK: eqc.contract S(5) %{{.*}} patterns ["1 | ~2 3"] normalize mean : tensor<?x125x4xf32> -> tensor<?x5x4xf32>
// CHECK-NEXT: %[[C:.*]] = eqc.contract S(5) %{{.*}} patterns ["~1"] normalize mean : tensor<?x5x4xf32> -> tensor<?x1x4xf32>
// CHECK-NEXT: eqc.mix_each S(5) %[[C]]
func.func @larger_first(%x: tensor<?x5x5x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x8xf32> {
  %rows = eqc.to_rows %x : tensor<?x5x5x5x4xf32> -> tensor<?x125x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x8xf32> -> tensor<1x4x8xf32>
  %p = eqc.to_planar S(5) %rows by [[2, 0, 1]] : tensor<?x125x4xf32> -> tensor<?x125x4xf32>
  %a = eqc.contract S(5) %p patterns ["~1 | 2 | 3"] normalize mean : tensor<?x125x4xf32> -> tensor<?x25x4xf32>
  %b = eqc.contract S(5) %a patterns ["~1 2"] normalize mean : tensor<?x25x4xf32> -> tensor<?x1x4xf32>
  // expected-remark @below {{1 of 1 diagrams contract in another order: 24 additions per sample and channel instead of 104}}
  %m = eqc.mix_each S(5) %b orders [0] weights(%packed : tensor<1x4x8xf32>) : tensor<?x1x4xf32> -> tensor<?x1x8xf32>
  %e = eqc.expand S(5) %m patterns ["-"] : tensor<?x1x8xf32> -> tensor<?x1x8xf32>
  %z = eqc.from_planar S(5) %e by [[]] : tensor<?x1x8xf32> -> tensor<?x1x8xf32>
  %y = eqc.from_rows %z : tensor<?x1x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Orders that cost the same stay as they are.

// CHECK-LABEL: @equal
// CHECK: eqc.contract O(3) %{{.*}} patterns ["~1 2 | 3 | 4"]
// CHECK: eqc.contract O(3) %{{.*}} patterns ["~1 2"]
func.func @equal(%x: tensor<?x3x3x3x3x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x8xf32> {
  %rows = eqc.to_rows %x : tensor<?x3x3x3x3x4xf32> -> tensor<?x81x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x8xf32> -> tensor<1x4x8xf32>
  %p = eqc.to_planar O(3) %rows by [[0, 1, 2, 3]] : tensor<?x81x4xf32> -> tensor<?x81x4xf32>
  %a = eqc.contract O(3) %p patterns ["~1 2 | 3 | 4"] : tensor<?x81x4xf32> -> tensor<?x9x4xf32>
  %b = eqc.contract O(3) %a patterns ["~1 2"] : tensor<?x9x4xf32> -> tensor<?x1x4xf32>
  // expected-remark @below {{0 of 1 diagrams contract in another order: 20 additions per sample and channel instead of 20}}
  %m = eqc.mix_each O(3) %b orders [0] weights(%packed : tensor<1x4x8xf32>) : tensor<?x1x4xf32> -> tensor<?x1x8xf32>
  %e = eqc.expand O(3) %m patterns ["-"] : tensor<?x1x8xf32> -> tensor<?x1x8xf32>
  %z = eqc.from_planar O(3) %e by [[]] : tensor<?x1x8xf32> -> tensor<?x1x8xf32>
  %y = eqc.from_rows %z : tensor<?x1x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Two patterns that drop two blocks each are both one sum of the pattern that
// drops the block in common: one sum of the whole input, not two.

// CHECK-LABEL: @shared_on_the_way
// CHECK: %[[X:.*]] = eqc.to_rows
// CHECK: %[[W:.*]] = eqc.pack
// CHECK-NEXT: %[[ONE:.*]] = eqc.read S(5) x(%[[X]] : {{.*}}) patterns ["1 | 2 | ~3" from "1 | 2 | 3"] : tensor<?x25x4xf32>
// CHECK-NEXT: %[[TWO:.*]] = eqc.read S(5) reads(%[[ONE]] : {{.*}}) patterns ["~1 | 2 | ~3" from "1 | 2 | ~3", "1 | ~2 | ~3" from "1 | 2 | ~3"] : tensor<?x10x4xf32>
// CHECK-NEXT: eqc.mix S(5) propagating 1 x(%[[X]] : {{.*}}) reads(%[[TWO]] : {{.*}}) weights(%[[W]] : {{.*}}) from 0
// CHECK-NOT: eqc.read
func.func @shared_on_the_way(%x: tensor<?x5x5x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x8xf32> {
  %rows = eqc.to_rows %x : tensor<?x5x5x5x4xf32> -> tensor<?x125x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  // expected-remark @below {{reading input patterns takes 140 additions per sample and channel instead of 240}}
  %one = eqc.read S(5) x(%rows : tensor<?x125x4xf32>)
      patterns ["1 | ~2 | 3" from "1 | 2 | 3", "~1 | 2 | 3" from "1 | 2 | 3"] : tensor<?x50x4xf32>
  %two = eqc.read S(5) reads(%one : tensor<?x50x4xf32>)
      patterns ["1 | ~2 | ~3" from "1 | ~2 | 3", "~1 | 2 | ~3" from "~1 | 2 | 3"] : tensor<?x10x4xf32>
  %mixed = eqc.mix S(5) propagating 1 x(%rows : tensor<?x125x4xf32>) reads(%two : tensor<?x10x4xf32>)
      weights(%packed : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1 | i2 | i3", "o1 i2 | i1 | i3"] : tensor<?x5x8xf32>
  %y = eqc.from_rows %mixed : tensor<?x5x8xf32> -> tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// As few as any: nothing is touched, not even for a size known at run time.

// CHECK-LABEL: @nothing_to_save
// CHECK: eqc.read S(?) x(%{{.*}}) patterns ["1 | ~2" from "1 | 2"]
// CHECK-NEXT: eqc.mix
func.func @nothing_to_save(%x: tensor<?x?x?x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x?x8xf32> {
  %rows = eqc.to_rows %x : tensor<?x?x?x4xf32> -> tensor<?x?x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x8xf32> -> tensor<1x4x8xf32>
  // expected-remark @below {{reading input patterns takes 56 additions per sample and channel, at n = 8, as few as any way}}
  %one = eqc.read S(?) x(%rows : tensor<?x?x4xf32>) patterns ["1 | ~2" from "1 | 2"] : tensor<?x?x4xf32>
  %mixed = eqc.mix S(?) propagating 1 x(%rows : tensor<?x?x4xf32>) reads(%one : tensor<?x?x4xf32>)
      weights(%packed : tensor<1x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1 | i2"] : tensor<?x?x8xf32>
  %y = eqc.from_rows %mixed : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
