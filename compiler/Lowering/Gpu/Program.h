//===- Program.h - The launches of a piece of work --------------*- C++ -*-===//
//
// Arrays, the workspace, and kernels that follow each other in stream order. A
// program has no code on the host: what a launch needs are formulas.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_PROGRAM_H
#define EQC_LOWERING_GPU_PROGRAM_H

#include "compiler/Lowering/Gpu/Formula.h"
#include "compiler/Lowering/Gpu/WeightColumns.h"
#include "compiler/Lowering/KernelTarget.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <optional>
#include <string>

namespace eqc::device {

/// Of a block, where a thread does little, and where it has many registers.
constexpr int64_t kThreads = 256, kTileThreads = 128;

/// Address spaces of pointers; the last one is shared memory of all blocks of a
/// cluster.
constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3, kClusterSpace = 7;

/// Notes on a kernel how many blocks its clusters have; its barriers are those
/// of a cluster.
constexpr const char *kClusterAttrName = "cluster_blocks";

class BlockScope;

/// Where an array of a block of threads lies: elements from the start of its
/// sample, or of what samples share, and from row to row.
struct SharedPlace {
  Poly offset;
  int64_t pitch = 1;
  /// So many elements of a row can be loaded at once, beyond its channels too.
  int64_t width = 1;
  /// Whether the blocks of a cluster share the array: eight rows are those of
  /// the first block, the next eight of the second, and so on.
  bool isSplit = false;
  int64_t number = 0; ///< of the array among those of the block
};

/// Rows of a shared array that a block has one after the other, so that none of
/// the sectors of x that are copied to them is another block's.
constexpr int64_t kRowsTogether = 8;

/// An array of rows of channels, [samples, rows, channels].
struct DeviceArray {
  int64_t array = 0;   ///< one of EQC_ARRAY_*
  Formula offset = 0;  ///< bytes
  Poly rows = Poly(1); ///< of a sample
  int64_t channels = 1;
  bool oneSample = false; ///< the same for all samples
  bool isPacked = false;  ///< what NAME_pack writes
  /// Then the above does not say where.
  std::optional<SharedPlace> shared = std::nullopt;
};

struct Launch {
  std::string kernel;              ///< a function of the module
  int64_t threads = kThreads;      ///< of a block
  Formula items = 0;               ///< one thread each
  std::vector<DeviceArray> arrays; ///< parameters: their addresses,
  std::vector<Formula> numbers;    ///< then these,
                                   ///< then the blocks of grids before
  std::optional<Formula> blocks;   ///< instead of as many as items need
  Formula shared = 0;              ///< bytes that a block has of it
  int64_t cluster = 1;             ///< blocks
};

/// One form of a program while it is written. Kernels go to `module`.
class Program {
public:
  /// Kernels access `vectorBytes` at once where rows of channels allow.
  Program(const KernelSite &site, mlir::gpu::GPUModuleOp module,
          const LayerSpec &spec, std::string prefix, int64_t vectorBytes)
      : site(site), module(module), spec(spec), prefix(std::move(prefix)),
        vectorBytes(vectorBytes) {}

  /// An array in the workspace.
  DeviceArray scratch(const Poly &rows, int64_t channels,
                      bool oneSample = false);
  /// The same of so many bytes.
  DeviceArray scratchBytes(const Formula &bytes);

  /// Adds a launch and returns its kernel: a function of pointers to the
  /// arrays, the numbers, and how many blocks there are in grids before this
  /// one. The builder is left at its start.
  mlir::gpu::GPUFuncOp addKernel(Launch launch);

  /// Lets launches follow each other for so many samples that half of the
  /// second-level cache has x, from where all but the first then read it.
  void divideBatch(const DeviceArray &x);
  /// The form as an attribute; see EntryPoints.cpp.
  mlir::Attribute form() const;
  /// Channels that are accessed together in rows of so many.
  int64_t width(int64_t channels) const;
  /// How columns of so many stand in rows of weights.
  WeightColumns columnsOf(const DeviceArray &weights, int64_t columns) const {
    return {columns, weights.channels, width(weights.channels)};
  }

  const KernelSite &site;
  mlir::gpu::GPUModuleOp module;
  const LayerSpec &spec;
  std::string prefix;
  int64_t vectorBytes;
  std::vector<Launch> launches;
  int64_t numKernels = 0;
  Formula workspace = 0; ///< bytes
  Formula worthIt = 1;   ///< 1 where the form is to be taken
  /// Samples that are worked on together: all launches that have to do with
  /// samples, then the same for the next so many. None: all of the batch.
  std::optional<Formula> chunk = std::nullopt;
  /// The kernel that all stages are phases of; null: each has its own.
  BlockScope *block = nullptr;
};

/// The module that holds the kernels of a layer and of its gradients.
mlir::gpu::GPUModuleOp kernelModule(const KernelSite &site);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_PROGRAM_H
