// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the description, named after it.

func.func @linear_c1_zero(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'n' must be positive or '?', found 0}}
  %y = eqc.linear S(0) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c1_negative(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'n' must be positive or '?', found -2}}
  %y = eqc.linear S(-2) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_signature(%x: tensor<?x4x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{custom op 'eqc.linear' there is no group O(4,-1)}}
  %y = eqc.linear O(4,-1) order 1 -> 1
      x(%x : tensor<?x4x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1"] : tensor<?x4x5xf32>
  return
}

// -----

func.func @linear_size_of_signature(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'n' must be 4 for O(1,3), found 3}}
  %y = "eqc.linear"(%x, %w) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, group = #eqc.group<O(1,3)>, n = 3 : i64, k = 1 : i64,
      l = 1 : i64, diagrams = [#eqc.diagram<"o1 i1">]}>
      : (tensor<?x3x4xf32>, tensor<1x4x5xf32>) -> tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c1_odd(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'n' must be even for Sp, found 3}}
  %y = eqc.linear Sp(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c1_dynamic(%x: tensor<?x?x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'n' cannot be '?' for SO, whose diagrams depend on it}}
  %y = eqc.linear SO(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1"] : tensor<?x?x5xf32>
  return
}

// -----

func.func @linear_c2_negative(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op orders must be between 0 and 2147483647, found 1 -> -1}}
  %y = eqc.linear S(3) order 1 -> -1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c2_huge(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op orders must be between 0 and 2147483647, found 9223372036854775807 -> 1}}
  %y = eqc.linear S(3) order 9223372036854775807 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c3_x(%x: tensor<?x3x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'x' must have rank 3 (batch, k n-axes, channels), found 4}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c3_y(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'y' must have rank 3 (batch, l n-axes, channels), found 2}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x5xf32>
  return
}

// -----

func.func @linear_c3_weight(%x: tensor<?x3x4xf32>, %w: tensor<2x4xf32>) {
  // expected-error @below {{'eqc.linear' op 'weight' must have rank 3 (diagrams, c_in, c_out), found 2}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c3_bias(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<5xf32>) {
  // expected-error @below {{'eqc.linear' op 'bias' must have rank 2 (bias diagrams, c_out), found 1}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<5xf32>) diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c4_weight(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf64>) {
  // expected-error @below {{'eqc.linear' op element types must be the same, found 'f32' and 'f64'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf64>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c4_bias(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<1x5xf64>) {
  // expected-error @below {{'eqc.linear' op element types must be the same, found 'f32' and 'f64'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<1x5xf64>) diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c4_y(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op element types must be the same, found 'f32' and 'f64'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf64>
  return
}

// -----

// Integers and unranked tensors are not even of the operand's type.
func.func @linear_c4_integer(%x: tensor<?x3x4xi32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op operand #0 must be ranked tensor of 32-bit float or 64-bit float values, but got 'tensor<?x3x4xi32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xi32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c4_unranked(%x: tensor<*xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{custom op 'eqc.linear' invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<*xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c5_x(%x: tensor<?x2x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op axis 1 of 'x' must have extent n = 3, found 2}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x2x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c5_y(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op axis 1 of 'y' must have extent n = 3, found ?}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x?x5xf32>
  return
}

// -----

// A dynamic n wants dynamic axes.
func.func @linear_c5_dynamic(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op axis 1 of 'x' must have extent n = ?, found 3}}
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

// With channels in front the n-axes stand elsewhere.
func.func @linear_c5_layout(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op axis 2 of 'x' must have extent n = 3, found 4}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] layout channels_first : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c6(%x: tensor<8x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'x' and 'y' must have the same batch, found 8 and ?}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<8x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c7_c_in(%x: tensor<?x3x6xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'weight' must be [diagrams, c_in, c_out] = [2, 6, 5], found 'tensor<2x4x5xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x6xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c7_c_out(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'weight' must be [diagrams, c_in, c_out] = [2, 4, 6], found 'tensor<2x4x5xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x6xf32>
  return
}

// -----

