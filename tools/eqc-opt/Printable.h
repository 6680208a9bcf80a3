//===- Printable.h - Diagnostics that can be printed ------------*- C++ -*-===//
//
// A file may hold any bytes, and so may a string in it. MLIR prints both with
// its diagnostics: the line of the source and the values of attributes.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TOOLS_EQC_OPT_PRINTABLE_H
#define EQC_TOOLS_EQC_OPT_PRINTABLE_H

#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace eqc::opt {

/// The same text with bytes that are not UTF-8 as escapes of MLIR's strings,
/// which mean the same there; anywhere else but in comments they are errors
/// either way. Columns behind such a byte are those of the line as it is shown.
std::unique_ptr<llvm::MemoryBuffer>
withPrintableText(std::unique_ptr<llvm::MemoryBuffer> buffer);

/// Has messages about the eqc dialect printed with a replacement character for
/// bytes that are not UTF-8.
void registerPrintableMessages(mlir::DialectRegistry &registry);

} // namespace eqc::opt

#endif // EQC_TOOLS_EQC_OPT_PRINTABLE_H
