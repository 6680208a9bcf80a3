//===- Lexer.cpp - From bytes to tokens -----------------------------------===//
//
// Words, numbers, strings, punctuation, comments, and the characters that have
// no business in a source.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Lexer.h"

#include "llvm/ADT/StringExtras.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

static bool isWordChar(char c) { return llvm::isAlnum(c) || c == '_'; }
static bool isAscii(char c) { return static_cast<uint8_t>(c) < 0x80; }
static bool isLineEnd(char c) { return c == '\n' || c == '\r'; }

std::string eqc::describe(const Token &token) {
  static const char *const descriptions[] = {
#define EQC_TOKEN(Name, Description) Description,
#include "compiler/Frontend/Tokens.def"
  };
  std::string result = descriptions[static_cast<size_t>(token.kind)];
  if (token.is(TokenKind::Word))
    return quoted(token.text);
  if (token.is(TokenKind::Integer) || token.is(TokenKind::Negative) ||
      token.is(TokenKind::Real) || token.is(TokenKind::BadNumber))
    result += " " + quoted(token.text);
  return result;
}

void eqc::checkUtf8(const SourceText &source, DiagnosticEngine &diags) {
  StringRef text = source.text();
  size_t first = 0, count = 0;
  for (size_t i = source.begin(); i < text.size();) {
    std::optional<CodePoint> point = decodeUtf8(text.substr(i));
    if (!point && count++ == 0)
      first = i;
    i += point ? point->length : 1;
  }
  if (count == 0)
    return;
  std::string byte =
      llvm::utohexstr(static_cast<uint8_t>(text[first]), false, 2);
  Diagnostic &error = diags.error(DiagId::InvalidUtf8, {first, first + 1},
                                  "the source is not valid UTF-8: byte 0x" +
                                      byte + " at byte offset " + Twine(first));
  if (count > 1)
    error.note(Twine(count) + " bytes of the source are not valid UTF-8");
}

Lexer::Lexer(const SourceText &source, DiagnosticEngine *diags)
    : text(source.text()), position(source.begin()), diags(diags) {}

Lexer Lexer::silent() const {
  Lexer copy = *this;
  copy.diags = nullptr;
  return copy;
}

bool Lexer::skipTrivia() {
  bool newline = false;
  while (!atEnd()) {
    char c = peek();
    if (isLineEnd(c)) {
      newline = true;
      ++position;
    } else if (c == ' ' || c == '\t' || c == '\v' || c == '\f') {
      ++position;
    } else if (c == '#' || (c == '/' && peek(1) == '/')) {
      position = std::min(text.find_first_of("\r\n", position), text.size());
    } else {
      break;
    }
  }
  return newline;
}

Token Lexer::make(TokenKind kind, size_t begin, bool newline) const {
  Token token;
  token.kind = kind;
  token.text = text.slice(begin, position);
  token.range = {begin, position};
  token.newlineBefore = newline;
  return token;
}

Token Lexer::lex() {
  bool newline = skipTrivia();
  size_t begin = position;
  if (atEnd())
    return make(TokenKind::Eof, begin, newline);
  auto single = [&](TokenKind kind) {
    ++position;
    return make(kind, begin, newline);
  };
  char c = peek();
  switch (c) {
  case '{':
    return single(TokenKind::LeftBrace);
  case '}':
    return single(TokenKind::RightBrace);
  case '(':
    return single(TokenKind::LeftParen);
  case ')':
    return single(TokenKind::RightParen);
  case '[':
    return single(TokenKind::LeftBracket);
  case ']':
    return single(TokenKind::RightBracket);
  case '=':
    return single(TokenKind::Equal);
  case ',':
    return single(TokenKind::Comma);
  case ':':
    return single(TokenKind::Colon);
  case ';':
    return single(TokenKind::Semicolon);
  case '?':
    return single(TokenKind::Question);
  case '*':
    return single(TokenKind::Star);
  default:
    break;
  }
  if (c == '-' && peek(1) == '>') {
    position += 2;
    return make(TokenKind::Arrow, begin, newline);
  }
  // As in `carbon + oxygen`; a sign before a number is none.
  if (c == '+' && !llvm::isDigit(peek(1)) && peek(1) != '+')
    return single(TokenKind::Plus);
  TokenKind kind;
  if (c == '"')
    kind = lexString();
  else if (llvm::isDigit(c) || (c == '-' && llvm::isDigit(peek(1))))
    kind = lexNumber();
  else if (isWordChar(c) || !isAscii(c))
    kind = lexWord();
  else
    kind = lexStray();
  return make(kind, begin, newline);
}

