// RUN: %eqc-opt %s --eqc-expand-plan --split-input-file --verify-diagnostics

func.func @none(%x: tensor<?x5x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x5x8xf32> {
  // expected-error @below {{no plan is chosen; run '--eqc-choose-plans' first}}
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] : tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

func.func @dynamic(%x: tensor<?x?x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x?x8xf32> {
  // expected-error @below {{the dense plan needs a fixed 'n', found '?'}}
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] {eqc.plan = #eqc.plan<name = "dense">} : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @basis(%x: tensor<?x?x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<?x?x8xf32> {
  // expected-error @below {{the isotypic plan of 'basis' is not possible}}
  %y = eqc.linear S(?) order 1 -> 1 x(%x : tensor<?x?x4xf32>) weight(%w : tensor<1x4x8xf32>)
      diagrams ["o1 i1"] {eqc.plan = #eqc.plan<name = "schur", basis = "isotypic">} : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
