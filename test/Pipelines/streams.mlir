// A layer whose rows of y are whole cache lines can stream them; the same with other
// channels, or with diagonals that are added to y, cannot.
// RUN: %eqc-opt %s --eqc-expand=plan=shared --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v4" \
// RUN:   --eqc-vectorize --eqc-bufferize | FileCheck %s

// CHECK-LABEL: func.func private @"whole.forward.x86-64-v4"
// CHECK: nontemporal = true
func.func @whole(%x: tensor<?x3x16xf32>, %w: tensor<1x16x64xf32>) -> tensor<?x3x64xf32> {
  %y = eqc.linear O(3) order 1 -> 1 x(%x : tensor<?x3x16xf32>) weight(%w : tensor<1x16x64xf32>)
      diagrams ["o1 i1"] : tensor<?x3x64xf32>
  return %y : tensor<?x3x64xf32>
}

// CHECK-LABEL: func.func private @"partial.forward.x86-64-v4"
// CHECK-NOT: nontemporal
func.func @partial(%x: tensor<?x3x16xf32>, %w: tensor<1x16x60xf32>) -> tensor<?x3x60xf32> {
  %y = eqc.linear O(3) order 1 -> 1 x(%x : tensor<?x3x16xf32>) weight(%w : tensor<1x16x60xf32>)
      diagrams ["o1 i1"] : tensor<?x3x60xf32>
  return %y : tensor<?x3x60xf32>
}

// CHECK-LABEL: func.func private @"added.forward.x86-64-v4"
// CHECK-NOT: nontemporal
func.func @added(%x: tensor<?x5x5x16xf32>, %w: tensor<2x16x64xf32>) -> tensor<?x5x5x64xf32> {
  %y = eqc.linear S(5) order 2 -> 2 x(%x : tensor<?x5x5x16xf32>) weight(%w : tensor<2x16x64xf32>)
      diagrams ["o1 i1 | o2 i2", "o1 o2 i1 i2"] : tensor<?x5x5x64xf32>
  return %y : tensor<?x5x5x64xf32>
}
