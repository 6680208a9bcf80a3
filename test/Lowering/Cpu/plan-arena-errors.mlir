// RUN: %eqc-opt %s --eqc-plan-arena --verify-diagnostics

func.func @allocates_in_a_loop(%n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    // expected-error@below {{kernel allocates inside a loop}}
    %scratch = memref.alloc() : memref<4xf32>
    %value = memref.load %scratch[%zero] : memref<4xf32>
    memref.store %value, %scratch[%one] : memref<4xf32>
  }
  return
}
