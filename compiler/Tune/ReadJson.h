//===- ReadJson.h - JSON that anybody may have written ----------*- C++ -*-===//

#ifndef EQC_TUNE_READJSON_H
#define EQC_TUNE_READJSON_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>

namespace eqc {

/// What is wrong with a text and at which byte.
struct JsonProblem {
  std::string message; ///< lower case, no full stop
  size_t offset = 0;
};

/// Parses `text`; unlike LLVM's parser alone, refuses what is nested so deeply
/// that parsing it would run out of stack. Nothing and `problem` on failure.
std::optional<llvm::json::Value> readJson(llvm::StringRef text,
                                          JsonProblem &problem);

} // namespace eqc

#endif // EQC_TUNE_READJSON_H
