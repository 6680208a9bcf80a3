// RUN: %eqc-opt %s --eqc-choose-plans="plan=dense cpus=x86-64-v3 triple=x86_64-unknown-linux-gnu" --split-input-file --verify-diagnostics

func.func @dynamic(%x: tensor<?x?x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x?x8xf32> {
  // expected-error @below {{the dense plan of 'dynamic' is not possible: n is given at run time}}
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @large(%x: tensor<?x1000x1000x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x1000x8xf32> {
  // expected-error @below {{the dense plan of 'large' is not possible: the matrix has more than 2^26 elements}}
  %y = eqc.linear S(1000) order 2 -> 1 x(%x : tensor<?x1000x1000x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1 | i2"] : tensor<?x1000x8xf32>
  return %y : tensor<?x1000x8xf32>
}

// -----

// What a layer asks for itself is checked too.

func.func @signed(%x: tensor<?x9x9x9x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x9x9x9x9x9x9x8xf32> {
  // expected-error @below {{the factored plan of 'signed' is not possible: the Levi-Civita symbol has more than 40320 entries}}
  %y = eqc.linear SO(9) order 3 -> 6 x(%x : tensor<?x9x9x9x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["* o1 o2 o3 o4 o5 o6 i1 i2 i3"] {eqc.plan = #eqc.plan<name = "factored">} : tensor<?x9x9x9x9x9x9x8xf32>
  return %y : tensor<?x9x9x9x9x9x9x8xf32>
}
