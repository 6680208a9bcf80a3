//===- OptionPages.h - What is made from the tables of options --*- C++ -*-===//

#ifndef EQC_DRIVER_OPTIONPAGES_H
#define EQC_DRIVER_OPTIONPAGES_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace eqc {

/// What completes command lines of eqc in "bash", "zsh" or "fish".
std::string completionScript(llvm::StringRef shell);

/// The manual page of "eqc", or of a command: eqc.1, eqc-compile.1.
std::string manPage(llvm::StringRef name);

} // namespace eqc

#endif // EQC_DRIVER_OPTIONPAGES_H
