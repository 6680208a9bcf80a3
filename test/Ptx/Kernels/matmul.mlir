// c = a b for sizes that are multiples of 32 and, between a and b, of 16. A block
// of 64 threads has a tile of 32 x 32, a thread one of 4 x 4 in registers; chunks
// of 16 columns of a and rows of b pass through shared memory.
!T = f32
!V = vector<4x!T>

gpu.module @kernels {
  gpu.func @matmul(%a: memref<?x?x!T>, %b: memref<?x?x!T>, %c: memref<?x?x!T>)
      workgroup(%as: memref<32x20x!T, #gpu.address_space<workgroup>> {llvm.align = 16 : i64},
                %bs: memref<16x36x!T, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
      kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %zero = arith.constant dense<0.0> : !V
    %t = gpu.thread_id x
    %tileRow = gpu.block_id x
    %tileCol = gpu.block_id y
    %depth = memref.dim %a, %c1 : memref<?x?x!T>
    %row0 = arith.muli %tileRow, %c32 : index
    %col0 = arith.muli %tileCol, %c32 : index
    %threadRow = arith.divui %t, %c8 : index
    %threadCol = arith.remui %t, %c8 : index
    %r0 = arith.muli %threadRow, %c4 : index
    %r1 = arith.addi %r0, %c1 : index
    %r2 = arith.addi %r0, %c2 : index
    %r3 = arith.addi %r0, %c3 : index
    %q0 = arith.muli %threadCol, %c4 : index
    %sum:4 = scf.for %k0 = %c0 to %depth step %c16
        iter_args(%s0 = %zero, %s1 = %zero, %s2 = %zero, %s3 = %zero) -> (!V, !V, !V, !V) {
      scf.for %n = %c0 to %c2 step %c1 {
        %offset = arith.muli %n, %c64 : index
        %unit = arith.addi %offset, %t : index
        %ar = arith.divui %unit, %c4 : index
        %aq = arith.remui %unit, %c4 : index
        %ac = arith.muli %aq, %c4 : index
        %ai = arith.addi %row0, %ar : index
        %aj = arith.addi %k0, %ac : index
        %av = vector.load %a[%ai, %aj] {alignment = 16 : i64} : memref<?x?x!T>, !V
        vector.store %av, %as[%ar, %ac] {alignment = 16 : i64} : memref<32x20x!T, #gpu.address_space<workgroup>>, !V
        %br = arith.divui %unit, %c8 : index
        %bq = arith.remui %unit, %c8 : index
        %bc = arith.muli %bq, %c4 : index
        %bi = arith.addi %k0, %br : index
        %bj = arith.addi %col0, %bc : index
        %bv = vector.load %b[%bi, %bj] {alignment = 16 : i64} : memref<?x?x!T>, !V
        vector.store %bv, %bs[%br, %bc] {alignment = 16 : i64} : memref<16x36x!T, #gpu.address_space<workgroup>>, !V
      }
      gpu.barrier
      %m:4 = scf.for %k = %c0 to %c16 step %c1
          iter_args(%m0 = %s0, %m1 = %s1, %m2 = %s2, %m3 = %s3) -> (!V, !V, !V, !V) {
        %v = vector.load %bs[%k, %q0] {alignment = 16 : i64} : memref<16x36x!T, #gpu.address_space<workgroup>>, !V
        %a0 = memref.load %as[%r0, %k] : memref<32x20x!T, #gpu.address_space<workgroup>>
        %a1 = memref.load %as[%r1, %k] : memref<32x20x!T, #gpu.address_space<workgroup>>
        %a2 = memref.load %as[%r2, %k] : memref<32x20x!T, #gpu.address_space<workgroup>>
        %a3 = memref.load %as[%r3, %k] : memref<32x20x!T, #gpu.address_space<workgroup>>
        %b0 = vector.broadcast %a0 : !T to !V
        %b1 = vector.broadcast %a1 : !T to !V
        %b2 = vector.broadcast %a2 : !T to !V
        %b3 = vector.broadcast %a3 : !T to !V
        %n0 = vector.fma %b0, %v, %m0 : !V
        %n1 = vector.fma %b1, %v, %m1 : !V
        %n2 = vector.fma %b2, %v, %m2 : !V
        %n3 = vector.fma %b3, %v, %m3 : !V
        scf.yield %n0, %n1, %n2, %n3 : !V, !V, !V, !V
      }
      gpu.barrier
      scf.yield %m#0, %m#1, %m#2, %m#3 : !V, !V, !V, !V
    }
    %j = arith.addi %col0, %q0 : index
    %i0 = arith.addi %row0, %r0 : index
    %i1 = arith.addi %row0, %r1 : index
    %i2 = arith.addi %row0, %r2 : index
    %i3 = arith.addi %row0, %r3 : index
    vector.store %sum#0, %c[%i0, %j] {alignment = 16 : i64} : memref<?x?x!T>, !V
    vector.store %sum#1, %c[%i1, %j] {alignment = 16 : i64} : memref<?x?x!T>, !V
    vector.store %sum#2, %c[%i2, %j] {alignment = 16 : i64} : memref<?x?x!T>, !V
    vector.store %sum#3, %c[%i3, %j] {alignment = 16 : i64} : memref<?x?x!T>, !V
    gpu.return
  }
}
