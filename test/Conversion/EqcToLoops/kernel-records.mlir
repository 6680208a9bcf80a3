// What a caller must know of a kernel stands with it, as it was written: whatever caps
// tuning put on registers, the sums of the record are the kernel's own. A set of sums is
// three matrices, one after the other.
// RUN: %eqc-opt %s --eqc-expand="plan=shared gradients=true" --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" | FileCheck %s
// RUN: %eqc-opt %s --eqc-expand="plan=factored gradients=true" --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" \
// RUN:   | FileCheck %s --check-prefix=FACTORED
// RUN: %eqc-opt %s --eqc-expand="plan=dense gradients=true" --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" \
// RUN:   | FileCheck %s --check-prefix=DENSE

// Two diagrams, one of which sums x: three stages, and both layouts to change.

// CHECK-LABEL: func.func private @"planes.pack.x86-64-v3"
// CHECK-SAME: eqc.kernel = #eqc.kernel<pack of "planes" for <name = "x86-64-v3"
// CHECK-SAME: vector_bytes = 32, registers = 16, level = 3> {{.*}} phases 1 parts 1 lanes 0
// CHECK-LABEL: func.func private @"planes.forward.x86-64-v3"
// CHECK-SAME: memref<[[TERMS:2]]x[[TILES:1]]x[[IN:5]]x[[WIDTH:16]]xf32>
// CHECK-SAME: #eqc.kernel<forward of "planes" {{.*}} packed {{\[}}[[TERMS]], [[TILES]], [[IN]], [[WIDTH]]] sums [] phases 5 parts 5
// CHECK-LABEL: func.func private @"planes.grad_x.forward.x86-64-v3"
// CHECK-SAME: #eqc.kernel<forward of "planes.grad_x" {{.*}} phases 5 parts 5
// CHECK-LABEL: func.func private @"planes.grad_weight.sums.x86-64-v3"
// CHECK-SAME: memref<[[#ALL:]]x[[COLUMNS:[0-9]+]]xf32>) attributes
// CHECK-SAME: #eqc.kernel<sums of "planes.grad_weight" {{.*}} packed [] sums {{\[}}[[#div(ALL,3)]], [[COLUMNS]], {{[0-9]+}}, {{[0-9]+}}, 2] phases

// These do a block in one go, whatever phases there are in it.

// FACTORED-LABEL: func.func private @"planes.forward.x86-64-v3"
// FACTORED-SAME: #eqc.kernel<forward of "planes" {{.*}} packed [2, 1, 5, 16] sums [] phases 1 parts 1
// DENSE-LABEL: func.func private @"planes.forward.x86-64-v3"
// DENSE-SAME: #eqc.kernel<forward of "planes" {{.*}} packed [1, {{[0-9]+}}, 25, 16] sums [] phases 1 parts 1
func.func @planes(%x: tensor<?x5x5xf32>, %w: tensor<2x5x16xf32>) -> tensor<?x16x5xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x5xf32>) weight(%w : tensor<2x5x16xf32>)
      diagrams ["o1 i1", "o1 | i1"] layout channels_first : tensor<?x16x5xf32>
  return %y : tensor<?x16x5xf32>
}

// A tile of two vectors of columns leaves (8 - 2 - 2) / 2 = 2 rows of 8 registers: 5 input
// channels take three tiles of 2, and the last begins at row 4.

// CHECK-LABEL: func.func private @"capped.grad_weight.sums.x86-64-v3"
// CHECK-SAME: memref<18x16xf32>) attributes
// CHECK-SAME: registers = 8, level = 3> packed [] sums [6, 16, 6, 4, 1] phases 1
func.func @capped(%x: tensor<?x5x5xf32>, %w: tensor<1x5x16xf32>) -> tensor<?x5x16xf32> attributes {eqc.max_registers = 8 : i64} {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x5xf32>) weight(%w : tensor<1x5x16xf32>)
      diagrams ["o1 i1"] : tensor<?x5x16xf32>
  return %y : tensor<?x5x16xf32>
}
