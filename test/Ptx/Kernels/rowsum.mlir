// y[i] = sum over j of x[i, j]: a block of 128 threads for a row, each with every
// 128-th element, and a tree over their sums in shared memory.
!T = f32

gpu.module @kernels {
  gpu.func @rowsum(%x: memref<?x?x!T>, %y: memref<?x!T>)
      workgroup(%sums: memref<128x!T, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
      kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c7 = arith.constant 7 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %zero = arith.constant 0.0 : !T
    %t = gpu.thread_id x
    %row = gpu.block_id x
    %cols = memref.dim %x, %c1 : memref<?x?x!T>
    %sum = scf.for %j = %t to %cols step %c128 iter_args(%acc = %zero) -> (!T) {
      %value = memref.load %x[%row, %j] : memref<?x?x!T>
      %next = arith.addf %acc, %value : !T
      scf.yield %next : !T
    }
    memref.store %sum, %sums[%t] : memref<128x!T, #gpu.address_space<workgroup>>
    gpu.barrier
    scf.for %step = %c0 to %c7 step %c1 {
      %half = arith.shrui %c64, %step : index
      %adds = arith.cmpi ult, %t, %half : index
      scf.if %adds {
        %other = arith.addi %t, %half : index
        %a = memref.load %sums[%t] : memref<128x!T, #gpu.address_space<workgroup>>
        %b = memref.load %sums[%other] : memref<128x!T, #gpu.address_space<workgroup>>
        %c = arith.addf %a, %b : !T
        memref.store %c, %sums[%t] : memref<128x!T, #gpu.address_space<workgroup>>
      }
      gpu.barrier
    }
    // The last thread, so that the last barrier is needed too.
    %c127 = arith.constant 127 : index
    %last = arith.cmpi eq, %t, %c127 : index
    scf.if %last {
      %total = memref.load %sums[%c0] : memref<128x!T, #gpu.address_space<workgroup>>
      memref.store %total, %y[%row] : memref<?x!T>
    }
    gpu.return
  }
}
