// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @transform_c1_none() {
  // expected-error @below {{must have at least one source}}
  %y = eqc.transform to [] : () -> tensor<?x0x4xf32>
  return
}

// -----

func.func @transform_c1_channels(%x: tensor<?x2x4xf32>) {
  // expected-error @below {{sources and result must be [batch, rows, channels]}}
  %y = eqc.transform %x to [0] : (tensor<?x2x4xf32>) -> tensor<?x1x5xf32>
  return
}

// -----

func.func @transform_c1_rank(%x: tensor<2x4xf32>) {
  // expected-error @below {{sources and result must be [batch, rows, channels]}}
  %y = eqc.transform %x to [0] : (tensor<2x4xf32>) -> tensor<?x1x4xf32>
  return
}

// -----

func.func @transform_c1_dynamic(%x: tensor<?x?x4xf32>) {
  // expected-error @below {{differ in their rows alone, which are static}}
  %y = eqc.transform %x to [0] : (tensor<?x?x4xf32>) -> tensor<?x1x4xf32>
  return
}

// -----

func.func @transform_c2_range(%x: tensor<?x2x4xf32>) {
  // expected-error @below {{change of basis names row 2 of 2}}
  %y = eqc.transform %x to [2] : (tensor<?x2x4xf32>) -> tensor<?x1x4xf32>
  return
}

// -----

