//===- Lexer.h - The words of PTX -------------------------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_LEXER_H
#define EQC_CHECK_PTX_LEXER_H

#include "compiler/Check/Ptx/Error.h"

#include <string_view>
#include <vector>

namespace eqc::ptx {

struct Token {
  enum class Kind {
    Word,   ///< names, opcodes and directives with their dots: `ld.global.b32`
    Number, ///< `12`, `0x1F`, `0f3F800000`, `8.0`
    String,
    Sign, ///< one character
    End,
  };
  Kind kind = Kind::End;
  std::string_view text;
  unsigned line = 0;

  bool isSign(char sign) const { return kind == Kind::Sign && text[0] == sign; }
  bool isWord(std::string_view word) const {
    return kind == Kind::Word && text == word;
  }
};

/// The tokens of `text`, the last one an End. They point into `text`.
std::optional<std::vector<Token>> lex(std::string_view text, Error &error);

/// An integer or a float in hexadecimal, as bits. Digits that are more than 64
/// bits or no number: none.
std::optional<uint64_t> numberBits(std::string_view text);

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_LEXER_H
