// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @read_c1(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %r = eqc.read S(0) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 | 2"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @read_c2_none(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{must have at least one pattern}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns [] : tensor<?x5x4xf32>
  return
}

// -----

func.func @read_c2_twice(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '1 | ~2' occurs twice}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 | 2", "1 | ~2" from "1 | 2"] : tensor<?x10x4xf32>
  return
}

// -----

func.func @read_c3(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{must have as many inputs, kept blocks and free vertices}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 | 2", "~1 2" from "1 2"] : tensor<?x6x4xf32>
  return
}

// -----

func.func @read_c3_heads(%x: tensor<?x16x4xf32>) {
  // expected-error @below {{must have as many inputs, kept blocks and free vertices}}
  %r = eqc.read A(4) x(%x : tensor<?x16x4xf32>) patterns ["* | ~1 | ~2" from "1 | 2", "* | 1 | ~2" from "1 | 2"] : tensor<?x18x4xf32>
  return
}

// -----

func.func @read_c4_head(%x: tensor<?x9x4xf32>) {
  // expected-error @below {{pattern '* +4 | ~1 | ~2' has a symbol without entries}}
  %r = eqc.read A(3) x(%x : tensor<?x9x4xf32>) patterns ["* +4 | ~1 | ~2" from "1 | 2"] : tensor<?x0x4xf32>
  return
}

// -----

func.func @read_c2_head(%x: tensor<?x9x4xf32>) {
  // expected-error @below {{pattern '* | ~1 | ~2' has a head, but its space no jellyfish}}
  %r = eqc.read S(3) x(%x : tensor<?x9x4xf32>) patterns ["* | ~1 | ~2" from "1 | 2"] : tensor<?x3x4xf32>
  return
}

// -----

func.func @read_c4(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '1 2' drops nothing: it is a view of x}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 2" from "1 | 2"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @read_c5_both(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{must read either 'x' or 'reads'}}
  %r = eqc.read S(5) patterns ["1 | ~2" from "1 | 2"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @read_c5_view(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{source '1 | ~2' is not a view of 'x'}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["~1 | ~2" from "1 | ~2"] : tensor<?x1x4xf32>
  return
}

// -----

func.func @read_c5_made(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'reads' must be results of 'eqc.read'}}
  %r = eqc.read S(5) reads(%x : tensor<?x25x4xf32>) patterns ["~1 | ~2" from "1 | ~2"] : tensor<?x1x4xf32>
  return
}

// -----

func.func @read_c5_among(%x: tensor<?x25x4xf32>) {
  %r0 = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 | 2"] : tensor<?x5x4xf32>
  // expected-error @below {{source '~1 | 2' is not among 'reads'}}
  %r = eqc.read S(5) reads(%r0 : tensor<?x5x4xf32>) patterns ["~1 | ~2" from "~1 | 2"] : tensor<?x1x4xf32>
  return
}

// -----

func.func @read_c6_less(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '1 | ~2' cannot be read from '1 2', which distinguishes less}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 2"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @read_c6_two(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '~1 | ~2' drops more than one block of '1 | 2'}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["~1 | ~2" from "1 | 2"] : tensor<?x1x4xf32>
  return
}

// -----

func.func @read_c7_x(%x: tensor<?x24x4xf32>) {
  // expected-error @below {{'x' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x24x4xf32>'}}
  %r = eqc.read S(5) x(%x : tensor<?x24x4xf32>) patterns ["1 | ~2" from "1 | 2"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @read_c7_rows(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 5, 4] of 'f32', found 'tensor<?x6x4xf32>'}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 | 2"] : tensor<?x6x4xf32>
  return
}

// -----

func.func @read_c9(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pools, so that nothing can be normalized}}
  %r = eqc.read S(5) x(%x : tensor<?x25x4xf32>) patterns ["1 | ~2" from "1 | 2"] normalize mean pool max : tensor<?x5x4xf32>
  return
}
