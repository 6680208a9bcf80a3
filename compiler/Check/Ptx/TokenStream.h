//===- TokenStream.h - Reading tokens one by one ----------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_TOKENSTREAM_H
#define EQC_CHECK_PTX_TOKENSTREAM_H

#include "compiler/Check/Ptx/Lexer.h"

#include <fmt/format.h>

namespace eqc::ptx {

/// What the parsers of modules and of bodies share: looking at tokens, and the
/// first error, after which nothing is read any more.
class TokenStream {
public:
  TokenStream(std::vector<Token> tokens, Error &error)
      : tokens(std::move(tokens)), error(error) {}

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  Token take() {
    const Token token = peek();
    at = std::min(at + 1, tokens.size() - 1);
    return token;
  }
  bool atEnd() const { return peek().kind == Token::Kind::End; }

  bool tryWord(std::string_view word) {
    const bool found = peek().isWord(word);
    if (found)
      take();
    return found;
  }
  bool trySign(char sign) {
    const bool found = peek().isSign(sign);
    if (found)
      take();
    return found;
  }
  bool sign(char sign) {
    return trySign(sign) ||
           fail(fmt::format("expected '{}', found '{}'", sign, peek().text));
  }
  bool name(std::string_view &result) {
    if (peek().kind != Token::Kind::Word || peek().text[0] == '.')
      return fail(fmt::format("expected a name, found '{}'", peek().text));
    result = take().text;
    return true;
  }
  /// An integer or a float in hexadecimal, perhaps with a minus.
  bool number(uint64_t &result, bool *isFloat = nullptr) {
    const bool negative = trySign('-');
    const std::string_view text = peek().text;
    const std::optional<uint64_t> bits =
        peek().kind == Token::Kind::Number ? numberBits(text) : std::nullopt;
    if (!bits)
      return fail(fmt::format("expected a number, found '{}'", text));
    take();
    result = negative ? -*bits : *bits;
    if (isFloat)
      *isFloat = text.size() > 1 && text[0] == '0' &&
                 std::string_view("fFdD").find(text[1]) != text.npos;
    return true;
  }

  /// Always false.
  bool fail(std::string text, Error::Kind kind = Error::Kind::Syntax,
            unsigned line = 0) {
    error.kind = kind;
    error.line = line ? line : peek().line;
    error.text = std::move(text);
    return false;
  }
  bool unsupported(std::string_view what) {
    return fail(fmt::format("'{}' is not supported", what),
                Error::Kind::Unsupported);
  }

  Error &problem() { return error; }

private:
  std::vector<Token> tokens;
  size_t at = 0;
  Error &error;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_TOKENSTREAM_H
