//===- Passes.td - Passes on the kernels of CPUs -----------*- tablegen -*-===//

#ifndef EQC_LOWERING_CPU_PASSES
#define EQC_LOWERING_CPU_PASSES

include "mlir/Pass/PassBase.td"

def VectorizeContractionsPass
    : Pass<"eqc-vectorize-contractions", "mlir::func::FuncOp"> {
  let summary = "turn channel mixes on register tiles into outer products "
                "that accumulate in vectors";
  let description = [{
    Tiles the reduction of every `linalg.contract` on a static tile by one,
    vectorizes it, and hoists the accumulator out of the loops, so that it stays
    in registers across the whole reduction:

    ```text
    %1 = linalg.contract indexing_maps = [..] ins(%a, %w : tensor<8x16xf32>, tensor<16x32xf32>) outs(%0 : tensor<8x32xf32>)
    // becomes
    scf.for %c = %c0 to %c16 step %c1 iter_args(%acc = %0) -> (vector<8x32xf32>) {
      vector.contract ..
    }
    ```
  }];
  let dependentDialects = ["mlir::vector::VectorDialect", "mlir::scf::SCFDialect",
                           "mlir::arith::ArithDialect", "mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numVectorized", "vectorized", "contractions vectorized">,
                    Statistic<"numMissed", "missed-vectorization",
                              "contractions left as loops">];
}

def HoistAccumulatorsPass : Pass<"eqc-hoist-accumulators", "mlir::func::FuncOp"> {
  let summary = "keep the tiles that contractions accumulate in in registers";
  let description = [{
    Moves the reads and writes of a tile of static shape out of the loops that
    contract into it, so that the loops carry it as a vector. It is
    `loop-invariant-subset-hoisting` for these loops alone.
  }];
  let dependentDialects = ["mlir::vector::VectorDialect"];
  let statistics = [Statistic<"numLoops", "loops", "loops that contract into a tile">];
}

def BufferizeInPlacePass : Pass<"eqc-bufferize-in-place", "mlir::ModuleOp"> {
  let summary = "put tensors into memory, each write where the value before lies";
  let description = [{
    Is `one-shot-bufferize`, less its analysis where that has nothing to find: in a
    function that reads and writes only the newest value of each of its arrays, no
    write can overwrite what is still needed. That is found in one walk. A function that
    looks at an older value is analyzed, and copies what must be.

    ```text
    %1 = vector.transfer_write %v, %0[%i] {in_bounds = [true]} : vector<16xf32>, tensor<?xf32>
    %2 = vector.transfer_write %w, %1[%j] {in_bounds = [true]} : vector<16xf32>, tensor<?xf32>
    // becomes, %m being the memory of %0,
    vector.transfer_write %v, %m[%i] {in_bounds = [true]} : vector<16xf32>, memref<?xf32>
    vector.transfer_write %w, %m[%j] {in_bounds = [true]} : vector<16xf32>, memref<?xf32>
    ```
  }];
  let dependentDialects = ["mlir::bufferization::BufferizationDialect",
                           "mlir::memref::MemRefDialect"];
  let statistics = [Statistic<"numInPlace", "in-place", "functions that need no analysis">,
                    Statistic<"numAnalyzed", "analyzed",
                              "functions that use older values of arrays">];
}