func.func @linear_c7_diagrams(%x: tensor<?x3x4xf32>, %w: tensor<3x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'weight' must be [diagrams, c_in, c_out] = [2, 4, 5], found 'tensor<3x4x5xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<3x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c7_dynamic_weight(%x: tensor<?x3x4xf32>, %w: tensor<?x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'weight' must be [diagrams, c_in, c_out] = [2, 4, 5], found 'tensor<?x4x5xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<?x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c7_dynamic_channels(%x: tensor<?x3x?xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op channels must be static and positive, found ? -> 5}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x?xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c7_no_channels(%x: tensor<?x3x4xf32>, %w: tensor<2x4x0xf32>) {
  // expected-error @below {{'eqc.linear' op channels must be static and positive, found 4 -> 0}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x0xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x0xf32>
  return
}

// -----

func.func @linear_c8_none(%x: tensor<?x3x4xf32>, %w: tensor<0x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op must have at least one diagram}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<0x4x5xf32>)
      diagrams [] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c8_twice(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op diagram 'o1 | i1' occurs twice, at 0 and 1}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 | i1", "i1 | o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c9_orders(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op diagram 'o1 | i1 i2' has 1 outputs and 2 inputs, expected 1 and 1}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1 i2"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c9_singleton(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op diagram 'o1 | i1' is not one of O(3)}}
  %y = eqc.linear O(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

// Sp refuses it too.
func.func @linear_c9_block(%x: tensor<?x2x2x2x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op diagram 'o1 i1 i2 i3' is not one of Sp(2)}}
  %y = eqc.linear Sp(2) order 3 -> 1 x(%x : tensor<?x2x2x2x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1 i2 i3"] : tensor<?x2x5xf32>
  return
}

// -----

func.func @linear_c9_free_of_s(%x: tensor<?x2x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op diagram '* o1 i1' is not one of S(2)}}
  %y = eqc.linear S(2) order 1 -> 1 x(%x : tensor<?x2x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["* o1 i1"] : tensor<?x2x5xf32>
  return
}

// -----

