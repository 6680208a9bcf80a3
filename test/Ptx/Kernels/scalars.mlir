// Arithmetic of one element a thread, eight results each: what LLVM makes of
// divisions by constants, small integers, conversions, choices of many, and
// arrays of a thread's own.
!T = f32

gpu.module @kernels {
  gpu.func @scalars(%x: memref<?xi32>, %y: memref<?x8xi64>)
      private(%own: memref<8xi32, #gpu.address_space<private>>)
      kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %c6 = arith.constant 6 : index
    %c7 = arith.constant 7 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    %i6 = arith.constant 6 : i32
    %i7 = arith.constant 7 : i32
    %i10 = arith.constant 10 : i32
    %i3 = arith.constant 3 : i32
    %t = gpu.thread_id x
    %b = gpu.block_id x
    %start = arith.muli %b, %c32 : index
    %i = arith.addi %start, %t : index
    %a = memref.load %x[%i] : memref<?xi32>

    %floor = arith.floordivsi %a, %i7 : i32
    %r0 = arith.extsi %floor : i32 to i64
    memref.store %r0, %y[%i, %c0] : memref<?x8xi64>

    %digit = arith.remui %a, %i10 : i32
    %r1 = arith.extui %digit : i32 to i64
    memref.store %r1, %y[%i, %c1] : memref<?x8xi64>

    // A different store in each case, so that it stays a branch.
    %choice = arith.remui %a, %i6 : i32
    %case = arith.index_castui %choice : i32 to index
    %wide = arith.extsi %a : i32 to i64
    scf.index_switch %case
    case 0 {
      memref.store %wide, %y[%i, %c2] : memref<?x8xi64>
      scf.yield
    }
    case 1 {
      %v = arith.muli %wide, %wide : i64
      memref.store %v, %y[%i, %c2] : memref<?x8xi64>
      scf.yield
    }
    case 2 {
      %v = arith.xori %wide, %r1 : i64
      memref.store %v, %y[%i, %c2] : memref<?x8xi64>
      scf.yield
    }
    case 3 {
      %v = arith.divsi %wide, %r1 : i64
      memref.store %v, %y[%i, %c2] : memref<?x8xi64>
      scf.yield
    }
    case 4 {
      %v = arith.shli %wide, %r1 : i64
      memref.store %v, %y[%i, %c2] : memref<?x8xi64>
      scf.yield
    }
    default {
      %v = arith.subi %r0, %wide : i64
      memref.store %v, %y[%i, %c2] : memref<?x8xi64>
      scf.yield
    }

    %three = arith.constant 3.0 : !T
    %float = arith.sitofp %a : i32 to !T
    %third = arith.divf %float, %three : !T
    %r3 = arith.fptosi %third : !T to i64
    memref.store %r3, %y[%i, %c3] : memref<?x8xi64>

    scf.for %k = %c0 to %c8 step %c1 {
      %k32 = arith.index_cast %k : index to i32
      %v = arith.addi %a, %k32 : i32
      memref.store %v, %own[%k] : memref<8xi32, #gpu.address_space<private>>
    }
    %low = arith.andi %a, %i7 : i32
    %place = arith.index_castui %low : i32 to index
    %found = memref.load %own[%place] : memref<8xi32, #gpu.address_space<private>>
    %r4 = arith.extsi %found : i32 to i64
    memref.store %r4, %y[%i, %c4] : memref<?x8xi64>

    %a8 = arith.trunci %a : i32 to i8
    %a16 = arith.trunci %a : i32 to i16
    %w8 = arith.extsi %a8 : i8 to i64
    %w16 = arith.extui %a16 : i16 to i64
    %r5 = arith.muli %w8, %w16 : i64
    memref.store %r5, %y[%i, %c5] : memref<?x8xi64>

    %ones = llvm.intr.ctpop(%a) : (i32) -> i32
    %zeros = "llvm.intr.ctlz"(%a) <{is_zero_poison = false}> : (i32) -> i32
    %less = arith.minsi %a, %ones : i32
    %more = arith.maxui %less, %zeros : i32
    %shifted = arith.shrsi %more, %i3 : i32
    %r6 = arith.extsi %shifted : i32 to i64
    memref.store %r6, %y[%i, %c6] : memref<?x8xi64>

    %negative = arith.negf %third : !T
    %isLess = arith.cmpf ult, %third, %three : !T
    %isEqual = arith.cmpf oeq, %negative, %third : !T
    %differ = arith.xori %isLess, %isEqual : i1
    %chosen = arith.select %differ, %negative, %float : !T
    %rounded = arith.fptoui %chosen : !T to i32
    %positive = arith.cmpf oge, %chosen, %three : !T
    %none = arith.constant 0 : i32
    %kept = arith.select %positive, %rounded, %none : i32
    %r7 = arith.extui %kept : i32 to i64
    memref.store %r7, %y[%i, %c7] : memref<?x8xi64>
    gpu.return
  }
}
