// Writes of whole cache lines get a nontemporal form; one that is not, or a read,
// leaves the whole function alone.
// RUN: %eqc-opt %s --eqc-stream-output | FileCheck %s

// CHECK-LABEL: func.func @whole
// CHECK-SAME: (%[[PHASE:.*]]: index, %[[Y:.*]]: memref<?x32xf32>,
// CHECK: %[[STREAMS:.*]] = arith.cmpi eq, %[[PHASE]], %c-2
// CHECK: scf.if %[[STREAMS]]
// CHECK-COUNT-4: vector.store {{.*}}alignment = 64 : i64, nontemporal = true{{.*}} vector<16xf32>
// CHECK: else
// CHECK-COUNT-2: vector.transfer_write
// CHECK-NOT: vector.transfer_write
func.func @whole(%phase: index {eqc.phase}, %y: memref<?x32xf32> {eqc.output}, %v: vector<32xf32>, %i: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  vector.transfer_write %v, %y[%i, %zero] {in_bounds = [true]} : vector<32xf32>, memref<?x32xf32>
  %next = arith.addi %i, %one : index
  vector.transfer_write %v, %y[%next, %zero] {in_bounds = [true]} : vector<32xf32>, memref<?x32xf32>
  return
}

// Columns in tiles.
// CHECK-LABEL: func.func @tiles
// CHECK: nontemporal = true
func.func @tiles(%phase: index {eqc.phase}, %y: memref<?x64xf32> {eqc.output}, %v: vector<16xf32>, %i: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %width = arith.constant 16 : index
  scf.for %tile = %zero to %four step %one {
    %column = arith.muli %tile, %width : index
    vector.transfer_write %v, %y[%i, %column] {in_bounds = [true]} : vector<16xf32>, memref<?x64xf32>
  }
  return
}

// CHECK-LABEL: func.func @rows_end_within_a_line
// CHECK-NOT: nontemporal
func.func @rows_end_within_a_line(%phase: index {eqc.phase}, %y: memref<?x24xf32> {eqc.output}, %v: vector<16xf32>, %i: index) {
  %zero = arith.constant 0 : index
  vector.transfer_write %v, %y[%i, %zero] {in_bounds = [true]} : vector<16xf32>, memref<?x24xf32>
  return
}

// CHECK-LABEL: func.func @half_a_line
// CHECK-NOT: nontemporal
func.func @half_a_line(%phase: index {eqc.phase}, %y: memref<?x32xf32> {eqc.output}, %v: vector<8xf32>, %i: index) {
  %zero = arith.constant 0 : index
  vector.transfer_write %v, %y[%i, %zero] {in_bounds = [true]} : vector<8xf32>, memref<?x32xf32>
  return
}

// CHECK-LABEL: func.func @unknown_column
// CHECK-NOT: nontemporal
func.func @unknown_column(%phase: index {eqc.phase}, %y: memref<?x32xf32> {eqc.output}, %v: vector<16xf32>, %i: index) {
  vector.transfer_write %v, %y[%i, %i] {in_bounds = [true]} : vector<16xf32>, memref<?x32xf32>
  return
}

// CHECK-LABEL: func.func @read_again
// CHECK-NOT: nontemporal
func.func @read_again(%phase: index {eqc.phase}, %y: memref<?x32xf32> {eqc.output}, %v: vector<16xf32>, %i: index) {
  %zero = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  vector.transfer_write %v, %y[%i, %zero] {in_bounds = [true]} : vector<16xf32>, memref<?x32xf32>
  %old = vector.transfer_read %y[%i, %zero], %pad {in_bounds = [true]} : memref<?x32xf32>, vector<16xf32>
  %sum = arith.addf %old, %v : vector<16xf32>
  vector.transfer_write %sum, %y[%i, %zero] {in_bounds = [true]} : vector<16xf32>, memref<?x32xf32>
  return
}

// Lines that are not fetched by a store need no prefetch either.

// CHECK-LABEL: func.func @prefetched
// CHECK: %[[STREAMS:.*]] = arith.cmpi eq, %{{.*}}, %c-2
// CHECK: scf.if %[[STREAMS]] {
// CHECK-NEXT: } else {
// CHECK-NEXT: memref.prefetch
// CHECK-NEXT: memref.prefetch
// CHECK-NEXT: }
// CHECK: scf.if %[[STREAMS]] {
// CHECK: vector.store {{.*}} nontemporal = true
func.func @prefetched(%phase: index {eqc.phase}, %y: memref<?x16xf32> {eqc.output}, %v: vector<16xf32>, %i: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  memref.prefetch %y[%i, %zero], write, locality<3>, data : memref<?x16xf32>
  %next = arith.addi %i, %one : index
  memref.prefetch %y[%next, %zero], write, locality<3>, data : memref<?x16xf32>
  vector.transfer_write %v, %y[%i, %zero] {in_bounds = [true]} : vector<16xf32>, memref<?x16xf32>
  return
}
