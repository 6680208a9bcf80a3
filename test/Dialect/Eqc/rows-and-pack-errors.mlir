// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @to_rows_c1_rank(%x: tensor<?xf32>) {
  // expected-error @below {{'x' must have a batch and channels}}
  %r = eqc.to_rows %x : tensor<?xf32> -> tensor<?x1x1xf32>
  return
}

// -----

func.func @to_rows_c1_channels(%x: tensor<?x5x?xf32>) {
  // expected-error @below {{channels of 'x' must be static and positive, found ?}}
  %r = eqc.to_rows %x : tensor<?x5x?xf32> -> tensor<?x5x?xf32>
  return
}

// -----

func.func @to_rows_c3(%x: tensor<?x5x5x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x10x4xf32>'}}
  %r = eqc.to_rows %x : tensor<?x5x5x4xf32> -> tensor<?x10x4xf32>
  return
}

// -----

func.func @from_rows_c3(%x: tensor<?x5x4xf32>) {
  // expected-error @below {{'rows' must be [batch, rows, channels] = [?, 25, 4] of 'f32', found 'tensor<?x5x4xf32>'}}
  %y = eqc.from_rows %x : tensor<?x5x4xf32> -> tensor<?x5x5x4xf32>
  return
}

// -----

func.func @pack_c1(%w: tensor<2x4x8xf32>) {
  // expected-error @below {{weights must have the same static channels and element type}}
  %p = eqc.pack %w order [0, 1] : tensor<2x4x8xf32> -> tensor<2x4x9xf32>
  return
}

// -----

func.func @pack_c2_range(%w: tensor<2x4x8xf32>) {
  // expected-error @below {{order names weight 2 of 2}}
  %p = eqc.pack %w order [0, 2] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  return
}

// -----

func.func @pack_c2_twice(%w: tensor<2x4x8xf32>) {
  // expected-error @below {{order names weight 1 twice in one sum}}
  %p = eqc.pack %w order [1, [1 : 2.0, 1 : 1.0]] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  return
}

// -----

func.func @pack_c3(%w: tensor<2x4x8xf32>) {
  // expected-error @below {{order names 1 weights, but 2 are packed}}
  %p = eqc.pack %w order [1] : tensor<2x4x8xf32> -> tensor<2x4x8xf32>
  return
}
