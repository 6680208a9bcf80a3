// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @to_planar_c1(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.to_planar S(0) %x by [[0, 1]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @to_planar_c2_none(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{must have at least one permutation}}
  %y = eqc.to_planar S(5) %x by [] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @to_planar_c2_twice(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{[1, 1] is no permutation of 2 n-axes}}
  %y = eqc.to_planar S(5) %x by [[0, 1], [1, 1]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @to_planar_c2_fewer(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{[0] is no permutation of 2 n-axes}}
  %y = eqc.to_planar S(5) %x by [[0, 1], [0]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @to_planar_c3_x(%x: tensor<?x5x4xf32>) {
  // expected-error @below {{'x' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x5x4xf32>'}}
  %y = eqc.to_planar S(5) %x by [[0, 1]] : tensor<?x5x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @to_planar_c3_rows(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 50, 4] of 'f32', found 'tensor<?x25x4xf32>'}}
  %y = eqc.to_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @contract_c1(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.contract S(0) %x patterns ["1 | 2"] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @contract_c2(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{must have at least one pattern}}
  %y = eqc.contract S(5) %x patterns [] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @contract_c3_apart(%x: tensor<?x125x4xf32>) {
  // expected-error @below {{pattern '~1 3 | 2' has a block of axes that do not stand side by side}}
  %y = eqc.contract S(5) %x patterns ["~1 3 | 2"] : tensor<?x125x4xf32> -> tensor<?x5x4xf32>
  return
}

// -----

func.func @contract_c3_factor(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '1 | ~2' has a block that is no factor of a diagram of O}}
  %y = eqc.contract O(5) %x patterns ["1 | ~2"] : tensor<?x25x4xf32> -> tensor<?x5x4xf32>
  return
}

// -----

func.func @contract_c3_free(%x: tensor<?x8x4xf32>) {
  // expected-error @below {{pattern '* 1 2 3' has 3 free axes of n = 2}}
  %y = eqc.contract SO(2) %x patterns ["* 1 2 3"] : tensor<?x8x4xf32> -> tensor<?x1x4xf32>
  return
}

// -----

func.func @contract_c4_two(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '~1 | ~2' contracts more than one factor}}
  %y = eqc.contract S(5) %x patterns ["~1 | ~2"] : tensor<?x25x4xf32> -> tensor<?x1x4xf32>
  return
}

// -----

func.func @contract_c4_joins(%x: tensor<?x125x4xf32>) {
  // expected-error @below {{pattern '1 2 | ~3' contracts a factor and joins axes}}
  %y = eqc.contract S(5) %x patterns ["1 2 | ~3"] : tensor<?x125x4xf32> -> tensor<?x5x4xf32>
  return
}

// -----

func.func @contract_c5(%x: tensor<?x27x4xf32>) {
  // expected-error @below {{pattern '1 | * 2 3' has free axes that are not the first ones}}
  %y = eqc.contract SO(3) %x patterns ["1 | * 2 3"] : tensor<?x27x4xf32> -> tensor<?x9x4xf32>
  return
}

// -----

func.func @contract_c6_source(%x: tensor<?x5x4xf32>) {
  // expected-error @below {{'source' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x5x4xf32>'}}
  %y = eqc.contract S(5) %x patterns ["1 | 2"] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return
}

// -----

func.func @contract_c6_rows(%x: tensor<?x9x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 3, 4] of 'f32', found 'tensor<?x1x4xf32>'}}
  %y = eqc.contract SO(3) %x patterns ["* 1 2"] : tensor<?x9x4xf32> -> tensor<?x1x4xf32>
  return
}

// -----

func.func @mix_each_c1(%x: tensor<?x25x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.mix_each S(0) %x orders [2] weights(%w : tensor<1x4x8xf32>) : tensor<?x25x4xf32> -> tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_each_c2_none(%x: tensor<?x25x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{must have at least one order}}
  %y = eqc.mix_each S(5) %x orders [] weights(%w : tensor<1x4x8xf32>) : tensor<?x25x4xf32> -> tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_each_c2_negative(%x: tensor<?x25x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{orders cannot be negative, found -1}}
  %y = eqc.mix_each S(5) %x orders [-1] weights(%w : tensor<1x4x8xf32>) : tensor<?x25x4xf32> -> tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_each_c3_count(%x: tensor<?x25x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{needs a weight of 4 input channels for each of 1 diagrams}}
  %y = eqc.mix_each S(5) %x orders [2] weights(%w : tensor<2x4x8xf32>) : tensor<?x25x4xf32> -> tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_each_c3_channels(%x: tensor<?x25x4xf32>, %w: tensor<1x5x8xf32>) {
  // expected-error @below {{needs a weight of 4 input channels for each of 1 diagrams}}
  %y = eqc.mix_each S(5) %x orders [2] weights(%w : tensor<1x5x8xf32>) : tensor<?x25x4xf32> -> tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_each_c4_source(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{'source' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x5x4xf32>'}}
  %y = eqc.mix_each S(5) %x orders [2] weights(%w : tensor<1x4x8xf32>) : tensor<?x5x4xf32> -> tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_each_c4_rows(%x: tensor<?x25x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 25, 8] of 'f32', found 'tensor<?x25x9xf32>'}}
  %y = eqc.mix_each S(5) %x orders [2] weights(%w : tensor<1x4x8xf32>) : tensor<?x25x4xf32> -> tensor<?x25x9xf32>
  return
}

// -----

func.func @expand_c1(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.expand S(0) %x patterns ["1 | 2"] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @expand_c2_none(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{must have at least one pattern}}
  %y = eqc.expand S(5) %x patterns [] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @expand_c2_axes(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '1' is of 1 axes, expected 2}}
  %y = eqc.expand S(5) %x patterns ["1 | 2", "1"] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @expand_c3(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{pattern '1 3 | 2' has a block of axes that do not stand side by side}}
  %y = eqc.expand S(5) %x patterns ["1 3 | 2"] : tensor<?x25x4xf32> -> tensor<?x125x4xf32>
  return
}

