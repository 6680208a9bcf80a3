// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @write_c1(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{'n' must be positive or '?', found 0}}
  %y = eqc.write S(0) nodes(%node : tensor<?x5x8xf32>) patterns ["1 2" into "1 | 2"] %y0 : tensor<?x25x8xf32>
  return
}

// -----

func.func @write_c3_nodes(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{pattern '1 | ~2' is not among 'nodes'}}
  %y = eqc.write S(5) nodes(%node : tensor<?x5x8xf32>) patterns ["1 | ~2" into "1 | 2"] %y0 : tensor<?x25x8xf32>
  return
}

// -----

func.func @write_c3_target(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{is added to '1 2', which 'target' does not hold}}
  %y = eqc.write S(5) nodes(%node : tensor<?x5x8xf32>) patterns ["1 2" into "1 2"] %y0 : tensor<?x25x8xf32>
  return
}

// -----

func.func @write_c3_made(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{'target' must be results of 'eqc.mix' or 'eqc.write'}}
  %y = eqc.write S(5) nodes(%node : tensor<?x5x8xf32>) patterns ["1 2" into "1 | 2"] %x : tensor<?x5x4xf32>
  return
}

// -----

func.func @write_c4(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{pattern '1 | 2' cannot be added to '1 2', which distinguishes less}}
  %y = eqc.write S(5) nodes(%y0 : tensor<?x25x8xf32>) patterns ["1 | 2" into "1 2"] %node : tensor<?x5x8xf32>
  return
}

// -----

func.func @write_c6_missing(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{has a 'pool' but no 'at'}}
  %y = eqc.write S(5) nodes(%node : tensor<?x5x8xf32>) patterns ["1 2" into "1 | 2"] %y0 pool max : tensor<?x25x8xf32>
  return
}

// -----

func.func @write_c6_type(%x: tensor<?x5x4xf32>, %w: tensor<2x4x8xf32>) {
  %node = eqc.mix S(5) propagating 1 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 2"] diagrams ["o1 o2 i1"] : tensor<?x5x8xf32>
  %y0 = eqc.mix S(5) propagating 2 x(%x : tensor<?x5x4xf32>) weights(%w : tensor<2x4x8xf32>) from 0 targets ["1 | 2"] diagrams [] : tensor<?x25x8xf32>
  // expected-error @below {{'at' must have the batch, the channels and the element type of 'target'}}
  %y = eqc.write S(5) nodes(%node : tensor<?x5x8xf32>) patterns ["1 2" into "1 | 2"] %y0 at(%x : tensor<?x5x4xf32>) pool max : tensor<?x25x8xf32>
  return
}
