// RUN: split-file %s %t
// RUN: %eqc-opt %t/vectorize.mlir --eqc-verify-kernels=after=vectorize --verify-diagnostics
// RUN: %eqc-opt %t/bufferize.mlir --eqc-verify-kernels=after=bufferize --verify-diagnostics
// RUN: %eqc-opt %t/unknown.mlir --eqc-verify-kernels=after=lunch --verify-diagnostics

// A violation is no remark: the compiler stops.
// RUN: not %eqc-opt %t/vectorize.mlir --eqc-verify-kernels=after=vectorize 2>&1 | FileCheck %s --check-prefix=STOPS
// RUN: not %eqc-opt %t/bufferize.mlir --eqc-verify-kernels=after=bufferize 2>&1 | FileCheck %s --check-prefix=STOPS
// STOPS: error:
// STOPS-NOT: func.func

//--- vectorize.mlir
#a = affine_map<(r, c, k) -> (r, k)>
#w = affine_map<(r, c, k) -> (k, c)>
#o = affine_map<(r, c, k) -> (r, c)>
func.func @scalar(%a: tensor<4x8xf32>, %w: tensor<8x16xf32>, %o: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-error @below {{channel mix is left as scalar loops}}
  %r = linalg.contract indexing_maps = [#a, #w, #o]
      ins(%a, %w : tensor<4x8xf32>, tensor<8x16xf32>) outs(%o : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

func.func @in_memory(%a: vector<4x1xf32>, %w: vector<1x16xf32>, %o: tensor<4x16xf32>, %n: index) -> tensor<4x16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%t = %o) -> tensor<4x16xf32> {
    %acc = vector.transfer_read %t[%c0, %c0], %f0 {in_bounds = [true, true]} : tensor<4x16xf32>, vector<4x16xf32>
    // expected-error @below {{accumulator of a channel mix goes through memory}}
    %sum = vector.contract {indexing_maps = [#a, #w, #o], iterator_types = ["parallel", "parallel", "reduction"]}
        %a, %w, %acc : vector<4x1xf32>, vector<1x16xf32> into vector<4x16xf32>
    %next = vector.transfer_write %sum, %t[%c0, %c0] {in_bounds = [true, true]} : vector<4x16xf32>, tensor<4x16xf32>
    scf.yield %next : tensor<4x16xf32>
  }
  return %r : tensor<4x16xf32>
}

func.func @odd(%v: vector<12xf32>) -> vector<12xf32> attributes {passthrough = [["prefer-vector-width", "256"]]} {
  // expected-error @below {{vector of 12 columns is no whole number of the target's vectors of 256 bits}}
  %s = arith.addf %v, %v : vector<12xf32>
  return %s : vector<12xf32>
}

func.func @even(%v: vector<16xf32>) -> vector<16xf32> attributes {passthrough = [["prefer-vector-width", "256"]]} {
  %s = arith.addf %v, %v : vector<16xf32>
  return %s : vector<16xf32>
}

//--- bufferize.mlir
func.func @copies(%a: memref<4xf32>, %b: memref<4xf32>) {
  // expected-error @below {{kernel copies a whole array; every stage must write its result in place}}
  memref.copy %a, %b : memref<4xf32> to memref<4xf32>
  // expected-error @below {{kernel allocates memory; scratch must be planned in the arena}}
  %c = memref.alloc() : memref<4xf32>
  return
}

//--- unknown.mlir
// expected-error @below {{unknown stage 'lunch', expected vectorize or bufferize}}
module {
}
