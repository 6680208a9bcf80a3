//===- Shrink.cpp - The smallest program that still fails -----------------===//
//
// A greedy search: steps that leave much out come first, and after each that
// succeeds all are tried again. Steps know the text of a program and nothing of
// its meaning; a step to one that is not legal is one that does not fail.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fuzz/Shrink.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <set>

using namespace eqc;
using llvm::StringRef;

namespace {

class Shrinker {
public:
  Shrinker(FuzzProgram program,
           const std::function<bool(const FuzzProgram &)> &fails, int budget)
      : best(std::move(program)), fails(fails), budget(budget) {}

  FuzzProgram run() {
    while (budget > 0 && (dropDeclarations() || plainSettings() ||
                          dropLines() || dropStatements() || dropWords() ||
                          lowerCalls() || lowerNumbers())) {
    }
    return std::move(best);
  }

private:
  /// Takes the candidate, if it is another one and fails.
  bool take(FuzzProgram candidate) {
    if (budget <= 0 || !tried.insert(candidate.text()).second)
      return false;
    --budget;
    if (!fails(candidate))
      return false;
    best = std::move(candidate);
    return true;
  }

  bool dropDeclarations() {
    for (size_t i = best.declarations.size(); i-- > 0;) {
      FuzzProgram next = best;
      next.declarations.erase(next.declarations.begin() + i);
      if (take(std::move(next)))
        return true;
    }
    return false;
  }

  bool plainSettings() {
    auto with = [&](auto set) {
      FuzzProgram next = best;
      set(next.settings);
      return take(std::move(next));
    };
    const FuzzSettings plain;
    for (size_t i = 0; i < best.settings.calls.size(); ++i)
      if (best.settings.calls.size() > 1 && with([&](FuzzSettings &settings) {
            settings.calls = {best.settings.calls[i]};
          }))
        return true;
    return with([&](FuzzSettings &s) { s.ragged = plain.ragged; }) ||
           with([&](FuzzSettings &s) { s.gradients = plain.gradients; }) ||
           with([&](FuzzSettings &s) { s.packed = plain.packed; }) ||
           with([&](FuzzSettings &s) { s.threads = plain.threads; }) ||
           with([&](FuzzSettings &s) { s.canShare = plain.canShare; }) ||
           with([&](FuzzSettings &s) { s.cap = plain.cap; }) ||
           with([&](FuzzSettings &s) { s.optLevel = plain.optLevel; }) ||
           with([&](FuzzSettings &s) { s.cpu = plain.cpu; }) ||
           with([&](FuzzSettings &s) { s.plan = plain.plan; }) ||
           with([&](FuzzSettings &s) { s.data = plain.data; });
  }

  bool dropLines() {
    for (size_t d = best.declarations.size(); d-- > 0;)
      for (size_t i = best.declarations[d].body.size(); i-- > 0;) {
        FuzzProgram next = best;
        auto &body = next.declarations[d].body;
        body.erase(body.begin() + i);
        if (take(std::move(next)))
          return true;
      }
    return false;
  }

  /// Of a network a statement `v = f(a, b)`, with one of its operands wherever
  /// v stood.
  bool dropStatements() {
    for (size_t d = 0; d < best.declarations.size(); ++d) {
      if (!best.declarations[d].isNetwork())
        continue;
      for (size_t i = best.declarations[d].body.size(); i-- > 0;) {
        auto [left, right] = StringRef(best.declarations[d].body[i]).split('=');
        const std::string name = left.trim().str();
        for (const std::string &operand : wordsOf(right)) {
          FuzzProgram next = best;
          auto &body = next.declarations[d].body;
          body.erase(body.begin() + i);
          for (std::string &line : body)
            line = renamed(line, name, operand);
          if (!right.empty() && take(std::move(next)))
            return true;
        }
      }
    }
    return false;
  }

  static bool isWord(char c) { return llvm::isAlnum(c) || c == '_'; }

  static std::vector<std::string> wordsOf(StringRef text) {
    std::vector<std::string> words;
    for (size_t i = 0; i < text.size();) {
      StringRef word = text.substr(i).take_while(isWord);
      if (!word.empty())
        words.push_back(word.str());
      i += std::max<size_t>(word.size(), 1);
    }
    return words;
  }