/// A word is a run of letters, digits and underscores, maybe with an apostrophe
/// right behind it, as in the group S'. A character beyond
/// ASCII next to them is taken as part of it: `gr<U+043E>up` is one mistake.
TokenKind Lexer::lexWord() {
  size_t begin = position;
  while (!atEnd() && (isWordChar(peek()) || !isAscii(peek())))
    ++position;
  StringRef word = text.slice(begin, position);
  for (size_t i = 0; i != word.size(); ++i) {
    if (isAscii(word[i]))
      continue;
    // Ill-formed bytes were reported for the whole source.
    if (decodeUtf8(word.substr(i)))
      reportCodePoint(begin + i);
    return TokenKind::Error;
  }
  if (peek() == '\'')
    ++position;
  return TokenKind::Word;
}

void Lexer::reportCodePoint(size_t offset) {
  std::optional<CodePoint> point = decodeUtf8(text.substr(offset));
  if (!diags || !point)
    return;
  uint32_t c = point->value;
  bool bidi = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
              c == 0x200E || c == 0x200F || c == 0x061C;
  bool invisible =
      (c >= 0x200B && c <= 0x200D) || c == 0xFEFF || c == 0x2060 || c == 0x00AD;
  StringRef what = bidi        ? "bidirectional control character "
                   : invisible ? "invisible character "
                               : "character ";
  diags
      ->error(DiagId::ForeignCharacter, {offset, offset + point->length},
              what + codePointName(c) + " is not allowed outside comments")
      .help("only ASCII characters may stand outside comments; type the text "
            "again by hand if it was pasted");
}

/// [-] digits; everything that looks like a number of another language is taken
/// whole, so that `1e-3` is one mistake and never the integer 1.
TokenKind Lexer::lexNumber() {
  bool negative = peek() == '-';
  if (negative)
    ++position;
  size_t digits = position;
  while (isWordChar(peek()) || peek() == '.' ||
         ((peek() == '-' || peek() == '+') && position > digits &&
          llvm::toLower(text[position - 1]) == 'e' && llvm::isDigit(peek(1))))
    ++position;
  StringRef body = text.slice(digits, position);
  if (llvm::all_of(body, llvm::isDigit))
    return negative ? TokenKind::Negative : TokenKind::Integer;
  size_t dot = body.find('.');
  if (dot != StringRef::npos &&
      llvm::all_of(body.take_front(dot), llvm::isDigit) &&
      body.drop_front(dot + 1).find_first_not_of("0123456789eE+-") ==
          StringRef::npos)
    return TokenKind::Real;
  return TokenKind::BadNumber;
}

/// Quotes with anything but quotes and line ends between them; no escapes.
TokenKind Lexer::lexString() {
  size_t begin = position++;
  while (!atEnd() && peek() != '"' && !isLineEnd(peek()))
    ++position;
  if (atEnd() || isLineEnd(peek())) {
    if (diags)
      diags
          ->error(DiagId::UnclosedString, {begin, position},
                  "this string is not closed on its line")
          .help("add a closing '\"'");
    return TokenKind::Error;
  }
  ++position;
  for (size_t i = begin; i != position; ++i) {
    if (isAscii(text[i]))
      continue;
    if (decodeUtf8(text.substr(i)))
      reportCodePoint(i);
    return TokenKind::Error;
  }
  return TokenKind::String;
}

/// A character that starts no token. A run of equal ones is one mistake.
TokenKind Lexer::lexStray() {
  size_t begin = position;
  char c = peek();
  bool block = c == '/' && peek(1) == '*';
  while (!atEnd() && peek() == c)
    ++position;
  if (!diags || skipping)
    return TokenKind::Error;
  std::string what = c == '\'' ? "single quote"
                     : llvm::isPrint(c)
                         ? quoted(StringRef(&c, 1))
                         : "control character " + codePointName(c);
  Diagnostic &error = diags->error(DiagId::StrayCharacter, {begin, begin + 1},
                                   "unexpected " + what);
  if (block)
    error.help("comments start with '#' or '//' and end with the line");
  else if (c == '\'')
    error.help("strings stand in double quotes; the apostrophe of an axis, V', "
               "stands right behind its word");
  else if (c == '+')
    error.help("integers are written without a sign");
  return TokenKind::Error;
}
