// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the descriptions, named after it.

func.func @dense_c12(%x: tensor<?x?x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{'n' cannot be '?': the matrix is assembled}}
  %y = eqc.dense O(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x8xf32>) diagrams ["o1 i1"] : tensor<?x?x8xf32>
  return
}

// -----

func.func @apply_c12_count(%x: tensor<?x3x3x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{has 1 diagrams but 0 factored forms}}
  %y = eqc.apply O(3) order 2 -> 0 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<1x4x8xf32>) diagrams ["i1 i2"] : tensor<?x8xf32> factored []
  return
}

// -----

func.func @apply_c12_form(%x: tensor<?x3x3x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{the factored form of diagram 'i1 i2' is }}
  %y = eqc.apply O(3) order 2 -> 0 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<1x4x8xf32>) diagrams ["i1 i2"] : tensor<?x8xf32> factored [#eqc.factored<in [1, 0] tops [0] bottoms [2] free -1 out [] contract [0]>]
  return
}

// -----

func.func @apply_c13(%x: tensor<?x3x3x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{diagram 'i1 i2' must contract factors 0 in some order, found 0, 0}}
  %y = eqc.apply O(3) order 2 -> 0 x(%x : tensor<?x3x3x4xf32>) weight(%w : tensor<1x4x8xf32>) diagrams ["i1 i2"] : tensor<?x8xf32> factored [#eqc.factored<in [0, 1] tops [0] bottoms [2] free -1 out [] contract [0, 0]>]
  return
}
