// RUN: %eqc-opt --help | FileCheck %s
// RUN: %eqc-opt --help | FileCheck %s --check-prefix=HIDDEN

// What the tool is for, then dialects and passes; none of LLVM's own options,
// which have no effect here.

// CHECK: eqc-opt - run compiler passes on MLIR
// CHECK: eqc-opt layer.mlir --eqc-expand
// CHECK: Available Dialects: {{.*}}eqc{{.*}}linalg{{.*}}vector
// CHECK: Passes:
// CHECK: --canonicalize
// CHECK: --convert-eqc-to-loops
// CHECK: --eqc-choose-plans
// CHECK: --eqc-expand-plan
// CHECK: Pass Pipelines:
// CHECK: --eqc-expand
// CHECK: --verify-roundtrip

// HIDDEN-NOT: --inline-threshold
// HIDDEN-NOT: --enable-ml-inliner
