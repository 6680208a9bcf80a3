//===- Lexer.cpp - The words of PTX ---------------------------------------===//

#include "compiler/Check/Ptx/Lexer.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

using namespace eqc::ptx;

namespace {

bool startsWord(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         c == '%' || c == '.';
}

bool continuesWord(char c) {
  return startsWord(c) || std::isdigit(static_cast<unsigned char>(c));
}

class Lexer {
public:
  Lexer(std::string_view text, Error &error) : text(text), error(error) {}

  std::optional<std::vector<Token>> run() {
    while (skipSpace())
      if (!next())
        return std::nullopt;
    if (error.line != 0)
      return std::nullopt;
    tokens.push_back({Token::Kind::End, "end of file", line});
    return std::move(tokens);
  }

private:
  /// Whether there is something after white space and comments.
  bool skipSpace() {
    while (at < text.size()) {
      if (text[at] == '\n')
        ++line;
      if (std::isspace(static_cast<unsigned char>(text[at]))) {
        ++at;
      } else if (text.substr(at, 2) == "//") {
        at = std::min(text.find('\n', at), text.size());
      } else if (text.substr(at, 2) == "/*") {
        const size_t end = text.find("*/", at);
        if (end == std::string_view::npos)
          return fail("comment without end");
        for (; at < end + 2; ++at)
          line += text[at] == '\n';
      } else {
        return true;
      }
    }
    return false;
  }

  bool next() {
    const char c = text[at];
    size_t end = at + 1;
    Token::Kind kind = Token::Kind::Sign;
    if (startsWord(c)) {
      kind = Token::Kind::Word;
      // `shared::cluster` is one word, `label:` is two.
      while (end < text.size() &&
             (continuesWord(text[end]) || text.substr(end, 2) == "::"))
        end += text[end] == ':' ? 2 : 1;
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      kind = Token::Kind::Number;
      while (end < text.size() && (continuesWord(text[end])))
        ++end;
    } else if (c == '"') {
      kind = Token::Kind::String;
      end = text.find('"', end);
      if (end == std::string_view::npos)
        return fail("string without end");
      ++end;
    } else if (std::string_view(",;(){}[]<>+-=|!:@").find(c) ==
               std::string_view::npos) {
      return fail(fmt::format("unexpected character '{}'", c));
    }
    tokens.push_back({kind, text.substr(at, end - at), line});
    at = end;
    return true;
  }

  bool fail(std::string what) {
    error.kind = Error::Kind::Syntax;
    error.line = line;
    error.text = std::move(what);
    return false;
  }

  std::string_view text;
  Error &error;
  std::vector<Token> tokens;
  size_t at = 0;
  unsigned line = 1;
};

} // namespace

std::optional<std::vector<Token>> eqc::ptx::lex(std::string_view text,
                                                Error &error) {
  return Lexer(text, error).run();
}

std::optional<uint64_t> eqc::ptx::numberBits(std::string_view text) {
  int base = 10;
  const char second = text.size() > 1 && text[0] == '0' ? text[1] : ' ';
  if (second == 'f' || second == 'F' || second == 'd' || second == 'D') {
    const bool isDouble = second == 'd' || second == 'D';
    if (text.size() != (isDouble ? 18 : 10))
      return std::nullopt;
    base = 16;
    text.remove_prefix(2);
  } else {
    if (text.back() == 'U')
      text.remove_suffix(1);
    if (second == 'x' || second == 'X' || second == 'b' || second == 'B') {
      base = second == 'x' || second == 'X' ? 16 : 2;
      text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
      base = 8;
    }
  }
  uint64_t bits = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), bits, base);
  if (code != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return bits;
}
