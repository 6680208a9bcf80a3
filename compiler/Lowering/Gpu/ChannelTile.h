//===- ChannelTile.h - The channels of a thread -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_CHANNELTILE_H
#define EQC_LOWERING_GPU_CHANNELTILE_H

#include "compiler/Lowering/Gpu/DeviceKernel.h"

#include <algorithm>

namespace eqc::device {

/// A few channels that a thread works on: `vectors` loads of `width`, one after
/// the other. The last tile begins before its own channels where they are too
/// few.
struct ChannelTile {
  ChannelTile(const Program &program, int64_t channels, int64_t wanted)
      : channels(channels), width(program.width(channels)),
        vectors(
            std::min(std::max<int64_t>(1, wanted / width), channels / width)) {
    // Not where a quarter would be computed for nothing.
    while (vectors > 1 && width > 1 &&
           4 * (tiles() * size() - channels) > channels)
      --vectors;
  }
  int64_t size() const { return vectors * width; }
  int64_t tiles() const { return (channels + size() - 1) / size(); }

  /// The columns of tile `t`, and whether each is its own; null: always.
  void find(DeviceKernel &kernel, mlir::Value t,
            llvm::SmallVector<mlir::Value> &columns,
            llvm::SmallVector<mlir::Value> &exist) const {
    const bool mayEnd = channels % size() != 0;
    mlir::Value own = kernel.mul(t, kernel.index(size()));
    mlir::Value first =
        mayEnd ? kernel.min(own, kernel.index(channels - size())) : own;
    for (int64_t v = 0; v < vectors; ++v) {
      columns.push_back(kernel.add(first, kernel.index(v * width)));
      exist.push_back(mayEnd
                          ? kernel.isLess(own, kernel.add(columns.back(),
                                                          kernel.index(width)))
                          : mlir::Value());
    }
  }

  int64_t channels, width, vectors;
};

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_CHANNELTILE_H
