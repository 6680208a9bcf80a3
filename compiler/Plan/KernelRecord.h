//===- KernelRecord.h - What a caller must know of a kernel -----*- C++ -*-===//
//
// Filled in by the emitter while it writes the kernel, carried with the kernel
// as `#eqc.kernel`, and handed to the runtime in the descriptor of the layer.
// Nobody works these things out a second time.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_KERNELRECORD_H
#define EQC_PLAN_KERNELRECORD_H

#include "compiler/Machine/Tiling.h"
#include "compiler/Plan/Poly.h"

#include <vector>

namespace eqc {

/// What a kernel does for its layer.
enum class KernelRole {
  Pack,     ///< weights -> packed weights
  Forward,  ///< any block of samples
  Lanes,    ///< the same for exactly `lanes` samples
  Sums,     ///< gradients of weight and bias
  LaneSums, ///< the same for exactly `lanes` samples
  Unpack,   ///< sums in a basis -> gradients of weight and bias
};

struct KernelRecord {
  std::vector<int64_t> packedShape; ///< of the packed weights that it reads
  SumMatrix sums;                   ///< that it adds to
  int64_t phases = 0;   ///< steps of a block that must follow each other
  int64_t parts = 1;    ///< shares of a phase that may run at the same time
  int64_t lanes = 0;    ///< samples that it works on at once; 0: any number
  Poly scratchElements; ///< per sample, roughly: for the choice of the block
  Poly multiplyAdds;    ///< per sample and pair of channels
};

} // namespace eqc

#endif // EQC_PLAN_KERNELRECORD_H
