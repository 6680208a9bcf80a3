//===- Lexer.h - From bytes to tokens ---------------------------*- C++ -*-===//
//
// Splits a source into tokens on demand; tokens point into the source.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_LEXER_H
#define EQC_FRONTEND_LEXER_H

#include "compiler/Frontend/Diagnostics.h"

#include "llvm/ADT/StringRef.h"

namespace eqc {

enum class TokenKind {
#define EQC_TOKEN(Name, Description) Name,
#include "compiler/Frontend/Tokens.def"
};

struct Token {
  TokenKind kind = TokenKind::Eof;
  llvm::StringRef text;       ///< as written, the quotes of a string included
  SourceRange range;          ///< where it stands
  bool newlineBefore = false; ///< a line ended between it and the token before

  bool is(TokenKind k) const { return kind == k; }
  bool isWord(llvm::StringRef word) const {
    return kind == TokenKind::Word && text == word;
  }
};

/// How messages name a token: `'{'`, `the word 'foo'`, `a string`.
std::string describe(const Token &token);

/// Reports the first place where the source is not UTF-8. Not the lexer's task
/// since comments must be UTF-8 as well.
void checkUtf8(const SourceText &source, DiagnosticEngine &diags);

/// Makes tokens one by one: a source of nothing but braces must not become a
/// token list several times its size.
class Lexer {
public:
  /// Without an engine nothing is reported (to look ahead with a copy).
  Lexer(const SourceText &source, DiagnosticEngine *diags);

  Token lex();
  /// A copy that reports nothing.
  Lexer silent() const;
  /// While skipping over a mistake, stray characters are part of it.
  void setSkipping(bool value) { skipping = value; }

private:
  bool atEnd() const { return position == text.size(); }
  char peek(size_t ahead = 0) const {
    return position + ahead < text.size() ? text[position + ahead] : '\0';
  }
  /// Skips white space and comments; returns whether a line ended.
  bool skipTrivia();
  Token make(TokenKind kind, size_t begin, bool newline) const;
  TokenKind lexWord();
  TokenKind lexNumber();
  TokenKind lexString();
  TokenKind lexStray();
  void reportCodePoint(size_t offset);

  llvm::StringRef text;
  size_t position;
  DiagnosticEngine *diags;
  bool skipping = false;
};

} // namespace eqc

#endif // EQC_FRONTEND_LEXER_H
