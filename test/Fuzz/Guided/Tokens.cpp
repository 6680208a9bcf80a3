//===- Tokens.cpp - Mutations that keep tokens whole ----------------------===//
//
// Random bytes in a text mostly end at its first wrong letter. Here numbers
// become other numbers, words other words of the text, and lines go, come twice
// or change places, so that more of it is read. libFuzzer's own mutations take
// turns.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

struct Token {
  size_t begin, end;
};

bool isWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
}

/// Numbers, or words that are none.
std::vector<Token> tokensOf(const std::string &text, bool numbers) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && isWord(text[end]))
      ++end;
    const bool isNumber = std::isdigit(static_cast<unsigned char>(text[i]));
    if (end > i && isNumber == numbers)
      tokens.push_back({i, end});
    i = end > i ? end : i + 1;
  }
  return tokens;
}

std::vector<Token> linesOf(const std::string &text) {
  std::vector<Token> lines;
  for (size_t i = 0; i < text.size();) {
    size_t end = text.find('\n', i);
    end = end == std::string::npos ? text.size() : end + 1;
    lines.push_back({i, end});
    i = end;
  }
  return lines;
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  std::minstd_rand random(seed);
  auto below = [&](size_t bound) { return random() % bound; };
  std::string text(reinterpret_cast<const char *>(data), size);
  static const char *const values[] = {
      "0", "1", "2",  "3",   "4",          "5",   "7",
      "8", "9", "16", "128", "2147483648", "100", "9223372036854775807"};
  const size_t kind = below(8);
  if (kind < 3) {
    const std::vector<Token> tokens = tokensOf(text, /*numbers=*/true);
    if (!tokens.empty()) {
      const Token token = tokens[below(tokens.size())];
      text.replace(token.begin, token.end - token.begin,
                   values[below(std::size(values))]);
    }
  } else if (kind == 3) {
    const std::vector<Token> tokens = tokensOf(text, /*numbers=*/false);
    if (!tokens.empty()) {
      const Token to = tokens[below(tokens.size())];
      const Token from = tokens[below(tokens.size())];
      text.replace(to.begin, to.end - to.begin,
                   text.substr(from.begin, from.end - from.begin));
    }
  } else if (kind < 6) {
    const std::vector<Token> lines = linesOf(text);
    if (!lines.empty()) {
      const Token to = lines[below(lines.size())];
      const Token from = lines[below(lines.size())];
      const std::string line = text.substr(from.begin, from.end - from.begin);
      if (kind == 4)
        text.erase(to.begin, to.end - to.begin);
      else
        text.insert(to.begin, line);
    }
  } else {
    return LLVMFuzzerMutate(data, size, maxSize);
  }
  size = std::min(text.size(), maxSize);
  std::memcpy(data, text.data(), size);
  // The first byte says what is done with the rest.
  if (size > 0 && below(8) == 0)
    data[0] = static_cast<uint8_t>(below(256));
  return size;
}