def PlanArenaPass : Pass<"eqc-plan-arena", "mlir::ModuleOp"> {
  let summary = "place all scratch of a kernel in one caller-provided arena";
  let description = [{
    Replaces every allocation at the top level of a function by a view at an
    offset of an arena that becomes the function's last argument, and adds a
    function `NAME.arena` from the function's index arguments to the arena's size
    in bytes. An allocation inside a loop is an error: nothing may allocate there.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect", "mlir::arith::ArithDialect",
                           "mlir::func::FuncDialect"];
}

def StreamOutputPass : Pass<"eqc-stream-output", "mlir::func::FuncOp"> {
  let summary = "let kernels write their output past the caches when asked to";
  let description = [{
    Where a function only ever writes whole cache lines of the argument marked
    `eqc.output`, doubles each of these writes: when the argument marked `eqc.phase` is -2, a
    write is made of nontemporal stores. It is for the caller to see to it then that the output
    begins at a cache line, and to order these stores before others.

    ```text
    func.func @f(%phase: index {eqc.phase}, %y: memref<?x64xf32> {eqc.output}) {
      vector.transfer_write %v, %y[%i, %c0] {in_bounds = [true]} : vector<16xf32>, memref<?x64xf32>
      ..
    // becomes
    %streams = arith.cmpi eq, %phase, %c-2 : index
    scf.if %streams {
      vector.store %v, %y[%i, %c0] {alignment = 64, nontemporal = true} : memref<?x64xf32>, vector<16xf32>
    } else {
      vector.transfer_write ..
    }
    ```

    The output must not be read: a sum that goes on in rows of y wants them in cache. Prefetches of
    it are left out where it is streamed.
  }];
  let dependentDialects = ["mlir::vector::VectorDialect", "mlir::arith::ArithDialect",
                           "mlir::scf::SCFDialect"];
  let statistics = [Statistic<"numStreamed", "streamed", "kernels that can stream their output">,
                    Statistic<"numMissed", "missed-streaming",
                              "kernels that read their output, or write parts of lines">];
}

def LowerVectorsPass : Pass<"eqc-lower-vectors", "mlir::func::FuncOp"> {
  let summary = "lower contractions, transposes and masks to vectors of one dimension";
  let description = [{
    Applies the upstream lowerings in the order in which they compose: contractions
    to outer products, outer products to fused multiply-adds, 16x16 transposes to shuffles.
  }];
  let dependentDialects = ["mlir::vector::VectorDialect", "mlir::arith::ArithDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def AddEntryPointsPass : Pass<"eqc-add-entry-points", "mlir::ModuleOp"> {
  let summary = "add the C functions of layers around their kernels";
  let description = [{
    For every `#eqc.interface` of the module's `eqc.interfaces` adds the functions that
    the layer's header declares, the constant that NAME_info returns, and the
    descriptor (`eqc_kernel` of the runtime) through which the runtime calls the
    kernels of each CPU: their sizes are in the `eqc.kernel` that each carries. The
    kernels become internal. Works on the LLVM dialect; a module without
    `eqc.interfaces` stays as it is.

    An `eqc.network` becomes a table of its steps (`eqc_network` of the runtime),
    which refers to the descriptors of its layers, and functions that hand it to
    the runtime.

    ```text
    llvm.func @"f.forward.x86-64-v3"(..) attributes {eqc.kernel = ..}
    // is joined by
    llvm.mlir.global internal constant @f.layer() : !llvm.struct<(i32, i32, ptr, ..)>
    llvm.func internal @"f.schedule.x86-64-v3"(%n: i64, %batch: i64, %out: !llvm.ptr)
    llvm.func internal @"f.forward_entry.x86-64-v3"(..)
    llvm.mlir.global internal constant @f.variants() : !llvm.array<1 x struct<(..)>>
    llvm.mlir.global internal constant @f.kernel() : !llvm.struct<(i32, i32, ptr, ..)>
    llvm.func @f_forward(%batch: i64, %x: !llvm.ptr, ..) -> i32 {
      %0 = llvm.mlir.addressof @f.kernel : !llvm.ptr
      %1 = llvm.mlir.constant(-1 : i64) : i64
      %2 = llvm.call tail @eqc_rt_forward(%0, %1, %batch, %x, ..) : (..) -> i32
      llvm.return %2 : i32
    }
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "eqc::ir::EqcDialect"];
  let options = [Option<"threads", "threads", "bool", /*default=*/"true",
                        "whether calls may be spread over threads">,
                 Option<"ragged", "ragged", "bool", /*default=*/"false",
                        "whether layers that are given n at run time also have functions for "
                        "batches of different sizes">,
                 Option<"networkOnly", "network-only", "bool", /*default=*/"false",
                        "whether networks alone have functions, and layers none">];
  let statistics = [Statistic<"numLayers", "layers", "layers given C functions">];
}

def VerifyKernelsPass : Pass<"eqc-verify-kernels", "mlir::ModuleOp"> {
  let summary = "check that a stage of the CPU's left what the next one needs";
  let description = [{
    Reports, in the language's words, everything that should not be there after

    - `vectorize`: channel mixes that are not vectors, accumulators that go through
      memory, vectors whose rows are not whole vectors of the target;
    - `bufferize`: copies of whole arrays, allocations.

    Each would be a fault of the compiler, not of the layer.
  }];
  let options = [Option<"after", "after", "std::string", /*default=*/"",
                        "vectorize or bufferize">];
  let statistics = [Statistic<"numViolations", "violations", "operations reported">];
}

#endif // EQC_LOWERING_CPU_PASSES
