//===- ChannelTile.h - The channels of a thread -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_CHANNELTILE_H
#define EQC_LOWERING_GPU_CHANNELTILE_H

#include "compiler/Lowering/Gpu/DeviceKernel.h"

#include <algorithm>

namespace eqc::device {

/// A few channels that a thread works on: `vectors` loads of `width`.
struct ChannelTile {
  ChannelTile(const Program &program, int64_t channels, int64_t wanted)
      : channels(channels), width(program.width(channels)),
        vectors(std::max<int64_t>(1, wanted / width)) {
    if (width > 1 && channels % (vectors * width) != 0)
      vectors = 1;
    vectors = std::min(vectors, channels / width);
  }
  int64_t size() const { return vectors * width; }
  int64_t tiles() const { return (channels + size() - 1) / size(); }

  /// The columns of tile `t`, the last one again past the end, and whether each
  /// is there; null: always.
  void find(DeviceKernel &kernel, mlir::Value t,
            llvm::SmallVector<mlir::Value> &columns,
            llvm::SmallVector<mlir::Value> &exist) const {
    const bool mayEnd = channels % size() != 0;
    mlir::Value first = kernel.mul(t, kernel.index(size()));
    for (int64_t v = 0; v < vectors; ++v) {
      mlir::Value column = kernel.add(first, kernel.index(v * width));
      exist.push_back(mayEnd ? kernel.isLess(column, kernel.index(channels))
                             : mlir::Value());
      columns.push_back(mayEnd ? kernel.min(column, kernel.index(channels - 1))
                               : column);
    }
  }

  int64_t channels, width, vectors;
};

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_CHANNELTILE_H
