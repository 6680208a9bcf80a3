# RUN: %eqc compile %s --emit=eq -o - | FileCheck %s --check-prefix=EQ
# RUN: %eqc compile %s --emit=eq -o - | %eqc-opt --verify-roundtrip | FileCheck %s --check-prefix=EQ
# RUN: %eqc compile %s --emit=linalg --plan=shared --target=x86_64-unknown-linux-gnu --cpu=x86-64-v3 -o - | FileCheck %s --check-prefix=LINALG
# RUN: %eqc compile %s --emit=mlir --plan=shared --target=x86_64-unknown-linux-gnu --cpu=x86-64-v3 -o - | FileCheck %s --check-prefix=LLVM

# The same layer as the front end leaves it, as loops on tensors, and before LLVM.

# EQ: func.func @sets(%[[X:[^ ]*]]: tensor<?x20x4xf64>, %[[W:[^ ]*]]: tensor<2x4x8xf64>, %[[B:[^ ]*]]: tensor<1x8xf64>) -> tensor<?x20x8xf64>
# EQ-SAME: eqc.batch = 64 : i64
# EQ: eqc.linear S(20) order 1 -> 1 x(%[[X]] : {{.*}}) weight(%[[W]] : {{.*}}) bias(%[[B]] : {{.*}})
# EQ-SAME: diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] normalize mean : tensor<?x20x8xf64>

# LINALG-NOT: = eqc.
# LINALG: func.func private @"sets.pack.x86-64-v3"
# LINALG: func.func private @"sets.forward.x86-64-v3"
# LINALG: linalg.contract

# LLVM-NOT: = scf.
# LLVM: llvm.func @"sets.forward.x86-64-v3"
# LLVM: vector<4xf64>

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
