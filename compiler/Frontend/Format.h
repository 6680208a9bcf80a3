//===- Format.h - Sources in one style --------------------------*- C++ -*-===//

#ifndef EQC_FRONTEND_FORMAT_H
#define EQC_FRONTEND_FORMAT_H

#include "compiler/Frontend/Diagnostics.h"

#include <string>

namespace eqc {

/// The source of `diags` in the one style: two spaces within braces, a field a
/// line with its '=' below the others', at most one empty line, comments where
/// they were. A block that stands in one line stays there while it is short.
/// Tokens stay as they are but for the separators of fields, so that the
/// meaning does; formatted again it is the same. Only for sources that a Parser
/// reads without errors.
std::string formatSource(const SourceText &source);

} // namespace eqc

#endif // EQC_FRONTEND_FORMAT_H
