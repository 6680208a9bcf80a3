// Only the layer of a function is compiled, so there may be nothing else: whatever the
// plan, with and without gradients.
// RUN: %eqc-opt %s --eqc-expand=plan=shared --split-input-file --verify-diagnostics
// RUN: %eqc-opt %s --eqc-expand=plan=factored --split-input-file --verify-diagnostics
// RUN: %eqc-opt %s --eqc-expand=plan=dense --split-input-file --verify-diagnostics
// RUN: %eqc-opt %s --eqc-expand="plan=schur gradients=true" --split-input-file --verify-diagnostics

func.func @two(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  // expected-note @below {{the first layer begins here}}
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{belongs to a second layer of its function: each layer must have a function of its own}}
  %z = eqc.linear S(5) order 1 -> 1 x(%y : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 | i1"] : tensor<?x5x4xf32>
  return %z : tensor<?x5x4xf32>
}

// -----

func.func @after(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{'arith.addf' stands beside a layer and would be lost: a function that is compiled is one layer and nothing else}}
  %z = arith.addf %y, %y : tensor<?x5x4xf32>
  return %z : tensor<?x5x4xf32>
}

// -----

func.func @before(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  // expected-error @below {{'arith.negf' stands beside a layer}}
  %z = arith.negf %x : tensor<?x5x4xf32>
  %y = eqc.linear S(5) order 1 -> 1 x(%z : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

func.func @aside(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> (tensor<?x5x4xf32>, tensor<?x5x4xf32>) {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{'arith.negf' stands beside a layer}}
  %z = arith.negf %x : tensor<?x5x4xf32>
  return %y, %z : tensor<?x5x4xf32>, tensor<?x5x4xf32>
}

// -----

func.func @diagram_beside(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{'eqc.apply_diagram' stands beside a layer}}
  %z = eqc.apply_diagram S(5) "o1 | i1" %y : tensor<?x5x4xf32> -> tensor<?x5x4xf32>
  return %z : tensor<?x5x4xf32>
}

// -----

func.func @effect(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{'vector.print' stands beside a layer}}
  vector.print str "here"
  return %y : tensor<?x5x4xf32>
}

// -----

func.func @unused(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{must return what the layer computes, in the same order and nothing else}}
  return %x : tensor<?x5x4xf32>
}

// -----

func.func @nothing(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{must return what the layer computes}}
  return
}

// -----

func.func @twice(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> (tensor<?x5x4xf32>, tensor<?x5x4xf32>) {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  // expected-error @below {{must return what the layer computes}}
  return %y, %y : tensor<?x5x4xf32>, tensor<?x5x4xf32>
}

// -----

func.func @exchanged(%w: tensor<1x4x4xf32>, %x: tensor<?x5x4xf32>) -> tensor<?x5x4xf32> {
  // expected-error @below {{must take what its function takes, in the same order and nothing else}}
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

func.func @one_more(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>, %z: tensor<?x5x4xf32>) -> tensor<?x5x4xf32> {
  // expected-error @below {{must take what its function takes}}
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

// expected-error @below {{a layer must stand in a function of one block, found 2}}
func.func @blocks(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  cf.br ^next
^next:
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

func.func @loop(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>, %n: index) -> tensor<?x5x4xf32> {
  // expected-error @below {{'arith.constant' stands beside a layer}}
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %n to %n step %c1 iter_args(%a = %x) -> tensor<?x5x4xf32> {
    %y = eqc.linear S(5) order 1 -> 1 x(%a : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
        diagrams ["o1 i1"] : tensor<?x5x4xf32>
    scf.yield %y : tensor<?x5x4xf32>
  }
  return %r : tensor<?x5x4xf32>
}

// -----

func.func @nested(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  %r = scf.execute_region -> tensor<?x5x4xf32> {
    // expected-error @below {{a layer inside of 'scf.execute_region' cannot be compiled: it must be all that its function does}}
    %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
        diagrams ["o1 i1"] : tensor<?x5x4xf32>
    scf.yield %y : tensor<?x5x4xf32>
  }
  return %r : tensor<?x5x4xf32>
}

// -----

// expected-note @below {{the layer}}
func.func @called(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  %y = eqc.linear S(5) order 1 -> 1 x(%x : tensor<?x5x4xf32>) weight(%w : tensor<1x4x4xf32>)
      diagrams ["o1 i1"] : tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

func.func @caller(%x: tensor<?x5x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<?x5x4xf32> {
  // expected-error @below {{refers to layer 'called', which is gone once it is compiled: layers are called through their C functions}}
  %y = call @called(%x, %w) : (tensor<?x5x4xf32>, tensor<1x4x4xf32>) -> tensor<?x5x4xf32>
  return %y : tensor<?x5x4xf32>
}

// -----

// expected-error @below {{a layer must have a body, found a declaration}}
func.func private @declared(tensor<?x5x4xf32>, tensor<1x4x4xf32>) -> tensor<?x5x4xf32> attributes {eqc.plan = "shared"}
