# RUN: %eqc compile %s --emit=eq -o - | FileCheck %s --check-prefix=EQ
# RUN: %eqc compile %s --emit=eq -o - | %eqc-opt --verify-roundtrip | FileCheck %s --check-prefix=EQ
# RUN: %eqc compile %s --emit=loops --plan=shared --target=x86_64-unknown-linux-gnu --cpu=x86-64-v3 -o - | FileCheck %s --check-prefix=LOOPS
# RUN: %eqc compile %s --emit=stages --plan=shared -o - | FileCheck %s --check-prefix=STAGES
# RUN: %eqc compile %s --emit=stages --plan=shared -o - | %eqc-opt --verify-roundtrip | FileCheck %s --check-prefix=STAGES
# RUN: %eqc compile %s --emit=linalg --plan=shared -o - | FileCheck %s --check-prefix=LINALG
# RUN: %eqc compile %s --emit=linalg --cpu=x86-64-v2 -o %t.v2.mlir
# RUN: %eqc compile %s --emit=linalg --target=aarch64-linux-gnu -o %t.arm.mlir
# RUN: cmp %t.v2.mlir %t.arm.mlir
# RUN: %eqc compile %s --emit=mlir --plan=shared --target=x86_64-unknown-linux-gnu --cpu=x86-64-v3 -o - | FileCheck %s --check-prefix=LLVM

# The same layer as the front end leaves it, in stages, as a graph of upstream
# operations, as loops on tensors, and before LLVM.

# EQ: func.func @sets(%[[X:[^ ]*]]: tensor<?x20x4xf64>, %[[W:[^ ]*]]: tensor<2x4x8xf64>, %[[B:[^ ]*]]: tensor<1x8xf64>) -> tensor<?x20x8xf64>
# EQ-SAME: eqc.batch = 64 : i64
# EQ: eqc.linear S(20) order 1 -> 1 x(%[[X]] : {{.*}}) weight(%[[W]] : {{.*}}) bias(%[[B]] : {{.*}})
# EQ-SAME: diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] normalize mean : tensor<?x20x8xf64>

# STAGES: eqc.to_rows
# STAGES: eqc.mix
# STAGES: func.func @sets.grad_x

# LINALG-NOT: = eqc.
# LINALG: func.func @sets(%{{[^ ]*}}: tensor<?x20x4xf64>, %{{[^ ]*}}: tensor<2x4x8xf64>, %{{[^ ]*}}: tensor<1x8xf64>) -> tensor<?x20x8xf64>
# LINALG: linalg.generic
# LINALG-NOT: scf.
# LINALG: func.func @sets_grad_x(%{{[^ ]*}}: tensor<?x20x8xf64>, %{{[^ ]*}}: tensor<2x4x8xf64>) -> tensor<?x20x4xf64>
# LINALG-NOT: grad_weight

# LOOPS-NOT: = eqc.
# LOOPS: func.func private @"sets.pack.x86-64-v3"
# LOOPS: func.func private @"sets.forward.x86-64-v3"
# LOOPS: linalg.contract

# LLVM-NOT: = scf.
# LLVM: llvm.func internal @"sets.forward.x86-64-v3"
# LLVM: vector<4xf64>
# LLVM: llvm.func @sets_forward(
# LLVM: llvm.func @sets_info(

layer sets {
  group     = S
  n         = 20
  k         = 1
  l         = 1
  channels  = 4 -> 8
  bias      = true
  dtype     = f64
  normalize = mean
  batch     = 64
}
