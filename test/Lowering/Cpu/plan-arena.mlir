// Scratch becomes views of one arena, at offsets that are multiples of 64 bytes,
// and a second function says how large the arena must be.
// RUN: %eqc-opt %s --eqc-plan-arena | FileCheck %s

// CHECK-LABEL: func.func @kernel
// CHECK-SAME: (%[[N:.*]]: index, %[[X:.*]]: memref<?xf32>, %[[ARENA:.*]]: memref<?xi8>)
func.func @kernel(%n: index, %x: memref<?xf32>) {
  // CHECK-NOT: memref.alloc
  // CHECK: %[[FIRST:.*]] = memref.view %[[ARENA]][%{{.*}}][%[[N]]] : memref<?xi8> to memref<?x3xf32>
  // CHECK: %[[SECOND:.*]] = memref.view %[[ARENA]][%{{.*}}][] : memref<?xi8> to memref<5xf64>
  %rows = memref.alloc(%n) : memref<?x3xf32>
  %sums = memref.alloc() : memref<5xf64>
  %zero = arith.constant 0 : index
  %value = memref.load %x[%zero] : memref<?xf32>
  memref.store %value, %rows[%zero, %zero] : memref<?x3xf32>
  %other = arith.constant 0.0 : f64
  memref.store %other, %sums[%zero] : memref<5xf64>
  return
}

// 12 n bytes and 40, each rounded up to a multiple of 64.
// CHECK-LABEL: func.func private @kernel.arena
// CHECK-SAME: (%[[N:.*]]: index) -> index
// CHECK: arith.muli %{{.*}}, %[[N]]
// CHECK: arith.constant 64 : index
// CHECK: return

// Without scratch nothing changes.
// CHECK-LABEL: func.func @plain(%{{.*}}: index)
// CHECK-NOT: plain.arena
func.func @plain(%n: index) {
  return
}
