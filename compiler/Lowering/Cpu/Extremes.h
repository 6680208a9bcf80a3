//===- Extremes.h - Largest and smallest entries ----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EXTREMES_H
#define EQC_LOWERING_CPU_EXTREMES_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// The extreme of no vectors of a type: what every number takes the place of.
mlir::Value extremeOfNone(KernelBuilder &kernel, Pool pool,
                          mlir::VectorType type);

/// The larger or smaller of two vectors, lane by lane; NaN where either is.
mlir::Value extremeOf(KernelBuilder &kernel, Pool pool, mlir::Value a,
                      mlir::Value b);

/// Whether a vector is what an extreme, which it is one of, was taken of.
mlir::Value isExtreme(KernelBuilder &kernel, mlir::Value vector,
                      mlir::Value extreme);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EXTREMES_H
