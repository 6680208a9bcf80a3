//===- FuzzProgram.cpp - A source and how it is compiled and called -------===//

#include "compiler/Fuzz/FuzzProgram.h"

#include "llvm/ADT/SmallVector.h"

#include <fmt/format.h>

using namespace eqc;
using llvm::StringRef;

static constexpr const char *kMark = "# eqc-fuzz:";

std::string FuzzSettings::text() const {
  std::string sizes;
  for (auto [n, batch] : calls)
    sizes += fmt::format("{}{}x{}", sizes.empty() ? "" : ",", n, batch);
  return fmt::format(
      "plan={} opt={} target={} cpu={} cap={} threads={} share={} gradients={} "
      "ragged={} packed={} calls={} data={}",
      plan, optLevel, target, cpu, cap, threads, canShare ? 1 : 0,
      gradients ? 1 : 0, ragged ? 1 : 0, packed ? 1 : 0, sizes, data);
}

/// Calls as n x batch, separated by commas.
static bool readCalls(StringRef text,
                      std::vector<std::pair<int64_t, int64_t>> &calls) {
  calls.clear();
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    auto [n, batch] = part.split('x');
    calls.emplace_back();
    if (n.getAsInteger(10, calls.back().first) ||
        batch.getAsInteger(10, calls.back().second))
      return false;
  }
  return true;
}

bool FuzzSettings::read(StringRef text, std::string &wrong) {
  llvm::SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef word : words) {
    auto [name, value] = word.split('=');
    auto number = [value = value](auto &result) {
      return !value.getAsInteger(10, result);
    };
    auto flag = [value = value](bool &result) {
      result = value == "1";
      return value == "0" || value == "1";
    };
    auto string = [value = value](std::string &result) {
      result = value.str();
      return true;
    };
    const bool isRight = name == "plan"        ? string(plan)
                         : name == "opt"       ? number(optLevel)
                         : name == "target"    ? string(target)
                         : name == "cpu"       ? string(cpu)
                         : name == "cap"       ? number(cap)
                         : name == "threads"   ? number(threads)
                         : name == "share"     ? flag(canShare)
                         : name == "gradients" ? flag(gradients)
                         : name == "ragged"    ? flag(ragged)
                         : name == "packed"    ? flag(packed)
                         : name == "calls"     ? readCalls(value, calls)
                         : name == "data"      ? number(data)
                                               : false;
    if (isRight)
      continue;
    wrong = word.str();
    return false;
  }
  return true;
}

std::string FuzzProgram::source() const {
  std::string text;
  for (const Declaration &declaration : declarations) {
    text += declaration.head;
    if (!declaration.isSpace()) {
      text += " {\n";
      for (const std::string &line : declaration.body)
        text += "  " + line + "\n";
      text += "}";
    }
    text += "\n";
  }
  return text;
}

std::string FuzzProgram::text() const {
  return fmt::format("{} {}\n{}", kMark, settings.text(), source());
}

bool eqc::readSettings(StringRef text, FuzzSettings &settings,
                       std::string &error) {
  StringRef line = text.take_until([](char c) { return c == '\n'; });
  if (!line.consume_front(kMark)) {
    error = fmt::format("its first line does not start with '{}'", kMark);
    return false;
  }
  std::string wrong;
  if (settings.read(line.rtrim("\r"), wrong))
    return true;
  error = fmt::format("'{}' is no setting", wrong);
  return false;
}
