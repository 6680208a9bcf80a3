//===- Names.h - Names a layer may have -------------------------*- C++ -*-===//
//
// Layer names become C identifiers verbatim; this says which may not.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_INTERFACE_NAMES_H
#define EQC_INTERFACE_NAMES_H

#include "llvm/ADT/StringRef.h"

namespace eqc {

inline constexpr size_t maxNameLength = 128;

/// Whether `name` is a keyword of C (C99 to C23) or of C++ (C++98 to C++23),
/// alternative spellings of operators included.
bool isCKeyword(llvm::StringRef name);

} // namespace eqc

#endif // EQC_INTERFACE_NAMES_H
