//===- HostBlock.h - A thread of a GPU on the host --------------*- C++ -*-===//
//
// What kernels of a GPU are called by where they are code of the host; see
// HostForm.h.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_HOSTBLOCK_H
#define EQC_LOWERING_GPU_HOSTBLOCK_H

#include <cstdint>

namespace eqc::device {

/// One thread of one block. Generated code reads it as a sequence of fields of
/// 8 bytes, in this order.
struct HostBlock {
  int64_t thread; ///< in its block
  int64_t block;  ///< of the grid
  int64_t rank;   ///< of the block in its cluster
  /// Shared memory of the block: arrays that the kernel declares, and those
  /// whose size the launch says.
  char *declared, *dynamic;
  /// The same of the block of rank 0, and bytes from a rank to the next.
  char *dynamicOfFirst;
  int64_t stride;
};

/// What a thread does between two barriers: NAME.0 up to the first one, NAME.1
/// to the second .. Parameters are given as the driver takes them.
using HostPhase = void(const void *const *params, const HostBlock *thread);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_HOSTBLOCK_H
