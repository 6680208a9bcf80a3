// RUN: %eqc-opt %s --convert-eqc-to-loops --split-input-file --verify-diagnostics

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// expected-error @below {{a layer for a CPU must carry 'eqc.target' and 'eqc.layer'}}
func.func @nameless(%t: tensor<?x5x4xf32>) attributes {eqc.target = #v3} {
  return
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// expected-error @below {{a layer in stages must have 'eqc.to_rows' exactly once}}
func.func @empty(%t: tensor<?x5x4xf32>) attributes {eqc.layer = "empty", eqc.target = #v3} {
  return
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @skipped_weight(%t: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x8xf32>
    attributes {eqc.layer = "skipped_weight", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  // expected-error @below {{must use the weights from 0 on: they are read in the order of stages}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%packed : tensor<2x4x8xf32>) from 1
      targets ["1"] diagrams ["o1 i1"] : tensor<?x5x8xf32>
  %r = eqc.from_rows %y : tensor<?x5x8xf32> -> tensor<?x5x8xf32>
  return %r : tensor<?x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// The rows before a write are gone after it.

func.func @used_twice(%t: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x5x8xf32>
    attributes {eqc.layer = "used_twice", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%packed : tensor<2x4x8xf32>) from 0
      targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%packed : tensor<2x4x8xf32>) from 1
      targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{must be the only use of its target, which it overwrites}}
  %y1 = eqc.write S(5) nodes(%node : tensor<?x5x8xf32>) patterns ["1 2" into "1 | 2"] %y0 : tensor<?x25x8xf32>
  %r = eqc.from_rows %y0 : tensor<?x25x8xf32> -> tensor<?x5x5x8xf32>
  return %r : tensor<?x5x5x8xf32>
}

// -----

// A group of other signs reads the same rows.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @two_groups(%t: tensor<?x4x4x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x8xf32>
    attributes {eqc.layer = "two_groups", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x4x4x4xf32> -> tensor<?x16x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x8xf32> -> tensor<1x4x8xf32>
  // expected-error @below {{must be of the group, and its size, of the output}}
  %sum = eqc.read O(4) x(%x : tensor<?x16x4xf32>) patterns ["~1 2" from "1 | 2"] : tensor<?x1x4xf32>
  %y = eqc.mix Sp(4) propagating 0 x(%x : tensor<?x16x4xf32>) reads(%sum : tensor<?x1x4xf32>)
      weights(%packed : tensor<1x4x8xf32>) from 0 targets ["-"] diagrams ["i1 i2"] : tensor<?x1x8xf32>
  %r = eqc.from_rows %y : tensor<?x1x8xf32> -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}

// -----

// Rows that reach no output.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @copies_lost(%t: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x4x8xf32>
    attributes {eqc.layer = "copies_lost", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x4x4xf32> -> tensor<?x4x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %y0 = eqc.mix_copies O(4) dimension 4 %x weights(%packed : tensor<2x4x8xf32>) from 0 targets [[0]] : tensor<?x4x4xf32> -> tensor<?x4x8xf32>
  // expected-error @below {{must be used once, in the output}}
  %lost = eqc.mix_copies O(4) dimension 4 %x weights(%packed : tensor<2x4x8xf32>) from 1 targets [[0]] : tensor<?x4x4xf32> -> tensor<?x4x8xf32>
  %y = eqc.transform %y0 to [1, 0, 2, 3] : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  %r = eqc.from_rows %y : tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %r : tensor<?x4x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @copies_skip_a_weight(%t: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x4x8xf32>
    attributes {eqc.layer = "copies_skip_a_weight", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x4x4xf32> -> tensor<?x4x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  // expected-error @below {{must use the weights from 0 on: they are read in the order of stages}}
  %y = eqc.mix_copies O(4) dimension 4 %x weights(%packed : tensor<2x4x8xf32>) from 1 targets [[0]] : tensor<?x4x4xf32> -> tensor<?x4x8xf32>
  %r = eqc.from_rows %y : tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %r : tensor<?x4x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @copies_of_two_bases(%t: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x4x8xf32>
    attributes {eqc.layer = "copies_of_two_bases", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x4x4xf32> -> tensor<?x4x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %a = eqc.transform %x to [1, 0, 2, 3] : (tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
  %one = eqc.mix_copies O(4) dimension 1 %x weights(%packed : tensor<2x4x8xf32>) from 0 targets [[0]] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  // expected-error @below {{must mix the rows that 'eqc.to_rows' makes, or one change of their basis, as the others do}}
  %three = eqc.mix_copies O(4) dimension 3 %a weights(%packed : tensor<2x4x8xf32>) from 1 targets [[0]] : tensor<?x4x4xf32> -> tensor<?x3x8xf32>
  %y = eqc.transform %one, %three to [0, 1, 2, 3] : (tensor<?x1x8xf32>, tensor<?x3x8xf32>) -> tensor<?x4x8xf32>
  %r = eqc.from_rows %y : tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %r : tensor<?x4x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @copies_beside_patterns(%t: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x4x8xf32>
    attributes {eqc.layer = "copies_beside_patterns", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x4x4xf32> -> tensor<?x4x4xf32>
  %packed = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  // expected-error @below {{is of another plan than 'eqc.mix_copies'}}
  %sum = eqc.read O(4) x(%x : tensor<?x4x4xf32>) patterns ["* 1" from "1"] : tensor<?x4x4xf32>
  %y = eqc.mix_copies O(4) dimension 4 %x weights(%packed : tensor<2x4x8xf32>) from 0 targets [[0]] : tensor<?x4x4xf32> -> tensor<?x4x8xf32>
  %r = eqc.from_rows %y : tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %r : tensor<?x4x8xf32>
}
