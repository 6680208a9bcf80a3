//===- Names.h - Names a layer may have, names it exports -------*- C++ -*-===//
//
// Layer names become C identifiers verbatim; this says which may not.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_NAMES_H
#define EQC_FRONTEND_NAMES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace eqc {

inline constexpr size_t maxNameLength = 128;

/// Whether `name` is a keyword of C (C99 to C23) or of C++ (C++98 to C++23),
/// alternative spellings of operators included.
bool isCKeyword(llvm::StringRef name);

/// What stands after a layer's name in the functions and macros made for it.
/// Functions that only some options make are in it too: whether a source
/// is accepted must not depend on options.
llvm::ArrayRef<llvm::StringRef> exportedSuffixes();

} // namespace eqc

#endif // EQC_FRONTEND_NAMES_H