// -----

func.func @expand_c4(%x: tensor<?x27x4xf32>) {
  // expected-error @below {{pattern '1 | * 2 3' has free axes behind those of a kept block}}
  %y = eqc.expand SO(3) %x patterns ["1 | * 2 3"] : tensor<?x27x4xf32> -> tensor<?x27x4xf32>
  return
}

// -----

func.func @expand_c5_source(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'source' must be [batch, rows, channels] = [?, 5, 4] of 'f32', found 'tensor<?x25x4xf32>'}}
  %y = eqc.expand S(5) %x patterns ["1 2"] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @expand_c5_symbol(%x: tensor<?x27x4xf32>) {
  // expected-error @below {{'source' must be [batch, rows, channels] = [?, 1, 4] of 'f32', found 'tensor<?x27x4xf32>'}}
  %y = eqc.expand SO(3) %x patterns ["* 1 2 3"] : tensor<?x27x4xf32> -> tensor<?x27x4xf32>
  return
}

// -----

func.func @expand_c5_rows(%x: tensor<?x5x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x5x4xf32>'}}
  %y = eqc.expand S(5) %x patterns ["1 2"] : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return
}

// -----

func.func @from_planar_c1(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.from_planar S(0) %x by [[0, 1]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @from_planar_c2(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{[0, 2] is no permutation of 2 n-axes}}
  %y = eqc.from_planar S(5) %x by [[0, 2]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @from_planar_c3_source(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'source' must be [batch, rows, channels] = [?, 50, 4] of 'f32', found 'tensor<?x25x4xf32>'}}
  %y = eqc.from_planar S(5) %x by [[0, 1], [1, 0]] : tensor<?x25x4xf32> -> tensor<?x25x4xf32>
  return
}

// -----

func.func @from_planar_c3_rows(%x: tensor<?x25x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x5x4xf32>'}}
  %y = eqc.from_planar S(5) %x by [[0, 1]] : tensor<?x25x4xf32> -> tensor<?x5x4xf32>
  return
}

// -----

func.func @add_bias_c1(%x: tensor<?x5x4xf32>, %b: tensor<1x4xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.add_bias S(0) order 1 %x bias(%b : tensor<1x4xf32>) diagrams ["o1"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @add_bias_c2_none(%x: tensor<?x5x4xf32>, %b: tensor<1x4xf32>) {
  // expected-error @below {{must have at least one diagram}}
  %y = eqc.add_bias S(5) order 1 %x bias(%b : tensor<1x4xf32>) diagrams [] : tensor<?x5x4xf32>
  return
}

// -----

func.func @add_bias_c2_inputs(%x: tensor<?x5x4xf32>, %b: tensor<1x4xf32>) {
  // expected-error @below {{bias diagram 'o1 i1' has 1 outputs and 1 inputs, expected 1 and 0}}
  %y = eqc.add_bias S(5) order 1 %x bias(%b : tensor<1x4xf32>) diagrams ["o1 i1"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @add_bias_c3(%x: tensor<?x5x4xf32>, %b: tensor<2x4xf32>) {
  // expected-error @below {{'bias' must have a row for each of 1 diagrams}}
  %y = eqc.add_bias S(5) order 1 %x bias(%b : tensor<2x4xf32>) diagrams ["o1"] : tensor<?x5x4xf32>
  return
}

// -----

func.func @add_bias_c4(%x: tensor<?x25x4xf32>, %b: tensor<1x4xf32>) {
  // expected-error @below {{'source' must be [batch, rows, channels] = [?, 5, 4] of 'f32', found 'tensor<?x25x4xf32>'}}
  %y = eqc.add_bias S(5) order 1 %x bias(%b : tensor<1x4xf32>) diagrams ["o1"] : tensor<?x25x4xf32>
  return
}
