//===- Explained.cpp - What `eqc explain ID` prints -----------------------===//

#include "compiler/Frontend/Explained.h"

using namespace eqc;
using llvm::StringRef;

namespace {

struct Example {
  const char *code, *wrongOptions, *wrong, *rightOptions, *right, *fix;
};

struct Status {
  const char *name, *cause, *wrong, *right, *fix;
};

} // namespace

static const Example examples[] = {
#define EQC_EXAMPLE(Code, WrongOptions, Wrong, RightOptions, Right, Fix)       \
  {Code, WrongOptions, Wrong, RightOptions, Right, Fix},
#include "compiler/Frontend/DiagnosticExamples.def"
};

static const Status statuses[] = {
#define EQC_STATUS(Name, Cause, Wrong, Right, Fix)                             \
  {#Name, Cause, Wrong, Right, Fix},
#include "compiler/Frontend/Statuses.def"
};

static std::string block(StringRef title, StringRef options, StringRef text) {
  std::string result = "\n" + title.str();
  if (!options.empty())
    result += ", with `" + options.str() + "`";
  result += ":\n\n";
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    result += "    " + line.str() + "\n";
    text = rest;
  }
  return result;
}

std::string eqc::explainedExamples(const DiagnosticInfo &info) {
  std::string text = "\nExit status " + std::to_string(info.status) + ".\n";
  for (const Example &example : examples)
    if (example.code == StringRef(info.code))
      text += block("Wrong", example.wrongOptions, example.wrong) +
              block("Right", example.rightOptions, example.right) +
              "\nFix: " + example.fix + "\n";
  return text;
}

std::vector<std::string> eqc::allStatuses() {
  std::vector<std::string> names;
  for (const Status &status : statuses)
    names.emplace_back(status.name);
  return names;
}

std::string eqc::explainedStatus(StringRef name) {
  for (const Status &status : statuses)
    if (name == status.name)
      return std::string(status.cause) + "\n" +
             block("Wrong", "", status.wrong) +
             block("Right", "", status.right) + "\nFix: " + status.fix + "\n";
  return "";
}
