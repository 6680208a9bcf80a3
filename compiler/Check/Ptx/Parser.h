//===- Parser.h - From PTX to a module --------------------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_PARSER_H
#define EQC_CHECK_PTX_PARSER_H

#include "compiler/Check/Ptx/Module.h"

namespace eqc::ptx {

/// The module in `text`; nothing, and why in `error`, where it is no PTX or
/// more than is known here.
std::optional<Module> parse(std::string_view text, Error &error);

/// The text without line `line`, which is kept empty so that others keep their
/// numbers.
std::string withoutLine(std::string_view text, unsigned line);

/// Lines with an instruction or directive that begins with `word`.
std::vector<unsigned> linesWith(std::string_view text, std::string_view word);

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_PARSER_H
