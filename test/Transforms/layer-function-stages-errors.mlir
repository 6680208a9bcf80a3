// Layers that another program wrote as a plan or as stages: what the pass that writes
// kernels would drop, it refuses, and so does the contract of the stage before.
// RUN: %eqc-opt %s --eqc-verify-contract=after=expand --split-input-file --verify-diagnostics
// RUN: %eqc-opt %s --convert-eqc-to-loops --split-input-file --verify-diagnostics

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @dense(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  // expected-note @below {{the first layer begins here}}
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x4xf32> -> tensor<20x20xf32>
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x20xf32>) -> tensor<?x5x4xf32>
  // expected-error @below {{belongs to a second layer of its function}}
  %z = eqc.multiply %y by %m : (tensor<?x5x4xf32>, tensor<20x20xf32>) -> tensor<?x5x4xf32>
  return %z : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @isotypic(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %rows = eqc.to_rows %x : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %nodes = eqc.mix_copies S(5) dimension 5 %rows weights(%packed : tensor<1x4x4xf32>) from 0
      targets [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %y = eqc.from_rows %nodes : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  // expected-error @below {{'arith.addf' stands beside a layer and would be lost}}
  %z = arith.addf %y, %x : tensor<?x5x4xf32>
  return %z : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @factored(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  // expected-note @below {{the first layer begins here}}
  %rows = eqc.to_rows %x : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %p = eqc.to_planar S(5) %rows by [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %m = eqc.mix_each S(5) %p orders [1] weights(%packed : tensor<1x4x4xf32>) : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %e = eqc.expand S(5) %m patterns ["1"] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %z = eqc.from_planar S(5) %e by [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %y = eqc.from_rows %z : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  // expected-error @below {{belongs to a second layer of its function}}
  %again = eqc.to_rows %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @gradient(%x: tensor<?x5x4xf32>, %dy: tensor<?x5x4xf32>) -> (tensor<1x4x4xf32>, tensor<1x4xf32>)
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %dw, %db = eqc.grad_weight S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) grad_y(%dy : tensor<?x5x4xf32>)
      diagrams ["o1 i1"] bias_diagrams ["o1"] : tensor<1x4x4xf32>, tensor<1x4xf32>
  // expected-error @below {{'arith.negf' stands beside a layer}}
  %m = arith.negf %dw : tensor<1x4x4xf32>
  return %m, %db : tensor<1x4x4xf32>, tensor<1x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @half_a_gradient(%x: tensor<?x5x4xf32>, %dy: tensor<?x5x4xf32>) -> tensor<1x4x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %dw, %db = eqc.grad_weight S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) grad_y(%dy : tensor<?x5x4xf32>)
      diagrams ["o1 i1"] bias_diagrams ["o1"] : tensor<1x4x4xf32>, tensor<1x4xf32>
  // expected-error @below {{must return what the layer computes}}
  return %dw : tensor<1x4x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @stages(%t: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  // expected-note @below {{the first layer begins here}}
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%packed : tensor<1x4x4xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x5x4xf32>
  %r = eqc.from_rows %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  // expected-error @below {{belongs to a second layer of its function}}
  %z = eqc.to_rows %r : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %r : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @added(%t: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%packed : tensor<1x4x4xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x5x4xf32>
  %r = eqc.from_rows %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  // expected-error @below {{'arith.addf' stands beside a layer}}
  %z = arith.addf %r, %t : tensor<?x5x4xf32>
  return %z : tensor<?x5x4xf32>
}

// -----

// Rows of another tensor than the layer's input, of the same type.

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @other_rows(%t: tensor<?x4x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x4x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t layout channels_first : tensor<?x4x4xf32> -> tensor<?x4x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  // expected-error @below {{'x' must be the rows that 'eqc.to_rows' makes}}
  %y = eqc.mix S(4) propagating 1 x(%t : tensor<?x4x4xf32>) weights(%packed : tensor<1x4x4xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x4x4xf32>
  %r = eqc.from_rows %y layout channels_first : tensor<?x4x4xf32> -> tensor<?x4x4xf32>
  return %r : tensor<?x4x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @unpacked(%t: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  // expected-error @below {{'weights' must be what 'eqc.pack' makes}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<1x4x4xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x5x4xf32>
  %r = eqc.from_rows %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %r : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// expected-error @below {{a layer in stages must take what its stages read, 2 arguments, found 3}}
func.func @one_more(%t: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>, %b: tensor<1x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%packed : tensor<1x4x4xf32>) from 0
      targets ["1"] diagrams ["o1 i1"] : tensor<?x5x4xf32>
  %r = eqc.from_rows %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %r : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

// expected-error @below {{a layer in stages must have 'eqc.from_rows' exactly once}}
func.func @unfinished(%t: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  return %x : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @other_bias(%t: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>, %b: tensor<1x4xf32>, %c: tensor<1x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %x = eqc.to_rows %t : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %bias = eqc.transform %c to [0] : (tensor<1x4xf32>) -> tensor<1x4xf32>
  // expected-error @below {{'bias' must be the third argument of its function, or a change of its basis}}
  %y = eqc.mix_copies S(5) dimension 1 %x weights(%packed : tensor<1x4x4xf32>) from 0 bias(%bias : tensor<1x4xf32>)
      targets [[0] bias 0, [], [], [], []] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %r = eqc.from_rows %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %r : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @planar_of_other_rows(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %rows = eqc.to_rows %x : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  // expected-error @below {{'x' must be the rows that 'eqc.to_rows' makes}}
  %p = eqc.to_planar S(5) %x by [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %m = eqc.mix_each S(5) %p orders [1] weights(%packed : tensor<1x4x4xf32>) : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %e = eqc.expand S(5) %m patterns ["1"] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %z = eqc.from_planar S(5) %e by [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %y = eqc.from_rows %z : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @unpacked_each(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  %rows = eqc.to_rows %x : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %packed = eqc.pack %w order [0] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  %p = eqc.to_planar S(5) %rows by [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  // expected-error @below {{'weights' must be what 'eqc.pack' makes}}
  %m = eqc.mix_each S(5) %p orders [1] weights(%w : tensor<1x4x4xf32>) : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %e = eqc.expand S(5) %m patterns ["1"] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %z = eqc.from_planar S(5) %e by [[0]] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %y = eqc.from_rows %z : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @unused_matrix(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  // expected-error @below {{must make the matrix of the second argument of its function, or what is added of the third}}
  %n = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 | i1"] : tensor<1x4x4xf32> -> tensor<20x20xf32>
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x4xf32> -> tensor<20x20xf32>
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x20xf32>) -> tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

#v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>

func.func @rows_beside_a_matrix(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
    attributes {eqc.layer = "f", eqc.target = #v3} {
  // expected-error @below {{stands beside 'eqc.multiply', which is a layer without other stages}}
  %rows = eqc.to_rows %x : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  %m = eqc.assemble S(5) order 1 -> 1 %w diagrams ["o1 i1"] : tensor<1x4x4xf32> -> tensor<20x20xf32>
  %y = eqc.multiply %x by %m : (tensor<?x5x4xf32>, tensor<20x20xf32>) -> tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}
