// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

func.func @linear_no_permutations(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'n' must be that of the permutations of Graph, which follow it}}
  %y = eqc.linear Graph(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1=0 i1=0 # 3 3 3 1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_wrong_permutations(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{there is no such point: points are 0 to 2}}
  %y = eqc.linear Perm(3, "(0 3)") order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1=0 i1=0 # 3 3 3 1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_other_group(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{group S is not given by permutations}}
  %y = eqc.linear S(3, "(0 1)") order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_wrong_sizes(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{diagram 'o1=0 i1=0' is not one of Perm(3): the orbit is listed as 'o1=0 i1=0 # 3 3 3 1'}}
  %y = eqc.linear Perm(3, "(0 1 2)") order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1=0 i1=0 # 3 3 6 2"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_wrong_value(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{the value of 'i1' is 3, but points are 0 to 2}}
  %y = eqc.linear Perm(3, "(0 1 2)") order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1=0 i1=3 # 3 3 3 1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_orbit_of_another_group(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{only Perm and Graph have orbits of values}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1=0 i1=0 # 3 3 3 1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @read_wrong_sizes(%x: tensor<?x3x4xf32>) {
  // expected-error @below {{pattern '1=0 > 0 # 3 2' is not one of Perm(3): it has 3 entries of 1}}
  %r = eqc.read Perm(3, "(0 1 2)") x(%x : tensor<?x3x4xf32>) patterns ["1=0 > 0 # 3 2" from "1"] : tensor<?x3x4xf32>
  return
}

// -----

// expected-error @below {{invalid diagram: expected '#' and the sizes of the orbit}}
func.func private @f() attributes {a = #eqc.diagram<"o1=0 i1=1">}

// -----

// expected-error @below {{invalid diagram: expected the sizes of the orbit}}
func.func private @f() attributes {a = #eqc.diagram<"o1=0 i1=1 # 1 2 x">}

// -----

// expected-error @below {{invalid pattern: nothing may follow the orbit}}
func.func private @f() attributes {a = #eqc.pattern<"1=0 # 1 2 3">}

// -----

// expected-error @below {{invalid pattern: expected a value, not 'x'}}
func.func private @f() attributes {a = #eqc.pattern<"1=0 > x # 1 2">}

// -----

func.func @linear_beside_wrong_sizes(%x: tensor<?x3x2x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{the orbit is listed as 'o1=0 i1=0 # 3 3 3 1'}}
  %y = eqc.linear [turn: Perm(3, "(0 1 2)"), set: S(2)] order 2 -> 2 x(%x : tensor<?x3x2x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1:0=0 i1:0=0 | o2:1 i2:1 # 3 3 6 2"] : tensor<?x3x2x5xf32>
  return
}

// -----

func.func @linear_beside_of_another_space(%x: tensor<?x3x2x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{only Perm and Graph have orbits of values}}
  %y = eqc.linear [turn: Perm(3, "(0 1 2)"), set: S(2)] order 2 -> 2 x(%x : tensor<?x3x2x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1:0 i1:0 | o2:1=0 i2:1=0 # 2 2 2 1"] : tensor<?x3x2x5xf32>
  return
}

// -----

func.func @read_beside_of_no_space(%x: tensor<?x6x4xf32>) {
  // expected-error @below {{pattern '1:2=0 | 2:1 # 3 1' names space 2 of 2}}
  %r = eqc.read [turn: Perm(3, "(0 1 2)"), set: S(2)] x(%x : tensor<?x6x4xf32>) patterns ["1:2=0 | 2:1 # 3 1" from "1:0 | 2:1"] : tensor<?x6x4xf32>
  return
}

// -----

func.func @read_beside_wrong_sizes(%x: tensor<?x6x4xf32>) {
  // expected-error @below {{pattern '1:0=0 | 2:1 # 2 1' is not one of turn:Perm set:S: it has 3 entries of 1}}
  %r = eqc.read [turn: Perm(3, "(0 1 2)"), set: S(2)] x(%x : tensor<?x6x4xf32>) patterns ["1:0=0 | 2:1 # 2 1" from "1:0 | 2:1"] : tensor<?x4x4xf32>
  return
}

// -----

// expected-error @below {{invalid diagram: expected '#' and the sizes of the orbit}}
func.func private @f() attributes {a = #eqc.diagram<"o1:0=0 i1:0=1 | o2:1">}

// -----

// expected-error @below {{invalid pattern: expected '#' and the sizes of the orbit}}
func.func private @f() attributes {a = #eqc.pattern<"1:0=0 | 2:1">}

// -----

// expected-error @below {{invalid pattern: vertices with values stand in a block of their own}}
func.func private @f() attributes {a = #eqc.pattern<"1:0=0 2:1 # 1 1">}

// -----

// expected-error @below {{invalid pattern: all vertices of one space have values, and there is no head}}
func.func private @f() attributes {a = #eqc.pattern<"1:0=0 | 2:0 # 1 1">}
