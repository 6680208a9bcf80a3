// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @mix_c1(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.mix S(0) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c2_none(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{must have at least one target}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets [] diagrams [] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c2_twice(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{target '~1 | 2' occurs twice}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["~1 | 2", "~1 | 2"] diagrams [] : tensor<?x10x8xf32>
  return
}

// -----

func.func @mix_c3_kept(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{target '~1' keeps 0 blocks, expected 1}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["~1"] diagrams [] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c3_size(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{must have as many outputs and rows}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["~1 | 2", "1"] diagrams [] : tensor<?x10x8xf32>
  return
}

// -----

func.func @mix_c5_group(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{diagram 'o1 i1 i2' is not one of O(5)}}
  %y = eqc.mix O(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1 i2"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c5_target(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{writes pattern '~1', which is not a target}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 | i1"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c5_bottom(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{diagram 'o1 i1 | i2' reads pattern '1 | ~2', which is not among 'reads'}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1 | i2"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c6(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{diagram 'o1 i1 | o2' is out of order}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | ~2", "~1 | 2"] diagrams ["o1 | o2 i1", "o1 i1 | o2"] : tensor<?x10x8xf32>
  return
}

// -----

func.func @mix_c7(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{needs weights 2 to 2 of 4 input channels}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 2 targets ["1"] diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c8_reads(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'reads' must be results of 'eqc.read'}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) reads(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c8_nodes(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'nodes' must be results of 'eqc.mix' or 'eqc.write'}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) nodes(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c9_nodes(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{broadcast '~1' is not among 'nodes'}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1"] broadcasts ["~1" into "1"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c9_diagonal(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  // expected-error @below {{pattern '1 2' is no broadcast into '1 | 2'}}
  %y = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) nodes(%node : tensor<?x5x8xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] broadcasts ["1 2" into "1 | 2"] : tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_c9_target(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  // expected-error @below {{goes into '1 | 2', which is not a target}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) nodes(%node : tensor<?x5x8xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | ~2"] diagrams [] broadcasts ["1 2" into "1 | 2"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c10_none(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{has bias diagrams but no 'bias'}}
  %y = eqc.mix S(5) propagating 0 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["~1"] diagrams [] bias_diagrams ["o1"] rows [0] : tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_c10_row(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>, %b: tensor<1x8xf32>) {
  // expected-error @below {{bias diagram 'o1' has row 1 of 1}}
  %y = eqc.mix S(5) propagating 0 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 bias(%b : tensor<1x8xf32>) targets ["~1"] diagrams [] bias_diagrams ["o1"] rows [1] : tensor<?x1x8xf32>
  return
}

// -----

func.func @mix_c10_target(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>, %b: tensor<1x8xf32>) {
  // expected-error @below {{bias diagram 'o1' writes pattern '~1', which is not a target}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 bias(%b : tensor<1x8xf32>) targets ["1"] diagrams [] bias_diagrams ["o1"] rows [0] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c11(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 5, 8] of 'f32', found 'tensor<?x4x8xf32>'}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1"] diagrams ["o1 i1"] : tensor<?x4x8xf32>
  return
}

// -----

func.func @mix_c7_strands(%x: tensor<?x25x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{needs weights 1 to 2 of 4 input channels}}
  %y = eqc.mix S(5) propagating 2 x(%x : tensor<?x25x4xf32>) weights(%w : tensor<2x4x8xf32>) from 1 basis strands(2) targets ["1 | 2"] diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"] : tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_c12_order(%x: tensor<?x25x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{a basis of strands is that of all kept blocks, 2 or 3, found 3 of 2}}
  %y = eqc.mix S(5) propagating 2 x(%x : tensor<?x25x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 basis strands(3) targets ["1 | 2"] diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"] : tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_c12_few(%x: tensor<?x25x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{a basis of strands is that of all kept blocks, 2 or 3, found 1 of 1}}
  %y = eqc.mix S(5) propagating 1 x(%x : tensor<?x25x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 basis strands(1) targets ["1 2"] diagrams ["o1 o2 i1 i2"] : tensor<?x5x8xf32>
  return
}

// -----

func.func @mix_c12_none(%x: tensor<?x25x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{has a basis of strands but no diagrams}}
  %y = eqc.mix S(5) propagating 2 x(%x : tensor<?x25x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 basis strands(2) targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  return
}

// -----

func.func @mix_c12_one(%x: tensor<?x1x4xf32>, %w: tensor<2x4x8xf32>) {
  // expected-error @below {{has a basis of strands, which takes an 'n' above 1}}
  %y = eqc.mix S(1) propagating 2 x(%x : tensor<?x1x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 basis strands(2) targets ["1 | 2"] diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"] : tensor<?x1x8xf32>
  return
}
