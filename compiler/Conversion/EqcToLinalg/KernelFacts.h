//===- KernelFacts.h - What a caller must know of a kernel ------*- C++ -*-===//
//
// The conversion knows how weights are packed and what a block of samples
// costs; the entry points are written later. Meanwhile the facts stay with the
// forward function, as its attribute `eqc.kernel`.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_KERNELFACTS_H
#define EQC_CONVERSION_KERNELFACTS_H

#include "compiler/Plan/Poly.h"
#include "compiler/Plan/TargetShape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace eqc {

struct KernelFacts {
  std::vector<int64_t> packedShape;
  int64_t phases = 1;   ///< steps of a block that must follow each other
  int64_t parts = 1;    ///< shares of a phase that may run at the same time
  int64_t lanes = 0;    ///< samples of a group in lanes; 0: never
  Poly scratchElements; ///< per sample, roughly
  Poly multiplyAdds;    ///< per sample and pair of channels
  SumMatrix sums;       ///< what a kernel of sums adds to, else empty
};

void setKernelFacts(mlir::func::FuncOp forward, const KernelFacts &facts);
KernelFacts getKernelFacts(mlir::func::FuncOp forward);

} // namespace eqc

#endif // EQC_CONVERSION_KERNELFACTS_H
