//===- ReadJson.cpp - JSON that anybody may have written ------------------===//

#include "compiler/Tune/ReadJson.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace eqc;
using llvm::StringRef;

static constexpr int maxDepth = 64;

/// The first bracket that is nested too deeply.
static std::optional<size_t> findTooDeep(StringRef text) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{') && ++depth > maxDepth)
      return i;
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
  return std::nullopt;
}

/// LLVM keeps the place of an error to itself and prints
/// `[LINE:COLUMN, byte=OFFSET]: MESSAGE`.
static JsonProblem problemOf(llvm::Error error) {
  const std::string printed = llvm::toString(std::move(error));
  JsonProblem problem{printed, 0};
  auto [place, message] = StringRef(printed).split("]: ");
  StringRef byte = place.split("byte=").second;
  if (!message.empty() && !byte.getAsInteger(10, problem.offset)) {
    problem.message = message.str();
    problem.message.front() = llvm::toLower(problem.message.front());
  }
  return problem;
}

std::optional<llvm::json::Value> eqc::readJson(StringRef text,
                                               JsonProblem &problem) {
  if (std::optional<size_t> deep = findTooDeep(text)) {
    problem = {"brackets nested too deeply", *deep};
    return std::nullopt;
  }
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (value)
    return std::move(*value);
  problem = problemOf(value.takeError());
  // An unclosed text ends too early, not behind its end.
  problem.offset = std::min(problem.offset, text.size());
  return std::nullopt;
}
