// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

func.func @bilinear_c1(%x: tensor<1x3x1xf32>, %w: tensor<1x1xf32>) -> tensor<1x1xf32> {
  // expected-error @below {{'n' must be even for Sp, found 3}}
  %y = eqc.bilinear y Sp(3) order 1 * 1 -> 0 (%x, %x, %w) diagrams ["i1 i2"]
      : (tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @bilinear_c3(%x: tensor<1x3x1xf32>) -> tensor<1x1xf32> {
  // expected-error @below {{must take 3 tensors and make 1 for 'y', found 2 and 1}}
  %y = eqc.bilinear y S(3) order 1 * 1 -> 0 (%x, %x) diagrams ["i1 i2"]
      : (tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @bilinear_c4(%x: tensor<1x3x1xf32>, %w: tensor<1x1xf64>) -> tensor<1x1xf32> {
  // expected-error @below {{element types must be the same}}
  %y = eqc.bilinear y S(3) order 1 * 1 -> 0 (%x, %x, %w) diagrams ["i1 i2"]
      : (tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x1xf64>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @bilinear_c6(%x: tensor<1x3x1xf32>, %z: tensor<2x3x1xf32>, %w: tensor<1x1xf32>) -> tensor<1x1xf32> {
  // expected-error @below {{all batches must be the same, found 1 and 2}}
  %y = eqc.bilinear y S(3) order 1 * 1 -> 0 (%x, %z, %w) diagrams ["i1 i2"]
      : (tensor<1x3x1xf32>, tensor<2x3x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @bilinear_c7(%x: tensor<1x3x2xf32>, %w: tensor<1x1xf32>) -> tensor<1x1xf32> {
  // expected-error @below {{weights must be [diagrams, c1, c2, c3] = [1, 2, 2, 1], or [diagrams, c] where all arrays have c channels}}
  %y = eqc.bilinear y S(3) order 1 * 1 -> 0 (%x, %x, %w) diagrams ["i1 i2"]
      : (tensor<1x3x2xf32>, tensor<1x3x2xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @bilinear_c10(%x: tensor<1x3x1xf32>, %w: tensor<1x1xf32>) -> tensor<1x1xf32> {
  // expected-error @below {{the bias must be [bias diagrams, channels of y] = [1, 1]}}
  %y = eqc.bilinear y S(3) order 1 * 1 -> 0 (%x, %x, %w, %x) diagrams ["i1 i2"] bias_diagrams ["1"]
      : (tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x1xf32>, tensor<1x3x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
