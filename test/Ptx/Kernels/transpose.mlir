// y[j, i] = x[i, j] by tiles of 16 x 16 in shared memory. A block of 16 x 16
// threads takes every gridDim-th tile, so that a barrier stands at either end of
// the loop.
!T = f32

gpu.module @kernels {
  gpu.func @transpose(%x: memref<?x?x!T>, %y: memref<?x?x!T>)
      workgroup(%tile: memref<16x17x!T, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
      kernel attributes {known_block_size = array<i32: 16, 16, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %tx = gpu.thread_id x
    %ty = gpu.thread_id y
    %block = gpu.block_id x
    %blocks = gpu.grid_dim x
    %rows = memref.dim %x, %c0 : memref<?x?x!T>
    %cols = memref.dim %x, %c1 : memref<?x?x!T>
    %rowTiles = arith.ceildivui %rows, %c16 : index
    %colTiles = arith.ceildivui %cols, %c16 : index
    %tiles = arith.muli %rowTiles, %colTiles : index
    scf.for %t = %block to %tiles step %blocks {
      %rowTile = arith.divui %t, %colTiles : index
      %colTile = arith.remui %t, %colTiles : index
      %row0 = arith.muli %rowTile, %c16 : index
      %col0 = arith.muli %colTile, %c16 : index
      %i = arith.addi %row0, %ty : index
      %j = arith.addi %col0, %tx : index
      %iIn = arith.cmpi ult, %i, %rows : index
      %jIn = arith.cmpi ult, %j, %cols : index
      %in = arith.andi %iIn, %jIn : i1
      scf.if %in {
        %value = memref.load %x[%i, %j] : memref<?x?x!T>
        memref.store %value, %tile[%ty, %tx] : memref<16x17x!T, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %oi = arith.addi %row0, %tx : index
      %oj = arith.addi %col0, %ty : index
      %oiIn = arith.cmpi ult, %oi, %rows : index
      %ojIn = arith.cmpi ult, %oj, %cols : index
      %out = arith.andi %oiIn, %ojIn : i1
      scf.if %out {
        %value = memref.load %tile[%tx, %ty] : memref<16x17x!T, #gpu.address_space<workgroup>>
        memref.store %value, %y[%oj, %oi] : memref<?x?x!T>
      }
      gpu.barrier
    }
    gpu.return
  }
}
