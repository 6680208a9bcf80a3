// RUN: %eqc-opt %s --convert-eqc-to-loops --split-input-file --verify-diagnostics

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// expected-error @below {{a layer for a machine must carry 'eqc.target' and 'eqc.layer'}}
func.func @nameless(%t: tensor<?x5x4xf32>) attributes {eqc.target = #v3} {
  return
}

// -----

// expected-error @below {{no kernels are written for a target of kind 'abacus'}}
func.func @unknown(%t: tensor<?x5x4xf32>) attributes {eqc.layer = "unknown", eqc.target = #eqc.target<name = "wires", cpu = "w", features = "", vector_bytes = 16, registers = 16, kind = "abacus">} {
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

// -----

// What is left stands side by side, but did not in the planar input.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored_axes_apart(%t: tensor<?x5x5x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32>
    attributes {eqc.layer = "factored_axes_apart", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x5x5x4xf32> -> tensor<?x125x4xf32>
  %w0 = eqc.pack %w order [0] : tensor<1x4x8xf32> -> tensor<1x4x8xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1, 2]] : tensor<?x125x4xf32> -> tensor<?x125x4xf32>
  %a = eqc.contract S(5) %p patterns ["1 | ~2 | 3"] : tensor<?x125x4xf32> -> tensor<?x25x4xf32>
  // expected-error @below {{pattern '~1 2' of diagram 0 takes axes that do not stand side by side in the permuted input}}
  %c = eqc.contract S(5) %a patterns ["~1 2"] : tensor<?x25x4xf32> -> tensor<?x1x4xf32>
  %m = eqc.mix_each S(5) %c orders [0] weights(%w0 : tensor<1x4x8xf32>) : tensor<?x1x4xf32> -> tensor<?x1x8xf32>
  %e = eqc.expand S(5) %m patterns ["~1"] : tensor<?x1x8xf32> -> tensor<?x5x8xf32>
  %y = eqc.from_planar S(5) %e by [[0]] : tensor<?x5x8xf32> -> tensor<?x5x8xf32>
  %r = eqc.from_rows %y : tensor<?x5x8xf32> -> tensor<?x5x8xf32>
  return %r : tensor<?x5x8xf32>
}

// -----

// As many rows, but of other diagrams.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored_orders(%t: tensor<?x5x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x5x8xf32>
    attributes {eqc.layer = "factored_orders", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x5x4xf32> -> tensor<?x25x4xf32>
  %w0 = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x50x4xf32>
  %c = eqc.contract S(5) %p patterns ["1 | ~2", "1 | 2"] : tensor<?x50x4xf32> -> tensor<?x30x4xf32>
  // expected-error @below {{mixes rows of order 2 for diagram 0, but 1 axes are left}}
  %m = eqc.mix_each S(5) %c orders [2, 1] weights(%w0 : tensor<2x4x8xf32>) : tensor<?x30x4xf32> -> tensor<?x30x8xf32>
  %e = eqc.expand S(5) %m patterns ["~1 | 2", "1 | 2"] : tensor<?x30x8xf32> -> tensor<?x50x8xf32>
  %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]] : tensor<?x50x8xf32> -> tensor<?x25x8xf32>
  %r = eqc.from_rows %y : tensor<?x25x8xf32> -> tensor<?x5x5x8xf32>
  return %r : tensor<?x5x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored_tops(%t: tensor<?x5x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x5x8xf32>
    attributes {eqc.layer = "factored_tops", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x5x4xf32> -> tensor<?x25x4xf32>
  %w0 = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x50x4xf32>
  %c = eqc.contract S(5) %p patterns ["1 | ~2", "1 | 2"] : tensor<?x50x4xf32> -> tensor<?x30x4xf32>
  %m = eqc.mix_each S(5) %c orders [1, 2] weights(%w0 : tensor<2x4x8xf32>) : tensor<?x30x4xf32> -> tensor<?x30x8xf32>
  // expected-error @below {{pattern '1 | 2' of diagram 0 keeps 2 axes and has 0 free ones, but 1 and 0 are mixed}}
  %e = eqc.expand S(5) %m patterns ["1 | 2", "~1 | 2"] : tensor<?x30x8xf32> -> tensor<?x50x8xf32>
  %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]] : tensor<?x50x8xf32> -> tensor<?x25x8xf32>
  %r = eqc.from_rows %y : tensor<?x25x8xf32> -> tensor<?x5x5x8xf32>
  return %r : tensor<?x5x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored_normalize(%t: tensor<?x5x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x5x8xf32>
    attributes {eqc.layer = "factored_normalize", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x5x4xf32> -> tensor<?x25x4xf32>
  %w0 = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x50x4xf32>
  %b = eqc.contract S(5) %p patterns ["1 | ~2", "1 | 2"] normalize mean : tensor<?x50x4xf32> -> tensor<?x30x4xf32>
  // expected-error @below {{must normalize as the other contractions do}}
  %c = eqc.contract S(5) %b patterns ["1", "1 | 2"] : tensor<?x30x4xf32> -> tensor<?x30x4xf32>
  %m = eqc.mix_each S(5) %c orders [1, 2] weights(%w0 : tensor<2x4x8xf32>) : tensor<?x30x4xf32> -> tensor<?x30x8xf32>
  %e = eqc.expand S(5) %m patterns ["~1 | 2", "1 | 2"] : tensor<?x30x8xf32> -> tensor<?x50x8xf32>
  %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]] : tensor<?x50x8xf32> -> tensor<?x25x8xf32>
  %r = eqc.from_rows %y : tensor<?x25x8xf32> -> tensor<?x5x5x8xf32>
  return %r : tensor<?x5x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored_groups(%t: tensor<?x5x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x5x8xf32>
    attributes {eqc.layer = "factored_groups", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x5x4xf32> -> tensor<?x25x4xf32>
  %w0 = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x50x4xf32>
  // expected-error @below {{must be of the group, and its size, of 'eqc.to_planar'}}
  %c = eqc.contract O(5) %p patterns ["1 | 2", "~1 2"] : tensor<?x50x4xf32> -> tensor<?x26x4xf32>
  %m = eqc.mix_each S(5) %c orders [2, 0] weights(%w0 : tensor<2x4x8xf32>) : tensor<?x26x4xf32> -> tensor<?x26x8xf32>
  %e = eqc.expand S(5) %m patterns ["1 | 2", "~1 2"] : tensor<?x26x8xf32> -> tensor<?x50x8xf32>
  %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]] : tensor<?x50x8xf32> -> tensor<?x25x8xf32>
  %r = eqc.from_rows %y : tensor<?x25x8xf32> -> tensor<?x5x5x8xf32>
  return %r : tensor<?x5x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored_beside_patterns(%t: tensor<?x5x5x4xf32>, %w: tensor<2x4x8xf32>) -> tensor<?x5x5x8xf32>
    attributes {eqc.layer = "factored_beside_patterns", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x5x4xf32> -> tensor<?x25x4xf32>
  %w0 = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x50x4xf32>
  // expected-error @below {{is no stage of the factored layer around it}}
  %sum = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["~1 2" from "1 2"] : tensor<?x1x4xf32>
  %c = eqc.contract S(5) %p patterns ["1 | ~2", "1 | 2"] : tensor<?x50x4xf32> -> tensor<?x30x4xf32>
  %m = eqc.mix_each S(5) %c orders [1, 2] weights(%w0 : tensor<2x4x8xf32>) : tensor<?x30x4xf32> -> tensor<?x30x8xf32>
  %e = eqc.expand S(5) %m patterns ["~1 | 2", "1 | 2"] : tensor<?x30x8xf32> -> tensor<?x50x8xf32>
  %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]] : tensor<?x50x8xf32> -> tensor<?x25x8xf32>
  %r = eqc.from_rows %y : tensor<?x25x8xf32> -> tensor<?x5x5x8xf32>
  return %r : tensor<?x5x5x8xf32>
}

