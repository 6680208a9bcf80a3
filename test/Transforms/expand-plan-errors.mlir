// RUN: %eqc-opt %s --eqc-expand-plan=plan=dense --split-input-file --verify-diagnostics

func.func @dynamic(%x: tensor<?x?x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x?x8xf32> {
  // expected-error @below {{the dense plan needs a fixed 'n', found '?'}}
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @unknown(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> attributes {eqc.plan = "fast"} {
  // expected-error @below {{unknown plan 'fast', expected shared, schur, factored or dense}}
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}
