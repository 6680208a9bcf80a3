// RUN: %eqc-opt %s --eqc-bufferize-in-place --verify-diagnostics

// Two arrays that change places are no longer where they were.
// expected-remark @below {{not clear}}
func.func @exchanged(%n: index, %x: memref<16xf32>, %y: memref<16xf32>, %v: vector<4xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = bufferization.to_tensor %x restrict writable : memref<16xf32> to tensor<16xf32>
  %b = bufferization.to_tensor %y restrict writable : memref<16xf32> to tensor<16xf32>
  %l:2 = scf.for %i = %zero to %n step %one iter_args(%s = %a, %t = %b) -> (tensor<16xf32>, tensor<16xf32>) {
    %s1 = vector.transfer_write %v, %s[%i] : vector<4xf32>, tensor<16xf32>
    // expected-error @below {{not equivalent to the corresponding iter bbArg}}
    scf.yield %t, %s1 : tensor<16xf32>, tensor<16xf32>
  }
  bufferization.materialize_in_destination %l#0 in restrict writable %x : (tensor<16xf32>, memref<16xf32>) -> ()
  return
}
