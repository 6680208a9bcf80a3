// The last MLIR allocates, frees and copies nothing, whatever the plan: scratch is
// planned, and tensors are written where they belong.

// RUN: %eqc compile %s --plan=shared --emit=mlir -o - | FileCheck %s
// RUN: %eqc compile %s --plan=factored --emit=mlir -o - | FileCheck %s
// RUN: %eqc compile %s --plan=dense --emit=mlir -o - | FileCheck %s

// CHECK: llvm.func
// CHECK-NOT: {{@(malloc|calloc|aligned_alloc|free|memrefCopy)}}
// CHECK-NOT: memref.{{(alloc|copy)}}
// CHECK-NOT: llvm.alloca

layer sets { group = S; n = 6; k = 1; l = 1; channels = 16 -> 16; bias = true }
layer graphs { group = S; n = 5; k = 2; l = 2; channels = 3 -> 17; bias = true; normalize = mean }
layer graphs_first { group = S; n = 5; k = 2; l = 2; channels = 3 -> 17; layout = channels_first }
layer invariants { group = S; n = 4; k = 3; l = 0; channels = 2 -> 33; dtype = f64 }
layer tensors { group = O; n = 3; k = 2; l = 2; channels = 16 -> 16 }
layer chiral { group = SO; n = 3; k = 1; l = 2; channels = 3 -> 3; layout = channels_first }
layer symplectic { group = Sp; n = 4; k = 2; l = 2; channels = 5 -> 7; dtype = f64 }
