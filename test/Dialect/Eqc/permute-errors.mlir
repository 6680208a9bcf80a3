// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// One function for each constraint of the description, named after it.

func.func @permute_c1_large(%x: tensor<?x3x3x3x4xf32>) {
  // expected-error @below {{'eqc.permute' op the permutation of 3 n-axes names axis 3}}
  %y = eqc.permute %x by [0, 1, 3] : tensor<?x3x3x3x4xf32>
  return
}

// -----

func.func @permute_c1_negative(%x: tensor<?x3x3x3x4xf32>) {
  // expected-error @below {{'eqc.permute' op the permutation of 3 n-axes names axis -1}}
  %y = eqc.permute %x by [0, -1, 1] : tensor<?x3x3x3x4xf32>
  return
}

// -----

func.func @permute_c1_twice(%x: tensor<?x3x3x3x4xf32>) {
  // expected-error @below {{'eqc.permute' op the permutation names axis 1 twice}}
  %y = eqc.permute %x by [0, 1, 1] : tensor<?x3x3x3x4xf32>
  return
}

// -----

func.func @permute_c2_few(%x: tensor<?x3x3x3x4xf32>) {
  // expected-error @below {{'eqc.permute' op 'x' must have rank 3, or 4 with an axis of nodes, found 5}}
  %y = eqc.permute %x by [0] : tensor<?x3x3x3x4xf32>
  return
}

// -----

func.func @permute_c2_many(%x: tensor<?x3x3x3x4xf32>) {
  // expected-error @below {{'eqc.permute' op 'x' must have rank 6, or 7 with an axis of nodes, found 5}}
  %y = eqc.permute %x by [0, 1, 2, 3] : tensor<?x3x3x3x4xf32>
  return
}

// -----

func.func @permute_c3(%x: tensor<?x3x3x2x4xf32>) {
  // expected-error @below {{'eqc.permute' op all n-axes must have the same extent, found 3 and 2}}
  %y = eqc.permute %x by [0, 1, 2] : tensor<?x3x3x2x4xf32>
  return
}

// -----

func.func @permute_c3_dynamic(%x: tensor<?x3x?x3x4xf32>) {
  // expected-error @below {{'eqc.permute' op all n-axes must have the same extent, found 3 and ?}}
  %y = eqc.permute %x by [0, 1, 2] : tensor<?x3x?x3x4xf32>
  return
}
