//===- Explained.h - What `eqc explain ID` prints ---------------*- C++ -*-===//

#ifndef EQC_FRONTEND_EXPLAINED_H
#define EQC_FRONTEND_EXPLAINED_H

#include "compiler/Frontend/Diagnostics.h"

#include <string>
#include <vector>

namespace eqc {

/// What follows an error's explanation: its exit status, a wrong and a right
/// example, and the fix. Examples are indented by four spaces. Without examples
/// it is the status alone.
std::string explainedExamples(const DiagnosticInfo &info);

/// The names of what functions of the runtime return, `EQC_ERR_NULL` ..
std::vector<std::string> allStatuses();

/// The page of a status of the runtime without its title: cause, examples, fix;
/// empty where there is none.
std::string explainedStatus(llvm::StringRef name);

} // namespace eqc

#endif // EQC_FRONTEND_EXPLAINED_H