func.func @linear_c9_free_count(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op diagram '* o1 i1' is not one of SO(3)}}
  %y = eqc.linear SO(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["* o1 i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c10_no_bias(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{'eqc.linear' op has bias diagrams but no 'bias'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c10_no_diagrams(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<1x5xf32>) {
  // expected-error @below {{'eqc.linear' op has a 'bias' but no bias diagrams}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<1x5xf32>) diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c10_shape(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<2x5xf32>) {
  // expected-error @below {{'eqc.linear' op 'bias' must be [bias diagrams, c_out] = [1, 5], found 'tensor<2x5xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<2x5xf32>) diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c10_channels(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<1x4xf32>) {
  // expected-error @below {{'eqc.linear' op 'bias' must be [bias diagrams, c_out] = [1, 5], found 'tensor<1x4xf32>'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<1x4xf32>) diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c11_inputs(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<1x5xf32>) {
  // expected-error @below {{'eqc.linear' op bias diagram 'o1 i1' has 1 outputs and 1 inputs, expected 1 and 0}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<1x5xf32>) diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1 i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c11_twice(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>, %b: tensor<2x5xf32>) {
  // expected-error @below {{'eqc.linear' op bias diagram 'o1' occurs twice, at 0 and 1}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      bias(%b : tensor<2x5xf32>) diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1", "o1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c11_group(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>, %b: tensor<1x5xf32>) {
  // expected-error @below {{'eqc.linear' op bias diagram 'o1' is not one of O(3)}}
  %y = eqc.linear O(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      bias(%b : tensor<1x5xf32>) diagrams ["o1 i1"] bias_diagrams ["o1"] : tensor<?x3x5xf32>
  return
}

// -----

// Syntax.

func.func @unknown_group(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{custom op 'eqc.linear' expected a group, one of S, O, SO, Sp, H, S', B, B', GL, A, Perm, Graph; found 'U'}}
  %y = eqc.linear U(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @huge_size(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  // expected-error @below {{custom op 'eqc.linear' integer value too large}}
  %y = eqc.linear S(9223372036854775808) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      diagrams ["o1 i1", "o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @unknown_layout(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      // expected-error @below {{custom op 'eqc.linear' expected a layout, one of channels_last, channels_first; found 'nhwc'}}
      diagrams ["o1 i1", "o1 | i1"] layout nhwc : tensor<?x3x5xf32>
  return
}

// -----

func.func @unknown_normalization(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      // expected-error @below {{custom op 'eqc.linear' expected a normalisation, one of none, mean; found 'max'}}
      diagrams ["o1 i1", "o1 | i1"] normalize max : tensor<?x3x5xf32>
  return
}

// -----

func.func @bad_diagram(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      // expected-error @below {{custom op 'eqc.linear' invalid diagram: vertex 'i1' appears twice}}
      diagrams ["o1 i1", "o1 | i1 i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @diagram_without_quotes(%x: tensor<?x3x4xf32>, %w: tensor<2x4x5xf32>) {
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<2x4x5xf32>)
      // expected-error @below {{custom op 'eqc.linear' expected a diagram in quotes}}
      diagrams [o1 i1] : tensor<?x3x5xf32>
  return
}

// -----

// The generic form checks the kind of each element.
func.func @text_instead_of_diagram(%x: tensor<?x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{'eqc.linear' op attribute 'diagrams' failed to satisfy constraint: array of diagrams}}
  %y = "eqc.linear"(%x, %w) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, group = #eqc.group<S>, n = 3 : i64, k = 1 : i64,
      l = 1 : i64, diagrams = ["o1 i1"]}>
      : (tensor<?x3x1xf32>, tensor<1x1x1xf32>) -> tensor<?x3x1xf32>
  return
}

// -----

// The axes of x have the sizes of their spaces.
func.func @size_of_space(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{'eqc.linear' op axis 2 of 'x' must have extent n = 4, found 3}}
  %y = eqc.linear [users: S(3), items: S(4)] order 2 -> 1
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:0 i1:0 | i2:1"] : tensor<?x3x1xf32>
  return
}

// -----

func.func @untyped_diagram(%x: tensor<?x3x4x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{'eqc.linear' op diagram 'o1 i1 | i2' must name the spaces of its vertices}}
  %y = eqc.linear [users: S(3), items: S(4)] order 2 -> 1
      x(%x : tensor<?x3x4x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 i1 | i2"] : tensor<?x3x1xf32>
  return
}

// -----

func.func @other_axes(%x: tensor<?x3x4x1xf32>, %w: tensor<2x1x1xf32>) {
  // expected-error @below {{'eqc.linear' op diagram 'o1:0 i2:0 | i1:1' is of axes of other spaces than the first}}
  %y = eqc.linear [users: S(3), items: S(4)] order 2 -> 1
      x(%x : tensor<?x3x4x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["o1:0 i1:0 | i2:1", "o1:0 i2:0 | i1:1"] : tensor<?x3x1xf32>
  return
}

// -----

func.func @bias_of_other_axes(%x: tensor<?x3x4x1xf32>, %w: tensor<1x1x1xf32>,
                              %b: tensor<1x1xf32>) {
  // expected-error @below {{'eqc.linear' op bias diagram 'o1:1' is of axes of other spaces than the outputs}}
  %y = eqc.linear [users: S(3), items: S(4)] order 2 -> 1
      x(%x : tensor<?x3x4x1xf32>) weight(%w : tensor<1x1x1xf32>)
      bias(%b : tensor<1x1xf32>)
      diagrams ["o1:0 i1:0 | i2:1"] bias_diagrams ["o1:1"] : tensor<?x3x1xf32>
  return
}

// -----

func.func @one_space(%x: tensor<?x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{a product has between 2 and 16 spaces, found 1}}
  %y = eqc.linear [users: S(3)] order 1 -> 0
      x(%x : tensor<?x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["i1:0"] : tensor<?x1xf32>
  return
}

// -----

func.func @space_without_name(%x: tensor<?x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{expected ':'}}
  %y = eqc.linear [S(3), users: S(4)] order 1 -> 0
      x(%x : tensor<?x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["i1:0"] : tensor<?x1xf32>
  return
}

// -----

// linear_c9
func.func @two_of_a_kind(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{diagram 'i1 i2' is not one of GL(3): a diagram of GL(3) joins an output V or an input V' with an output V' or an input V, but the block 'i1 i2' joins two of the latter}}
  %y = eqc.linear GL(3) order 2 -> 0
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["i1 i2"] : tensor<?x1xf32>
  return
}

// -----

// linear_c9
func.func @no_duals(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{diagram 'i1 i2'' names duals, but spaces of O are their own}}
  %y = eqc.linear O(3) order 2 -> 0
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["i1 i2'"] : tensor<?x1xf32>
  return
}

// -----

// linear_c9
func.func @other_duals(%x: tensor<?x3x3x1xf32>, %w: tensor<2x1x1xf32>) {
  // expected-error @below {{diagram 'i1' i2' is of axes of other spaces than the first}}
  %y = eqc.linear GL(3) order 2 -> 0
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["i1 i2'", "i1' i2"] : tensor<?x1xf32>
  return
}

// -----

// linear_c11
func.func @bias_of_other_duals(%x: tensor<?x1xf32>, %w: tensor<1x1x1xf32>, %b: tensor<1x1xf32>) {
  // expected-error @below {{bias diagram 'o1' o2' is of axes of other spaces than the outputs}}
  %y = eqc.linear GL(3) order 0 -> 2
      x(%x : tensor<?x1xf32>) weight(%w : tensor<1x1x1xf32>) bias(%b : tensor<1x1xf32>)
      diagrams ["o1 o2'"] bias_diagrams ["o1' o2"] : tensor<?x3x3x1xf32>
  return
}

// -----

// linear_c12
func.func @bad_permutation(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{in_symmetry "(1 3)": there is no axis 3: axes are 1 to 2}}
  %y = eqc.linear O(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 i1 | o2 i2"] in_symmetry ["(1 3)"] : tensor<?x3x3x1xf32>
  return
}

// -----

// linear_c12
func.func @contradiction(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{symmetries must not contradict each other}}
  %y = eqc.linear O(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 i1 | o2 i2"] out_symmetry ["(1 2)", "-(1 2)"] : tensor<?x3x3x1xf32>
  return
}

// -----

// linear_c12
func.func @cancelled(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{diagram 'o1 o2 | i1 i2' cancels under the symmetries}}
  %y = eqc.linear O(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 o2 | i1 i2"] in_symmetry ["-(1 2)"] : tensor<?x3x3x1xf32>
  return
}

// -----

// linear_c12
func.func @same_orbit(%x: tensor<?x3x3x1xf32>, %w: tensor<2x1x1xf32>) {
  // expected-error @below {{diagram 'o1 i2 | o2 i1' is in the orbit of another one}}
  %y = eqc.linear O(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"] in_symmetry ["(1 2)"] : tensor<?x3x3x1xf32>
  return
}

// -----

// linear_c12
func.func @other_axes(%x: tensor<?x3x3x1xf32>, %w: tensor<1x1x1xf32>) {
  // expected-error @below {{out_symmetry "(1 2)" exchanges axes of different spaces}}
  %y = eqc.linear GL(3) order 2 -> 2
      x(%x : tensor<?x3x3x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1 i1 | o2' i2'"] out_symmetry ["(1 2)"] : tensor<?x3x3x1xf32>
  return
}

// -----

// Jellyfish.

func.func @linear_c1_alternating(%x: tensor<?x1x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{'n' must be at least 2 for A, found 1}}
  %y = eqc.linear A(1) order 1 -> 1 x(%x : tensor<?x1x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1"] : tensor<?x1x5xf32>
  return
}

// -----

func.func @linear_c6_legs(%x: tensor<?x4x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{diagram '* | o1 | i1' is not one of A(4): a jellyfish of A(4) has 3 or 4 blocks, but this one has 2}}
  %y = eqc.linear A(4) order 1 -> 1 x(%x : tensor<?x4x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["* | o1 | i1"] : tensor<?x4x5xf32>
  return
}

// -----

func.func @linear_c6_head(%x: tensor<?x2x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{diagram '* | o1 | i1' is not one of S(2): only A has jellyfish, which start with a lone '*'}}
  %y = eqc.linear S(2) order 1 -> 1 x(%x : tensor<?x2x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["* | o1 | i1"] : tensor<?x2x5xf32>
  return
}

// -----

// Largest and smallest entries.

func.func @linear_c14_group(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{pools, for which the group must be of permutations, and weights those of diagrams}}
  %y = eqc.linear O(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 i1"] pool max : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c14_mean(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @below {{pools, for which the group must be of permutations, and weights those of diagrams}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 | i1"] normalize mean pool min : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_c14_at(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>, %at: tensor<?x3x5xf32>) {
  // expected-error @below {{has an 'at', which is for gradients of layers that pool, of the type of 'y'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      at(%at : tensor<?x3x5xf32>) diagrams ["o1 | i1"] : tensor<?x3x5xf32>
  return
}

// -----

func.func @linear_pool(%x: tensor<?x3x4xf32>, %w: tensor<1x4x5xf32>) {
  // expected-error @+2 {{expected what is taken over inputs, one of sum, max, min; found 'mean'}}
  %y = eqc.linear S(3) order 1 -> 1 x(%x : tensor<?x3x4xf32>) weight(%w : tensor<1x4x5xf32>)
      diagrams ["o1 | i1"] pool mean : tensor<?x3x5xf32>
  return
}
