// The whole object: what the header declares, what the runtime is told, and the kernels.
// RUN: %eqc-opt %s --eqc-expand="gradients=true" --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v3" \
// RUN:   --eqc-vectorize --eqc-bufferize --eqc-to-llvm | FileCheck %s
// RUN: %eqc-opt %s --eqc-expand --eqc-convert="triple=x86_64-unknown-linux-gnu cpus=x86-64-v2,x86-64-v3" \
// RUN:   --eqc-vectorize --eqc-bufferize --eqc-to-llvm="threads=false" | FileCheck %s --check-prefix=FORWARD

// CHECK: llvm.func internal @"f.forward.x86-64-v3"
// CHECK-DAG: llvm.mlir.global private unnamed_addr constant @[[PLAN:eqc.text.[0-9]+]]("shared\00")
// CHECK-DAG: llvm.mlir.global internal constant @f.layer() {{.*}} !llvm.struct<(i32, i32, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, i64
// CHECK-DAG: llvm.func internal @"f.schedule.x86-64-v3"(%{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr) attributes {{{.*}}no_unwind, passthrough = {{.*}}"target-cpu", "x86-64-v3"
// CHECK-DAG: llvm.func internal @"f.pack_entry.x86-64-v3"
// CHECK-DAG: llvm.func internal @"f.forward_entry.x86-64-v3"
// CHECK-DAG: llvm.func internal @"f.grad_x.forward_entry.x86-64-v3"
// CHECK-DAG: llvm.func internal @"f.sums_entry.x86-64-v3"
// CHECK-DAG: llvm.mlir.global internal constant @f.variants()
// CHECK-DAG: llvm.mlir.global internal constant @f.gradients()
// CHECK-DAG: llvm.mlir.global internal @f.chosen(
// CHECK: llvm.mlir.global internal constant @f.kernel()

// The n of a call is a number before the batch, but packing needs none.

// CHECK: llvm.func @eqc_rt_forward(!llvm.ptr, i64, i64, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
// CHECK: llvm.func @f_forward(%[[N:.*]]: i64, %[[BATCH:.*]]: i64, %[[X:.*]]: !llvm.ptr, %[[W:.*]]: !llvm.ptr, %[[BIAS:.*]]: !llvm.ptr, %[[Y:.*]]: !llvm.ptr) -> i32
// CHECK-NEXT: %[[KERNEL:.*]] = llvm.mlir.addressof @f.kernel : !llvm.ptr
// CHECK-NEXT: %[[STATUS:.*]] = llvm.call tail @eqc_rt_forward(%[[KERNEL]], %[[N]], %[[BATCH]], %[[X]], %[[W]], %[[BIAS]], %[[Y]])
// CHECK-NEXT: llvm.return %[[STATUS]] : i32
// CHECK: llvm.func @f_pack(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-NEXT: llvm.mlir.addressof @f.kernel
// CHECK-NEXT: llvm.mlir.constant(-1 : i64) : i64
// CHECK: llvm.func @f_forward_packed(%{{.*}}: i64, %{{.*}}: i64,
// CHECK: llvm.func @f_backward(%{{.*}}: i64, %{{.*}}: i64, %{{[^)]*}}) -> i32
// CHECK: llvm.func @f_info() -> !llvm.ptr
// CHECK-NEXT: %[[INFO:.*]] = llvm.mlir.addressof @f.layer
// CHECK-NEXT: llvm.return %[[INFO]]

// One descriptor a CPU, the least demanding first; nothing for gradients that are not there.

// FORWARD: llvm.mlir.global internal constant @f.variants() {{.*}} !llvm.array<2 x struct<(i64, ptr, i64, ptr, ptr, ptr)>>
// FORWARD: llvm.mlir.constant(2 : i64)
// FORWARD: llvm.mlir.addressof @"f.schedule.x86-64-v2"
// FORWARD: llvm.mlir.constant(3 : i64)
// FORWARD: llvm.mlir.addressof @"f.schedule.x86-64-v3"
// FORWARD-NOT: f_backward
// FORWARD: llvm.func @f_info
func.func @f(%x: tensor<?x?x3xf32>, %w: tensor<1x3x4xf32>) -> tensor<?x?x4xf32> {
  %y = eqc.linear Sp(?) order 1 -> 1 x(%x : tensor<?x?x3xf32>) weight(%w : tensor<1x3x4xf32>)
      diagrams ["o1 i1"] : tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
