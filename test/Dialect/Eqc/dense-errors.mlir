// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @assemble_c1_size(%w: tensor<1x4x8xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %m = eqc.assemble S(0) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c1_dynamic(%w: tensor<1x4x8xf32>) {
  // expected-error @below {{'n' cannot be '?': the matrix is assembled}}
  %m = eqc.assemble S(?) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c2(%w: tensor<1x4x8xf32>) {
  // expected-error @below {{'k' must be between 0 and 2147483647, found -1}}
  %m = eqc.assemble S(5) order -1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c3_none(%w: tensor<1x4x8xf32>) {
  // expected-error @below {{must have at least one diagram}}
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams [] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c3_order(%w: tensor<1x4x8xf32>) {
  // expected-error @below {{diagram 'o1' has 1 outputs and 0 inputs, expected 1 and 1}}
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c4_count(%w: tensor<2x4x8xf32>) {
  // expected-error @below {{weights must be [diagrams, c_in, c_out], or [diagrams, c_out] without inputs, for 1 diagrams}}
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<2x4x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c4_bias(%w: tensor<1x8xf32>) {
  // expected-error @below {{weights must be [diagrams, c_in, c_out], or [diagrams, c_out] without inputs}}
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x8xf32> -> tensor<20x40xf32>
  return
}

// -----

func.func @assemble_c5(%w: tensor<1x4x8xf32>) {
  // expected-error @below {{'matrix' must be [20, 40] of 'f32', found 'tensor<40x20xf32>'}}
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<40x20xf32>
  return
}

// -----

func.func @multiply_c1_batch(%x: tensor<?x5x4xf32>, %m: tensor<20x40xf32>) {
  // expected-error @below {{'x' and 'y' must have a batch, the same, and further axes, which are static}}
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x40xf32>) -> tensor<7x5x8xf32>
  return
}

// -----

func.func @multiply_c1_static(%x: tensor<?x?x4xf32>, %m: tensor<20x40xf32>) {
  // expected-error @below {{'x' and 'y' must have a batch, the same, and further axes, which are static}}
  %y = eqc.multiply %x by %m : (tensor<?x?x4xf32>, tensor<20x40xf32>) -> tensor<?x5x8xf32>
  return
}

// -----

func.func @multiply_c2(%x: tensor<?x5x4xf32>, %m: tensor<40x20xf32>) {
  // expected-error @below {{'matrix' must be [20, 40] of 'f32', as 'x' and 'y', found 'tensor<40x20xf32>'}}
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<40x20xf32>) -> tensor<?x5x8xf32>
  return
}

// -----

func.func @multiply_c3(%x: tensor<?x5x4xf32>, %m: tensor<20x40xf32>, %b: tensor<1x8xf32>) {
  // expected-error @below {{what is added must be [1, 40] of 'f32', found 'tensor<1x8xf32>'}}
  %y = eqc.multiply %x by %m plus %b : (tensor<?x5x4xf32>, tensor<20x40xf32>, tensor<1x8xf32>) -> tensor<?x5x8xf32>
  return
}
