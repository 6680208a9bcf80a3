// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{has 1 arguments, but 2 names and 1 lists of axes}}
eqc.network @network_c1 spaces "p:S(?)" inputs ["x", "z"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x?x2xf32>):
  %0 = eqc.call f(%x) axes [0] : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  eqc.output %0 : tensor<?x?x2xf32>
}

// -----

// expected-error @below {{must end with an eqc.output of 2 values}}
eqc.network @network_c1_outputs spaces "p:S(?)" inputs ["x"] axes [array<i32: 0>] outputs ["y", "z"] {
^bb0(%x: tensor<?x?x2xf32>):
  %0 = eqc.call f(%x) axes [0] : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  eqc.output %0 : tensor<?x?x2xf32>
}

// -----

// expected-error @below {{malformed spaces 'p'}}
eqc.network @network_c1_spaces spaces "p" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x?x2xf32>):
  %0 = eqc.call f(%x) axes [0] : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  eqc.output %0 : tensor<?x?x2xf32>
}

// -----

// expected-error @below {{axis 0 must have extent 4}}
eqc.network @network_c2 spaces "p:S(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x3x2xf32>):
  %0 = eqc.call f(%x) axes [0] : (tensor<?x3x2xf32>) -> tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}

// -----

eqc.network @network_c2_rank spaces "p:S(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>):
  // expected-error @below {{value has not the rank of its 2 axes, and 2}}
  %0 = eqc.call f(%x) axes [0, 0] : (tensor<?x4x2xf32>) -> tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}

// -----

func.func @f(%x: tensor<?x4x2xf32>, %w: tensor<2x2x2xf32>) -> tensor<?x4x2xf32> {
  %y = eqc.linear S(4) order 1 -> 1 x(%x : tensor<?x4x2xf32>) weight(%w : tensor<2x2x2xf32>) diagrams ["o1 i1", "o1 | i1"] : tensor<?x4x2xf32>
  return %y : tensor<?x4x2xf32>
}
eqc.network @network_c3 spaces "p:S(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>):
  // expected-error @below {{layer 'f' has type}}
  %0 = eqc.call f(%x) axes [0] : (tensor<?x4x2xf32>) -> tensor<?x4x3xf32>
  eqc.output %0 : tensor<?x4x3xf32>
}

// -----

func.func @f(%x: tensor<?x4x2xf32>, %z: tensor<?x4x2xf32>, %w: tensor<1x2xf32>) -> tensor<?x4x2xf32> {
  %y = eqc.bilinear y S(4) order 1 * 1 -> 1 (%x, %z, %w) diagrams ["o1 i1 i2"] : (tensor<?x4x2xf32>, tensor<?x4x2xf32>, tensor<1x2xf32>) -> tensor<?x4x2xf32>
  return %y : tensor<?x4x2xf32>
}
eqc.network @network_c3_two spaces "p:S(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>):
  // expected-error @below {{layer 'f' has type}}
  %0 = eqc.call f(%x) axes [0] : (tensor<?x4x2xf32>) -> tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}

// -----

eqc.network @network_c4 spaces "v:O(3)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x3x2xf32>):
  // expected-error @below {{'tanh' is not equivariant on these axes}}
  %0 = eqc.pointwise tanh %x : tensor<?x3x2xf32>
  %1 = eqc.call f(%0) axes [0] : (tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  eqc.output %1 : tensor<?x3x2xf32>
}

// -----

eqc.network @network_c4_name spaces "v:S(3)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x3x2xf32>):
  // expected-error @below {{unknown function 'cosh'}}
  %0 = eqc.pointwise cosh %x : tensor<?x3x2xf32>
  %1 = eqc.call f(%0) axes [0] : (tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  eqc.output %1 : tensor<?x3x2xf32>
}

// -----

eqc.network @network_c5 spaces "v:Sp(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>):
  // expected-error @below {{the group of space 0 does not keep the sum of squares}}
  %0 = eqc.norm %x over [0] : tensor<?x4x2xf32> -> tensor<?x2xf32>
  eqc.output %0 : tensor<?x2xf32>
}

// -----

eqc.network @network_c6 spaces "p:S(4) v:O(3)" inputs ["x", "s"] axes [array<i32: 0, 1>, array<i32: 1>] outputs ["y"] {
^bb0(%x: tensor<?x4x3x2xf32>, %s: tensor<?x3x2xf32>):
  // expected-error @below {{products of entries are not equivariant on the factor's axes}}
  %0 = eqc.scale %x by %s : tensor<?x4x3x2xf32>, tensor<?x3x2xf32>
  eqc.output %0 : tensor<?x4x3x2xf32>
}

// -----

eqc.network @network_c6_axes spaces "p:S(4) q:S(4)" inputs ["x", "s"] axes [array<i32: 0, 0>, array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x4x2xf32>, %s: tensor<?x4x2xf32>):
  // expected-error @below {{the factor does not fit the value}}
  %0 = eqc.scale %x by %s : tensor<?x4x4x2xf32>, tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x4x2xf32>
}

// -----

eqc.network @network_c7 spaces "p:S(4) q:S(4)" inputs ["x", "z"] axes [array<i32: 0>, array<i32: 1>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>, %z: tensor<?x4x2xf32>):
  // expected-error @below {{operands have different axes}}
  %0 = eqc.add %x, %z : tensor<?x4x2xf32>, tensor<?x4x2xf32> -> tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}

// -----

eqc.network @network_c7_channels spaces "p:S(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>):
  // expected-error @below {{has 3 channels, but those of its operands are 4}}
  %0 = eqc.concat %x, %x : tensor<?x4x2xf32>, tensor<?x4x2xf32> -> tensor<?x4x3xf32>
  eqc.output %0 : tensor<?x4x3xf32>
}

// -----

// expected-error @below {{calls no layer}}
eqc.network @network_c8 spaces "p:S(4)" inputs ["x"] axes [array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>):
  %0 = eqc.pointwise relu %x : tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}

// -----

eqc.network @network_c7_types spaces "p:S(4)" inputs ["x", "z"] axes [array<i32: 0>, array<i32: 0>] outputs ["y"] {
^bb0(%x: tensor<?x4x2xf32>, %z: tensor<?x4x3xf32>):
  // expected-error @below {{operands and result must have one type}}
  %0 = eqc.add %x, %z : tensor<?x4x2xf32>, tensor<?x4x3xf32> -> tensor<?x4x2xf32>
  eqc.output %0 : tensor<?x4x2xf32>
}
