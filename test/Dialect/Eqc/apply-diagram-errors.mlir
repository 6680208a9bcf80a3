// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the description, named after it.

func.func @apply_diagram_c1_zero(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'n' must be positive or '?', found 0}}
  %y = eqc.apply_diagram S(0) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c1_odd(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'n' must be even for Sp, found 3}}
  %y = eqc.apply_diagram Sp(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c1_dynamic(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'n' cannot be '?' for SO, whose diagrams depend on it}}
  %y = eqc.apply_diagram SO(?) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c2_x(%x: tensor<?x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'x' must have rank 4 (batch, one n-axis for each input, channels), found 3}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c2_y(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'y' must have rank 3 (batch, one n-axis for each output, channels), found 4}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c3_element(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op element types must be the same, found 'f32' and 'f64'}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf64>
  return
}

// -----

func.func @apply_diagram_c3_batch(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'x' and 'y' must have the same batch and channels, found 'tensor<?x3x3x4xf32>' and 'tensor<2x3x4xf32>'}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<2x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c3_channels(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op 'x' and 'y' must have the same batch and channels, found 'tensor<?x3x3x4xf32>' and 'tensor<?x3x5xf32>'}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x5xf32>
  return
}

// -----

func.func @apply_diagram_c4_x(%x: tensor<?x3x2x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op axis 2 of 'x' must have extent n = 3, found 2}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x2x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c4_y(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op axis 1 of 'y' must have extent n = 3, found ?}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x?x4xf32>
  return
}

// -----

func.func @apply_diagram_c4_dynamic(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op axis 1 of 'x' must have extent n = ?, found 3}}
  %y = eqc.apply_diagram S(?) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c5_matching(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op diagram 'o1 i1 | i2' is not one of O(3)}}
  %y = eqc.apply_diagram O(3) "o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @apply_diagram_c5_free(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{'eqc.apply_diagram' op diagram '* o1 i1 | i2' is not one of SO(3)}}
  %y = eqc.apply_diagram SO(3) "* o1 i1 | i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}

// -----

func.func @bad_diagram(%x: tensor<?x3x3x4xf32>) {
  // expected-error @below {{custom op 'eqc.apply_diagram' invalid diagram: vertex 'i2' appears twice}}
  %y = eqc.apply_diagram S(3) "o1 i1 | i2 i2" %x : tensor<?x3x3x4xf32>
      -> tensor<?x3x4xf32>
  return
}
