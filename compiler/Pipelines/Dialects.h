//===- Dialects.h - What a layer meets on its way to LLVM -------*- C++ -*-===//
//
// The dialects of all levels down to LLVM's, and how their operations
// bufferize, tile and convert. The compiler and eqc-opt register these, not all
// that MLIR has: fewer start faster, and are less code in programs that hold a
// copy of MLIR. Dialects of one kind of machine are its target's.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PIPELINES_DIALECTS_H
#define EQC_PIPELINES_DIALECTS_H

#include "mlir/IR/DialectRegistry.h"

namespace eqc {

/// Makes them loadable in contexts of `registry`.
void registerLoweringDialects(mlir::DialectRegistry &registry);

} // namespace eqc

#endif // EQC_PIPELINES_DIALECTS_H
