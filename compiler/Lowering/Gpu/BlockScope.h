//===- BlockScope.h - A whole plan in one kernel ----------------*- C++ -*-===//
//
// Where what a few samples have between the stages of a plan fits in shared
// memory, one kernel runs all stages: each is a phase of the same block of
// threads, and barriers stand between phases of which one needs what another
// wrote. The samples of a block are consecutive.
//
// A sample that is too large for one block is shared by the blocks of a
// cluster: each has some of the rows of every array, and reads those of the
// others in their shared memory.
//
// Arrays are placed, the kernel is opened, phases are written as DeviceKernels.
// What differs from a kernel for each stage is where
// arrays lie and how a phase ends; emitters of stages know neither.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_BLOCKSCOPE_H
#define EQC_LOWERING_GPU_BLOCKSCOPE_H

#include "compiler/Lowering/Gpu/Program.h"
#include "compiler/Lowering/Loops/IndexBuilder.h"

namespace eqc::device {

/// Shared memory that a block has on the largest chips.
constexpr int64_t kMostSharedBytes = int64_t(227) << 10;
/// More samples than this have no use for each other.
constexpr int64_t kMostSamplesOfBlock = 32;
/// Of clusters that every chip with clusters takes.
constexpr int64_t kMostBlocksOfCluster = 8;

/// Rows that a phase accesses: elements of a sample's shared memory, of what
/// samples share, or of an array of the call.
struct BlockAccess {
  int64_t space = 0;
  int64_t first = 0, last = 0;
  /// Of an array that the blocks of a cluster share, which one, and its rows:
  /// the above is all that a block may have of it.
  struct Rows {
    int64_t array = -1, first = 0, last = 0;
  } rows = {};
};

class BlockScope {
public:
  /// Of a cluster of so many blocks.
  explicit BlockScope(Program &program, int64_t blocks = 1);

  //===--------------------------------------------------------------------===//
  // Placement
  //===--------------------------------------------------------------------===//

  /// An array in shared memory. With n = ?, arrays of which 16 bytes are
  /// accessed at once come before the others.
  DeviceArray place(const Poly &rows, int64_t channels, bool oneSample = false);
  /// Two that are never needed at the same time; n is fixed.
  std::pair<DeviceArray, DeviceArray> placeEither(const Poly &rows,
                                                  int64_t channels,
                                                  const Poly &otherRows,
                                                  int64_t otherChannels);

  /// Whether a sample fits on any chip, as far as is known. `needsSlots`:
  /// phases may reserve slots.
  bool fits(bool needsSlots) const;
  /// The kernel, with the arrays of the call that it has. All mixes of a sample
  /// have so many rows of so many tiles.
  void open(llvm::ArrayRef<DeviceArray> arrays, const Poly &rows,
            int64_t tilesOfRow, bool needsSlots);

  /// The bytes of a sample that a block has; -1 with n = ?.
  int64_t sampleBytes() const;
  int64_t blocksOfCluster() const { return blocks; }
  /// The most rows of an array of so many that a block has.
  int64_t rowsOfBlock(int64_t rows) const;
  /// Where an array begins, from the start of its sample.
  mlir::Value offsetOf(const IndexBuilder &kernel,
                       const SharedPlace &place) const;
  Formula condition() const { return worthIt; }
  /// Of a block, or of a cluster.
  int64_t numThreads() const { return threads * blocks; }
  bool isCluster() const { return blocks > 1; }
  /// Elements of a row that are accessed at once.
  int64_t widthOf(int64_t channels) const { return rowOf(channels).width; }
  /// Samples that a block may have, roughly.
  int64_t expectedSamples() const { return samplesWanted; }

  //===--------------------------------------------------------------------===//
  // Phases
  //===--------------------------------------------------------------------===//

  mlir::Value pointerTo(const DeviceArray &array) const;
  /// Notes what a phase accesses; see startPhase.
  void read(const BlockAccess &access) { reads.push_back(access); }
  void write(const BlockAccess &access) { writes.push_back(access); }
  /// A barrier, where the phase accesses what one since the last barrier wrote,
  /// or writes what one read. Phases without a barrier between them go on with
  /// the thread after the last one that had an item.
  mlir::Value startPhase(IndexBuilder &kernel);
  void endPhase(IndexBuilder &kernel, mlir::Value items);
  /// The same of a phase in which every block has items of its own: the thread
  /// in its block, of how many.
  mlir::Value startOwnPhase(IndexBuilder &kernel);
  int64_t threadsOfBlock() const { return threads; }

  mlir::gpu::GPUFuncOp function;
  size_t launch = 0;
  mlir::Value samples;       ///< of this block
  mlir::Value firstSample;   ///< of the batch
  mlir::Value size;          ///< n, where it is given at run time
  mlir::Value sampleStride;  ///< elements
  mlir::Value shared;        ///< pointer
  mlir::Value rank;          ///< of the block in its cluster
  int64_t slotsBytes = 0;    ///< at its start
  int64_t fixedElements = 0; ///< before the first sample

private:
  struct Row {
    int64_t pitch, width;
  };
  Row rowOf(int64_t channels) const;
  Formula strideFormula() const;
  int64_t unit() const; ///< elements in 16 bytes
  bool conflicts(llvm::ArrayRef<BlockAccess> now,
                 llvm::ArrayRef<BlockAccess> before) const;

  int64_t slotBytes(bool needsSlots) const;
  /// A barrier, where what was noted needs one.
  void separate(IndexBuilder &kernel);

  Program &program;
  const int64_t blocks;
  Poly sampleElements; ///< of all blocks where n is given at run time
  int64_t oneSampleElements = 0, arraysPlaced = 0;
  int64_t threads = kTileThreads, samplesWanted = 1;
  Formula tile = 1, worthIt = 1;
  std::vector<std::pair<DeviceArray, mlir::Value>> globals;
  std::vector<BlockAccess> reads, writes;             ///< of the next phase
  std::vector<BlockAccess> readsBefore, writesBefore; ///< since the barrier
  mlir::Value threadsUsed; ///< since the barrier; null: none
};

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_BLOCKSCOPE_H