// -----

// As many entries, in another order.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @dense_layout(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32>
    attributes {eqc.layer = "dense_layout", eqc.target = #v3} {
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] layout channels_first : tensor<1x4x8xf32> -> tensor<20x40xf32>
  // expected-error @below {{'x' must be 'tensor<?x4x5xf32>', as the matrix is assembled, found 'tensor<?x5x4xf32>'}}
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x40xf32>) -> tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @dense_bias_layout(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>, %b: tensor<1x8xf32>) -> tensor<?x5x8xf32>
    attributes {eqc.layer = "dense_bias_layout", eqc.target = #v3} {
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x8xf32> -> tensor<20x40xf32>
  // expected-error @below {{must be of the group, size, outputs and layout of the matrix}}
  %a = eqc.assemble S(5) order 0 -> 1 %b diagrams ["o1"] layout channels_first : tensor<1x8xf32> -> tensor<1x40xf32>
  %y = eqc.multiply %x by %m plus %a : (tensor<?x5x4xf32>, tensor<20x40xf32>, tensor<1x40xf32>) -> tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// Gradients whose sums are of another size than their arguments, and in two layouts.

func.func @sums_of_another_size(%x: tensor<?x4x2xf32>, %dy: tensor<?x4x3xf32>) -> tensor<1x2x3xf32>
    attributes {eqc.layer = "sums_of_another_size", eqc.target = #v3} {
  // expected-error @below {{must have n-axes of 3, the 'n' of 'eqc.sum_copies'}}
  %xs = eqc.to_rows %x : tensor<?x4x2xf32> -> tensor<?x4x2xf32>
  %ys = eqc.to_rows %dy : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  %sums = eqc.sum_copies O(3) dimension 3 x(%xs : tensor<?x4x2xf32>) copies [0]
      grad_y(%ys : tensor<?x4x3xf32>) copies [0] : tensor<1x2x3xf32>
  %dw = eqc.unpack %sums order [0] : (tensor<1x2x3xf32>) -> tensor<1x2x3xf32>
  return %dw : tensor<1x2x3xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @sums_in_two_layouts(%x: tensor<?x4x2xf32>, %dy: tensor<?x3x4xf32>) -> tensor<1x2x3xf32>
    attributes {eqc.layer = "sums_in_two_layouts", eqc.target = #v3} {
  %xs = eqc.to_rows %x : tensor<?x4x2xf32> -> tensor<?x4x2xf32>
  // expected-error @below {{must have the layout of the other 'eqc.to_rows'}}
  %ys = eqc.to_rows %dy layout channels_first : tensor<?x3x4xf32> -> tensor<?x4x3xf32>
  %sums = eqc.sum_copies O(4) dimension 4 x(%xs : tensor<?x4x2xf32>) copies [0]
      grad_y(%ys : tensor<?x4x3xf32>) copies [0] : tensor<1x2x3xf32>
  %dw = eqc.unpack %sums order [0] : (tensor<1x2x3xf32>) -> tensor<1x2x3xf32>
  return %dw : tensor<1x2x3xf32>
}