  static std::string renamed(StringRef text, const std::string &from,
                             const std::string &to) {
    std::string result;
    for (size_t i = 0; i < text.size();) {
      StringRef word = text.substr(i).take_while(isWord);
      if (word.empty())
        result += text[i];
      else
        result += word == from ? to : word.str();
      i += std::max<size_t>(word.size(), 1);
    }
    return result;
  }

  /// Axes of a side, strings of a list, operands of a sum.
  bool dropWords() {
    for (size_t d = 0; d < best.declarations.size(); ++d)
      for (size_t i = 0; i < best.declarations[d].body.size(); ++i)
        for (const char *separator : {", ", " + ", " "}) {
          const std::string line = best.declarations[d].body[i];
          const size_t from = line.find("= ");
          if (from == std::string::npos)
            continue;
          std::string value = line.substr(from + 2), open, close;
          if (StringRef(value).starts_with("[")) {
            if (StringRef(separator) != ", ")
              continue;
            open = "[", close = "]";
            value = value.substr(1, value.size() - 2);
          }
          llvm::SmallVector<StringRef> words;
          StringRef(value).split(words, separator);
          for (size_t w = 0; words.size() > 1 && w < words.size(); ++w) {
            auto fewer = words;
            fewer.erase(fewer.begin() + w);
            if (replaceLine(d, i,
                            line.substr(0, from + 2) + open +
                                llvm::join(fewer, separator) + close))
              return true;
          }
          // One axis, or none.
          if (StringRef(separator) == " " && words.size() == 1 &&
              !words[0].empty() && !llvm::isDigit(words[0][0]) &&
              replaceLine(d, i, line.substr(0, from + 2) + "0"))
            return true;
        }
    return false;
  }

  bool replaceLine(size_t declaration, size_t line, std::string text) {
    FuzzProgram next = best;
    next.declarations[declaration].body[line] = std::move(text);
    return take(std::move(next));
  }

  /// Numbers to try before `number`, the smallest first.
  static std::set<int64_t> below(int64_t number) {
    std::set<int64_t> smaller;
    for (int64_t next : {int64_t(0), int64_t(1), int64_t(2), int64_t(3),
                         int64_t(4), number / 2, number - 2, number - 1})
      if (next >= 0 && next < number)
        smaller.insert(next);
    return smaller;
  }

  bool lowerCalls() {
    for (size_t i = 0; i < best.settings.calls.size(); ++i)
      for (auto member : {&std::pair<int64_t, int64_t>::second,
                          &std::pair<int64_t, int64_t>::first})
        for (int64_t number : below(best.settings.calls[i].*member)) {
          FuzzProgram next = best;
          next.settings.calls[i].*member = number;
          if (number > 0 && take(std::move(next)))
            return true;
        }
    return false;
  }

  /// Every number of the text that is no part of a name.
  bool lowerNumbers() {
    for (size_t d = 0; d < best.declarations.size(); ++d) {
      const size_t lines = best.declarations[d].body.size();
      for (size_t i = 0; i <= lines; ++i) {
        const std::string text = i == lines ? best.declarations[d].head
                                            : best.declarations[d].body[i];
        for (size_t at = 0; at < text.size(); ++at) {
          if (!llvm::isDigit(text[at]) || (at > 0 && isWord(text[at - 1])))
            continue;
          StringRef digits = StringRef(text).substr(at).take_while(isWord);
          int64_t number = 0;
          if (digits.getAsInteger(10, number))
            continue;
          for (int64_t smaller : below(number)) {
            const std::string line = text.substr(0, at) +
                                     std::to_string(smaller) +
                                     text.substr(at + digits.size());
            FuzzProgram next = best;
            (i == lines ? next.declarations[d].head
                        : next.declarations[d].body[i]) = line;
            if (take(std::move(next)))
              return true;
          }
        }
      }
    }
    return false;
  }

  FuzzProgram best;
  const std::function<bool(const FuzzProgram &)> &fails;
  int budget;
  std::set<std::string> tried;
};

} // namespace

FuzzProgram eqc::shrink(FuzzProgram program,
                        const std::function<bool(const FuzzProgram &)> &fails,
                        int budget) {
  return Shrinker(std::move(program), fails, budget).run();
}
