//===- Parser.h - From tokens to layers as written --------------*- C++ -*-===//
//
// Reads the grammar
//
//   file   := (layer | space | network)+
//   layer  := 'layer' word '{' separator* [field (separator+ field)*
//             separator*] '}'
//   space  := 'space' word '=' (value | word ('+' word)+)
//   field  := word '=' value
//   value  := scalar | scalar '->' scalar | word '(' arg (',' arg)* ')'
//           | '[' [scalar (',' scalar)* [',']] ']' | word word+
//   arg    := scalar | 'file' string
//   scalar := word | integer | string | '?'
//
//   network   := 'network' word '{' separator* [statement
//                (separator+ statement)* separator*] '}'
//   statement := 'input' word ':' (word+ | '0') ',' integer
//              | ['output'] word '=' expr
//   expr      := atom ('+' atom)*
//   atom      := word | word '(' expr (',' expr)* ')'
//
// where a separator is a newline or ';'. Several words are the axes of `k` and
// `l`. Which values a field takes is left to
// the semantic checks. After an error it goes on at the next field or layer.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_PARSER_H
#define EQC_FRONTEND_PARSER_H

#include "compiler/Frontend/AST.h"

#include <vector>

namespace eqc {

class Parser {
public:
  /// Lists of more than `maxItems` elements are counted, but their elements are
  /// not kept: whoever asks for them refuses such lists.
  Parser(DiagnosticEngine &diags, size_t maxItems);

  /// Reads the whole source; errors go to the engine.
  SourceFile parseFile();

private:
  void advance();
  /// The token after the current one.
  Token peek() const { return lexer.silent().lex(); }
  /// Reports `expected .., found ..` unless the lexer spoke already.
  Diagnostic *unexpected(const llvm::Twine &expected);

  LayerDecl parseLayer();
  SpaceDecl parseSpace();
  Value parseSum(Value first);
  Token parseName(const char *what);
  bool parseOpening(bool nameGood, const char *what = "layer");
  /// The items of `what` up to its closing brace, which is missing where a word
  /// `startsNext` declaration. False where that, or an item, is not there.
  bool parseBody(const char *what, const char *item, const Token &opening,
                 llvm::function_ref<bool()> startsNext,
                 llvm::function_ref<bool()> parseItem);
  void reportUnclosed(const char *what, const Token &opening);
  void parseField(LayerDecl &layer);
  void parseSeparator(LayerDecl &layer, const Token &fieldName);
  Value parseValue(const Token &fieldName);
  Value parseScalar(const Token &fieldName);
  Value parseSized(const Token &fieldName, Value word);
  Value parseList(const Token &fieldName);
  Value parseAxes(Value first);
  Value parseProduct(const Token &fieldName, Value first, bool takesAxes);
  Value parseWords(Value first);
  bool atFieldStart() const;

  // ParseNetwork.cpp
  NetworkDecl parseNetwork();
  bool parseStatement(NetworkDecl &network);
  bool parseInput(StatementDecl &statement);
  bool parseExpression(NetworkDecl &network, StatementDecl &statement);
  bool atStatementEnd() const;
  bool atDeclaration() const;

  void skipPast();
  void skipToDeclaration();
  void skipToLayer();
  void skipToBoundary();
  void skipBraces();

  /// A layer with more fields than there are kinds of them repeats some; these
  /// are enough for all errors that are printed.
  static constexpr size_t maxFields = 2 * DiagnosticEngine::maxErrors;

  /// Axes of one tensor that are kept; there are more than any layer may have.
  static constexpr size_t kMostAxes = 256;

  void keep(LayerDecl &layer, Field field);

  DiagnosticEngine &diags;
  const size_t maxItems;
  Lexer lexer;
  Token token;
  size_t previousEnd = 0;
  bool aborted = false; ///< braces were nested too deeply
};

} // namespace eqc

#endif // EQC_FRONTEND_PARSER_H
