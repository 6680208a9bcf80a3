//===- KernelBuilder.h - A kernel while it is written -----------*- C++ -*-===//
//
// What the stages of all plans share: the block of samples that they work on,
// its phases and parts, and scratch.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_KERNELBUILDER_H
#define EQC_LOWERING_CPU_KERNELBUILDER_H

#include "compiler/Lowering/Cpu/KernelArray.h"
#include "compiler/Lowering/Cpu/RowBuilder.h"
#include "compiler/Machine/Tiling.h"
#include "compiler/Plan/KernelRecord.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace eqc {

/// The samples that stages work on, and what of their work is asked for.
struct SampleBlock {
  mlir::Value first, count; ///< samples
  mlir::Value phase;        ///< the phase to run, negative for all
  mlir::Value part;         ///< the part of the phase
};

class KernelBuilder : public RowBuilder {
public:
  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                const LayerSpec &spec, const Machine &machine);

  /// Takes n and the block from the first arguments of a kernel: n, first,
  /// count, phase, part.
  void open(mlir::func::FuncOp function);
  /// The same for a kernel that reads packed weights, [terms, column tiles,
  /// c_in, columns].
  void open(mlir::func::FuncOp function, mlir::Value packed,
            llvm::ArrayRef<int64_t> packedShape);

  const SampleBlock &block() const { return samples; }
  mlir::Value first() const { return samples.first; }
  mlir::Value count() const { return samples.count; }
  mlir::Value part() const { return samples.part; }
  mlir::Value packed() const { return weights; }
  int64_t parts() const { return mostParts; }

  /// While it lives, stages work on another block.
  class BlockScope {
  public:
    BlockScope(KernelBuilder &kernel, const SampleBlock &block)
        : kernel(kernel), before(kernel.samples) {
      kernel.samples = block;
    }
    ~BlockScope() { kernel.samples = before; }
    BlockScope(const BlockScope &) = delete;
    BlockScope &operator=(const BlockScope &) = delete;

  private:
    KernelBuilder &kernel;
    SampleBlock before;
  };
  /// The block with another number of samples.
  SampleBlock blockOf(mlir::Value count) const {
    SampleBlock block = samples;
    block.count = count;
    return block;
  }

  /// The next phase: `body` runs when all phases are asked for, or this one.
  void forPhase(llvm::ArrayRef<KernelArray *> arrays,
                llvm::function_ref<void()> body);
  void forPhase(KernelArray &array, llvm::function_ref<void()> body) {
    forPhase(llvm::ArrayRef<KernelArray *>(&array), body);
  }
  /// Whether all phases are asked for.
  mlir::Value allPhases();
  /// The share of 0 .. extent-1 that the asked part works on: its bounds.
  std::pair<mlir::Value, mlir::Value> share(mlir::Value extent);
  /// The loop over that share.
  void forShare(KernelArray &array, mlir::Value extent,
                llvm::function_ref<void(mlir::Value)> body);
  /// Runs in the first part only.
  void inFirstPart(KernelArray &array, llvm::function_ref<void()> body);

  /// The index in an array of a sample of the block.
  mlir::Value sampleOf(const KernelArray &array, mlir::Value sample);

  /// A new scratch array of the block; `columns` is whole vectors.
  KernelArray scratch(const Poly &rows, int64_t channels, int64_t columns) {
    return scratch(samples.count, rows, channels, columns);
  }
  /// The same for `count` samples.
  KernelArray scratch(mlir::Value count, const Poly &rows, int64_t channels,
                      int64_t columns);

  /// What is known of the kernel so far: its packed weights, its parts and the
  /// phases that forPhase() has made.
  KernelRecord record() const;
  /// The record of a kernel that does a whole block in one go, so that its
  /// phases and parts are nothing to a caller.
  KernelRecord wholeRecord() const;

private:
  SampleBlock samples;
  mlir::Value weights;
  std::vector<int64_t> weightsShape;
  int64_t phases = 0, mostParts;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_KERNELBUILDER_H
