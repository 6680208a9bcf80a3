// y[b, i] = x[b, 63 - i] * weights[i mod 4] + (the sum of x[b, :] over the warp):
// copies that run on their own, a table of the module, shuffles, and shared
// memory that is as large as the launch says.
!T = f32

gpu.module @kernels {
  memref.global constant @weights : memref<4x!T> = dense<[1.0, -2.0, 0.5, 3.0]>
  llvm.mlir.global external @arena() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>

  gpu.func @gather(%x: memref<?x64x!T>, %y: memref<?x64x!T>)
      workgroup(%sums: memref<2x!T, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
      kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c32 = arith.constant 32 : index
    %c63 = arith.constant 63 : index
    %width = arith.constant 32 : i32
    %t = gpu.thread_id x
    %b = gpu.block_id x
    %sample = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %view = memref.view %sample[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<64x!T, #gpu.address_space<workgroup>>
    %token = nvgpu.device_async_copy %x[%b, %t], %view[%t], 1 : memref<?x64x!T> to memref<64x!T, #gpu.address_space<workgroup>>
    %group = nvgpu.device_async_create_group %token
    nvgpu.device_async_wait %group {numGroups = 0 : i32}
    gpu.barrier
    %place = arith.subi %c63, %t : index
    %value = memref.load %view[%place] : memref<64x!T, #gpu.address_space<workgroup>>
    %k = arith.remui %t, %c4 : index
    %table = memref.get_global @weights : memref<4x!T>
    %weight = memref.load %table[%k] : memref<4x!T>
    %one = arith.constant 1 : i32
    %two = arith.constant 2 : i32
    %four = arith.constant 4 : i32
    %eight = arith.constant 8 : i32
    %sixteen = arith.constant 16 : i32
    %v1, %p1 = gpu.shuffle xor %value, %one, %width : !T
    %s1 = arith.addf %value, %v1 : !T
    %v2, %p2 = gpu.shuffle xor %s1, %two, %width : !T
    %s2 = arith.addf %s1, %v2 : !T
    %v3, %p3 = gpu.shuffle xor %s2, %four, %width : !T
    %s3 = arith.addf %s2, %v3 : !T
    %v4, %p4 = gpu.shuffle xor %s3, %eight, %width : !T
    %s4 = arith.addf %s3, %v4 : !T
    %v5, %p5 = gpu.shuffle xor %s4, %sixteen, %width : !T
    %s5 = arith.addf %s4, %v5 : !T
    %result = llvm.intr.fma(%value, %weight, %s5) : (!T, !T, !T) -> !T
    memref.store %result, %y[%b, %t] : memref<?x64x!T>
    gpu.return
  }
}
