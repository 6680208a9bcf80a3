// RUN: %eqc-opt %s --eqc-clone-for-targets="triple=x86_64-unknown-linux-gnu cpus=x86-64-v2,x86-64-v4" | FileCheck %s

// CHECK-NOT: func.func @f(
// CHECK: func.func @"f.x86-64-v2"(
// CHECK-SAME: eqc.layer = "f"
// CHECK-SAME: eqc.target = #eqc.target<name = "x86-64-v2", cpu = "x86-64-v2", features = {{.*}}, vector_bytes = 16, registers = 16, level = 2>
// CHECK: eqc.multiply
// CHECK: func.func @"f.x86-64-v4"(
// CHECK-SAME: vector_bytes = 64, registers = 32, level = 4>
// CHECK: eqc.multiply
func.func @f(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> attributes {eqc.plan = "dense"} {
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x40xf32>) -> tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// What is no layer in stages stays as it is.

// CHECK: func.func @other()
func.func @other() {
  return
}

// Tiles that were found best with fewer registers; a CPU with as few as that
// keeps its own.

// CHECK: func.func @"tuned.x86-64-v2"(
// CHECK-NOT: eqc.max_registers
// CHECK-SAME: vector_bytes = 16, registers = 16, level = 2>
// CHECK: func.func @"tuned.x86-64-v4"(
// CHECK-NOT: eqc.max_registers
// CHECK-SAME: vector_bytes = 64, registers = 24, level = 4>
func.func @tuned(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> attributes {eqc.plan = "dense", eqc.max_registers = 24} {
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x40xf32>) -> tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}