func.func @transform_c2_twice(%x: tensor<?x2x4xf32>) {
  // expected-error @below {{change of basis names row 1 twice in one sum}}
  %y = eqc.transform %x to [1, [1 : 1.0, 0 : 1.0, 1 : 2.0]] : (tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

func.func @transform_c3(%x: tensor<?x2x4xf32>) {
  // expected-error @below {{has 1 sums, but the result has 2 rows}}
  %y = eqc.transform %x to [1] : (tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

func.func @mix_copies_c1_size(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.mix_copies O(0) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [[0, 1]] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c1_dynamic(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'n' cannot be '?': the basis is one of all positions}}
  %y = eqc.mix_copies O(?) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [[0, 1]] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c2_dimension(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'dimension' must be positive, found 0}}
  %y = eqc.mix_copies O(3) dimension 0 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [[0, 1]] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c2_none(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{must have at least one target}}
  %y = eqc.mix_copies O(3) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c3(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{copy in rows 2 to 4 is not among the 4 stored}}
  %y = eqc.mix_copies O(3) dimension 3 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [[0, 2]] : tensor<?x4x4xf32> -> tensor<?x3x8xf32>
  return
}

// -----

func.func @mix_copies_c4(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{needs weights 1 to 2 of 4 input channels, found 'tensor<2x4x8xf32>'}}
  %y = eqc.mix_copies O(3) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 1 targets [[0, 1]] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c5_none(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{names rows of a bias but has no 'bias'}}
  %y = eqc.mix_copies O(3) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [[0] bias 0] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c5_unused(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>, %b: tensor<1x8xf32>) {
  // expected-error @below {{has a 'bias' but names no row of it}}
  %y = eqc.mix_copies O(3) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 bias(%b : tensor<1x8xf32>) targets [[0, 1]] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c5_row(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>, %b: tensor<1x8xf32>) {
  // expected-error @below {{names row 1 of 1 of 'bias'}}
  %y = eqc.mix_copies O(3) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 bias(%b : tensor<1x8xf32>) targets [[0] bias 1] : tensor<?x4x4xf32> -> tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_copies_c5_dimension(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>, %b: tensor<1x8xf32>) {
  // expected-error @below {{has a bias, which takes dimension 1, found 3}}
  %y = eqc.mix_copies O(3) dimension 3 %x weights(%w : tensor<2x4x8xf32>) from 0 bias(%b : tensor<1x8xf32>) targets [[0] bias 0] : tensor<?x4x4xf32> -> tensor<?x3x8xf32>
  return
}

// -----

func.func @mix_copies_c6(%x: tensor<?x4x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'nodes' must be [batch, rows, channels] = [?, 1, 8] of 'f32', found 'tensor<?x2x8xf32>'}}
  %y = eqc.mix_copies O(3) dimension 1 %x weights(%w : tensor<2x4x8xf32>) from 0 targets [[0, 1]] : tensor<?x4x4xf32> -> tensor<?x2x8xf32>
  return
}

// -----

func.func @sum_copies_c1(%x: tensor<?x4x4xf32>, %dy: tensor<?x4x8xf32>) {
  // expected-error @below {{'n' cannot be '?'}}
  %s = eqc.sum_copies O(?) dimension 1 x(%x : tensor<?x4x4xf32>) copies [0] grad_y(%dy : tensor<?x4x8xf32>) copies [0] : tensor<1x4x8xf32>
  return
}

// -----

func.func @sum_copies_c2_dimension(%x: tensor<?x4x4xf32>, %dy: tensor<?x4x8xf32>) {
  // expected-error @below {{'dimension' must be positive, found 0}}
  %s = eqc.sum_copies O(3) dimension 0 x(%x : tensor<?x4x4xf32>) copies [0] grad_y(%dy : tensor<?x4x8xf32>) copies [0] : tensor<1x4x8xf32>
  return
}

// -----

func.func @sum_copies_c2_pairs(%x: tensor<?x4x4xf32>, %dy: tensor<?x4x8xf32>) {
  // expected-error @below {{must name pairs of copies, found 2 of 'x' and 1 of 'grad_y'}}
  %s = eqc.sum_copies O(3) dimension 1 x(%x : tensor<?x4x4xf32>) copies [0, 1] grad_y(%dy : tensor<?x4x8xf32>) copies [0] : tensor<1x4x8xf32>
  return
}

// -----

func.func @sum_copies_c3_rows(%x: tensor<?x4x4xf32>, %dy: tensor<?x4x8xf32>) {
  // expected-error @below {{copy in rows 2 to 4 is not among the 4 of 'grad_y'}}
  %s = eqc.sum_copies O(3) dimension 3 x(%x : tensor<?x4x4xf32>) copies [0] grad_y(%dy : tensor<?x4x8xf32>) copies [2] : tensor<1x4x8xf32>
  return
}

// -----

func.func @sum_copies_c3_element(%x: tensor<?x4x4xf32>, %dy: tensor<?x4x8xf64>) {
  // expected-error @below {{'x' and 'grad_y' must be of one batch and element type, found 'tensor<?x4x4xf32>' and 'tensor<?x4x8xf64>'}}
  %s = eqc.sum_copies O(3) dimension 1 x(%x : tensor<?x4x4xf32>) copies [0] grad_y(%dy : tensor<?x4x8xf64>) copies [0] : tensor<1x4x8xf32>
  return
}

// -----

func.func @sum_copies_c4(%x: tensor<?x4x4xf32>, %dy: tensor<?x4x8xf32>) {
  // expected-error @below {{must give 'tensor<1x4x8xf32>', found 'tensor<2x4x8xf32>'}}
  %s = eqc.sum_copies O(3) dimension 1 x(%x : tensor<?x4x4xf32>) copies [0] grad_y(%dy : tensor<?x4x8xf32>) copies [0] : tensor<2x4x8xf32>
  return
}

// -----

func.func @sum_rows_c1(%dy: tensor<?x4x8xf32>) {
  // expected-error @below {{names row 4 of 4}}
  %s = eqc.sum_rows %dy rows [4] : tensor<?x4x8xf32> -> tensor<1x8xf32>
  return
}

// -----

func.func @sum_rows_c2(%dy: tensor<?x4x8xf32>) {
  // expected-error @below {{must give 'tensor<2x8xf32>', found 'tensor<1x8xf32>'}}
  %s = eqc.sum_rows %dy rows [0, 1] : tensor<?x4x8xf32> -> tensor<1x8xf32>
  return
}

// -----

func.func @unpack_c1_none() {
  // expected-error @below {{must have at least one source}}
  %w = eqc.unpack order [[]] : () -> tensor<1x4x8xf32>
  return
}

// -----

func.func @unpack_c1_channels(%s: tensor<1x4x8xf32>) {
  // expected-error @below {{sources and result must be [.., c_in, c_out] of the same static channels and element type, found 'tensor<1x4x8xf32>' and 'tensor<1x8x4xf32>'}}
  %w = eqc.unpack %s order [0] : (tensor<1x4x8xf32>) -> tensor<1x8x4xf32>
  return
}

// -----

func.func @unpack_c2(%s: tensor<1x4x8xf32>) {
  // expected-error @below {{order names weight 1 of 1}}
  %w = eqc.unpack %s order [1] : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @unpack_c3(%s: tensor<1x4x8xf32>) {
  // expected-error @below {{has 2 sums, but the result has 1 weights}}
  %w = eqc.unpack %s order [0, 0] : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}
