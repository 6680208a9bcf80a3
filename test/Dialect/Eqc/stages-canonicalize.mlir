// RUN: %eqc-opt %s --canonicalize | FileCheck %s

// A pattern that no diagram reads is not read.

// CHECK-LABEL: @dead_pattern
func.func @dead_pattern(%x: tensor<?x25x16xf32>, %w: tensor<1x16x32xf32>) -> tensor<?x5x32xf32> {
  // CHECK: %[[READ:.*]] = eqc.read S(5) {{.*}} patterns ["~1 | 2" from "1 | 2"] : tensor<?x5x16xf32>
  %read = eqc.read S(5) x(%x : tensor<?x25x16xf32>)
      patterns ["1 | ~2" from "1 | 2", "~1 | 2" from "1 | 2"] : tensor<?x10x16xf32>
  // CHECK: eqc.mix {{.*}} reads(%[[READ]] : tensor<?x5x16xf32>)
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x25x16xf32>) reads(%read : tensor<?x10x16xf32>)
      weights(%w : tensor<1x16x32xf32>) from 0
      targets ["1"] diagrams ["o1 i2 | i1"] : tensor<?x5x32xf32>
  return %y : tensor<?x5x32xf32>
}

// A read that another one needs stays; one that nobody needs goes, and with it
// what it was read from.

// CHECK-LABEL: @dead_reads
// CHECK: eqc.read S(5) x(
// CHECK-NEXT: eqc.read S(5) reads(
// CHECK-NEXT: eqc.mix
func.func @dead_reads(%x: tensor<?x25x16xf32>, %w: tensor<1x16x32xf32>) -> tensor<?x1x32xf32> {
  %diagonal = eqc.read S(5) x(%x : tensor<?x25x16xf32>) patterns ["~1 2" from "1 2"] : tensor<?x1x16xf32>
  %rows = eqc.read S(5) x(%x : tensor<?x25x16xf32>) patterns ["1 | ~2" from "1 | 2"] : tensor<?x5x16xf32>
  %all = eqc.read S(5) reads(%diagonal, %rows : tensor<?x1x16xf32>, tensor<?x5x16xf32>)
      patterns ["~1 | ~2" from "1 | ~2"] : tensor<?x1x16xf32>
  %y = eqc.mix S(5) propagating 0 x(%x : tensor<?x25x16xf32>)
      reads(%diagonal, %all : tensor<?x1x16xf32>, tensor<?x1x16xf32>)
      weights(%w : tensor<1x16x32xf32>) from 0
      targets ["-"] diagrams ["i1 | i2"] : tensor<?x1x32xf32>
  return %y : tensor<?x1x32xf32>
}

// CHECK-LABEL: @nothing_written
// CHECK-NOT: eqc.write
func.func @nothing_written(%x: tensor<?x5x16xf32>, %w: tensor<1x16x32xf32>) -> tensor<?x5x32xf32> {
  %y0 = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x16xf32>) weights(%w : tensor<1x16x32xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x5x32xf32>
  %y = eqc.write S(5) patterns [] %y0 : tensor<?x5x32xf32>
  return %y : tensor<?x5x32xf32>
}

// CHECK-LABEL: @there_and_back
// CHECK-SAME: %[[ROWS:[^ ]*]]: tensor<?x25x16xf32>
// CHECK-NEXT: return %[[ROWS]]
func.func @there_and_back(%rows: tensor<?x25x16xf32>) -> tensor<?x25x16xf32> {
  %t = eqc.from_rows %rows layout channels_first : tensor<?x25x16xf32> -> tensor<?x16x5x5xf32>
  %again = eqc.to_rows %t layout channels_first : tensor<?x16x5x5xf32> -> tensor<?x25x16xf32>
  return %again : tensor<?x25x16xf32>
}

// Taking each row as it is changes nothing; another order does.

// CHECK-LABEL: @same_basis
// CHECK-NEXT: %[[Y:.*]] = eqc.transform %{{.*}} to [1, 0]
// CHECK-NEXT: return %[[Y]]
func.func @same_basis(%x: tensor<?x2x16xf32>) -> tensor<?x2x16xf32> {
  %same = eqc.transform %x to [0, 1] : (tensor<?x2x16xf32>) -> tensor<?x2x16xf32>
  %y = eqc.transform %same to [1, 0] : (tensor<?x2x16xf32>) -> tensor<?x2x16xf32>
  return %y : tensor<?x2x16xf32>
}

// A stage that contracts nothing is none.

// CHECK-LABEL: @contracts_nothing
// CHECK-NEXT: %[[C:.*]] = eqc.contract S(5) %{{.*}} patterns ["1 | ~2"]
// CHECK-NEXT: return %[[C]]
func.func @contracts_nothing(%x: tensor<?x25x16xf32>) -> tensor<?x5x16xf32> {
  %same = eqc.contract S(5) %x patterns ["1 | 2"] : tensor<?x25x16xf32> -> tensor<?x25x16xf32>
  %y = eqc.contract S(5) %same patterns ["1 | ~2"] : tensor<?x25x16xf32> -> tensor<?x5x16xf32>
  return %y : tensor<?x5x16xf32>
}
