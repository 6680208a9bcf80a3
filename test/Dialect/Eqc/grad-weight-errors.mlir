// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// The rules are those of eqc.linear, whose tests try each; here the arrays must be
// called by the names they have in this operation.

func.func @c3(%x: tensor<?x4x2xf32>, %dy: tensor<?x3xf32>) {
  // expected-error @below {{'grad_y'}}
  %dw = eqc.grad_weight S(4) order 1 -> 1 x(%x : tensor<?x4x2xf32>)
      grad_y(%dy : tensor<?x3xf32>) diagrams ["o1 i1"] : tensor<1x2x3xf32>
  return
}

// -----

func.func @c6(%x: tensor<5x4x2xf32>, %dy: tensor<?x4x3xf32>) {
  // expected-error @below {{'x' and 'grad_y' must have the same batch, found 5 and ?}}
  %dw = eqc.grad_weight S(4) order 1 -> 1 x(%x : tensor<5x4x2xf32>)
      grad_y(%dy : tensor<?x4x3xf32>) diagrams ["o1 i1"] : tensor<1x2x3xf32>
  return
}

// -----

func.func @c7(%x: tensor<?x4x2xf32>, %dy: tensor<?x4x3xf32>) {
  // expected-error @below {{'grad_weight' must be [diagrams, c_in, c_out] = [1, 2, 3], found}}
  %dw = eqc.grad_weight S(4) order 1 -> 1 x(%x : tensor<?x4x2xf32>)
      grad_y(%dy : tensor<?x4x3xf32>) diagrams ["o1 i1"] : tensor<1x3x2xf32>
  return
}

// -----

func.func @c10(%x: tensor<?x4x2xf32>, %dy: tensor<?x4x3xf32>) {
  // expected-error @below {{has bias diagrams but no 'grad_bias'}}
  %dw = eqc.grad_weight S(4) order 1 -> 1 x(%x : tensor<?x4x2xf32>)
      grad_y(%dy : tensor<?x4x3xf32>) diagrams ["o1 i1"] bias_diagrams ["o1"]
      : tensor<1x2x3xf32>
  return
}
