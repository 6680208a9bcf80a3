//===- Parser.cpp - From tokens to layers as written ----------------------===//
//
// A parser without recursion, so that no input can exhaust the stack, that
// recovers at field and layer boundaries.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Parser.h"

#include "compiler/Frontend/Language.h"

#include "llvm/ADT/STLExtras.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

/// Braces nested deeper are not skipped over but end the parse.
static constexpr unsigned maxNesting = 64;

namespace {

/// Tells the lexer that tokens are being skipped, as long as it lives.
class Skipping {
public:
  explicit Skipping(Lexer &lexer) : lexer(lexer) { lexer.setSkipping(true); }
  ~Skipping() { lexer.setSkipping(false); }

private:
  Lexer &lexer;
};

} // namespace

Parser::Parser(DiagnosticEngine &diags, size_t maxItems)
    : diags(diags), maxItems(maxItems), lexer(diags.source(), &diags) {
  previousEnd = diags.source().begin();
  token = lexer.lex();
}

void Parser::advance() {
  previousEnd = token.range.end;
  token = lexer.lex();
}

Diagnostic *Parser::unexpected(const Twine &expected) {
  if (token.is(TokenKind::Error))
    return nullptr;
  // What is missing at the end of the file is missing after the last token.
  SourceRange where =
      token.is(TokenKind::Eof) ? SourceRange::at(previousEnd) : token.range;
  return &diags.error(DiagId::Syntax, where,
                      "expected " + expected + ", found " + describe(token));
}

static bool isNameOfField(const Token &token) {
  return token.is(TokenKind::Word) &&
         llvm::any_of(fieldInfos(), [&](const FieldInfo &info) {
           return info.name == token.text;
         });
}

SourceFile Parser::parseFile() {
  SourceFile file;
  auto reportNone = [&] {
    size_t begin = diags.source().begin();
    diags.error(DiagId::NoLayer, SourceRange::at(begin), "no layer declared")
        .help("declare one: layer NAME { group = S; n = 8; k = 2; l = 2 }");
  };
  if (token.is(TokenKind::Eof) && !diags.hasErrors()) {
    reportNone();
    return file;
  }
  while (!token.is(TokenKind::Eof) && !diags.saturated()) {
    if (token.isWord("layer")) {
      file.layers.push_back(parseLayer());
      continue;
    }
    if (token.isWord("space")) {
      file.spaces.push_back(parseSpace());
      continue;
    }
    if (token.isWord("network")) {
      file.networks.push_back(parseNetwork());
      continue;
    }
    Diagnostic *error = unexpected("'layer', 'space' or 'network'");
    std::optional<StringRef> meant;
    if (token.is(TokenKind::Word))
      meant = closestWord(token.text, {"layer", "space", "network"});
    if (error && meant)
      error->fix(token.range, *meant, "did you mean '" + *meant + "'?");
    if (error && token.is(TokenKind::Semicolon))
      error->fix(token.range, "", "no ';' is needed after a layer or a space");
    if (error && token.is(TokenKind::Plus))
      error->help("summands are names of spaces: declare each, then write "
                  "'space SUM = NAME + NAME'");
    if (error && !meant && isNameOfField(token))
      error->help("fields stand in a layer: layer NAME { group = S; n = 8; k = "
                  "2; l = 2 }");
    if (meant && peek().is(TokenKind::Word) && *meant == "layer")
      file.layers.push_back(parseLayer());
    else if (meant && peek().is(TokenKind::Word) && *meant == "space")
      file.spaces.push_back(parseSpace());
    else if (meant && peek().is(TokenKind::Word))
      file.networks.push_back(parseNetwork());
    else
      skipToLayer();
  }
  if (file.layers.empty() && file.networks.empty() && !diags.hasErrors())
    reportNone();
  return file;
}

LayerDecl Parser::parseLayer() {
  LayerDecl layer;
  advance();
  layer.name = parseName("layer");
  Token opening = token;
  if (!parseOpening(layer.name.is(TokenKind::Word)) ||
      !parseBody(
          "layer", "a field", opening, [&] { return token.text == "layer"; },
          [&] {
            parseField(layer);
            return true;
          }))
    layer.incomplete = true;
  return layer;
}

/// Reads `space NAME = VALUE`; what is wrong is skipped to the next
/// declaration.
SpaceDecl Parser::parseSpace() {
  SpaceDecl space;
  space.keyword = token;
  advance();
  space.name = parseName("space");
  if (!token.is(TokenKind::Equal)) {
    if (space.name.is(TokenKind::Word))
      unexpected("'=' after the space's name");
    skipToDeclaration();
    return space;
  }
  advance();
  space.value = parseScalar(space.name);
  if (space.value.kind == Value::Kind::Scalar) {
    if (token.is(TokenKind::LeftParen))
      space.value = parseSized(space.name, std::move(space.value));
    else if (token.is(TokenKind::Plus))
      space.value = parseSum(std::move(space.value));
  }
  if (space.value.kind == Value::Kind::Error)
    skipToDeclaration();
  return space;
}

/// The other summands behind the first.
Value Parser::parseSum(Value first) {
  Value sum;
  sum.range = first.range;
  sum.items.push_back(std::move(first));
  sum.numItems = 1;
  while (token.is(TokenKind::Plus)) {
    advance();
    if (!token.is(TokenKind::Word)) {
      unexpected("the name of a space after '+'");
      return sum;
    }
    Value item;
    item.kind = Value::Kind::Scalar;
    item.token = token;
    item.range = token.range;
    sum.range.end = token.range.end;
    if (sum.items.size() < maxItems)
      sum.items.push_back(std::move(item));
    ++sum.numItems;
    advance();
  }
  sum.kind = Value::Kind::Sum;
  return sum;
}

/// Reads the name of a layer or a space.
Token Parser::parseName(const char *what) {
  Token name = token;
  if (token.is(TokenKind::Word)) {
    advance();
    return name;
  }
  name.kind = TokenKind::Error;
  if (token.is(TokenKind::Error)) {
    advance();
    return name;
  }
  SourceRange where =
      token.is(TokenKind::Eof) ? SourceRange::at(previousEnd) : token.range;
  Diagnostic &error = diags.error(DiagId::BadLayerName, where,
                                  Twine("expected a ") + what +
                                      " name, found " + describe(token));
  if (token.is(TokenKind::String))
    error.help("names are written without quotes");
  else
    error.help("a name is a letter or '_', then letters, digits and '_'");
  if (!token.is(TokenKind::LeftBrace) && !token.is(TokenKind::RightBrace) &&
      !token.is(TokenKind::Equal) && !token.is(TokenKind::Eof))
    advance();
  return name;
}

/// Reads `{`. False when there is no body to be read.
bool Parser::parseOpening(bool nameGood, const char *what) {
  if (token.is(TokenKind::LeftBrace)) {
    advance();
    return true;
  }
  // After a mistake in the name this one would only follow from it.
  if (nameGood)
    unexpected("'{' after the " + Twine(what) + "'s name");
  Skipping skipping(lexer);
  while (!token.is(TokenKind::LeftBrace)) {
    if (token.is(TokenKind::Eof) || atDeclaration())
      return false;
    if (token.is(TokenKind::RightBrace)) {
      advance();
      return false;
    }
    if (atFieldStart())
      return true;
    advance();
  }
  advance();
  return true;
}

bool Parser::atFieldStart() const {
  return token.is(TokenKind::Word) && peek().is(TokenKind::Equal);
}

bool Parser::parseBody(const char *what, const char *item, const Token &opening,
                       llvm::function_ref<bool()> startsNext,
                       llvm::function_ref<bool()> parseItem) {
  bool complete = true;
  while (!diags.saturated()) {
    switch (token.kind) {
    case TokenKind::Semicolon:
      advance();
      continue;
    case TokenKind::RightBrace:
      advance();
      return complete;
    case TokenKind::Eof:
      reportUnclosed(what, opening);
      return false;
    case TokenKind::Word:
      // Words are not reserved; `layer NAME` can only be the next declaration.
      if (startsNext() && peek().is(TokenKind::Word)) {
        reportUnclosed(what, opening);
        return false;
      }
      complete &= parseItem();
      continue;
    default:
      unexpected(Twine(item) + " or '}'");
      complete = false;
      skipPast();
    }
  }
  return complete;
}

void Parser::reportUnclosed(const char *what, const Token &opening) {
  if (aborted)
    return;
  diags
      .error(DiagId::UnclosedLayer, SourceRange::at(previousEnd),
             "expected '}' at the end of the " + Twine(what) + ", found " +
                 describe(token))
      .note(opening.range, "the " + Twine(what) + "'s body starts here");
}

void Parser::keep(LayerDecl &layer, Field field) {
  if (layer.fields.size() < maxFields)
    layer.fields.push_back(std::move(field));
}

void Parser::parseField(LayerDecl &layer) {
  Field field;
  field.name = token;
  advance();
  if (!token.is(TokenKind::Equal)) {
    Diagnostic *error = unexpected("'=' after " + quoted(field.name.text));
    if (error && token.is(TokenKind::Colon))
      error->fix(token.range, "=", "write '='");
    skipToBoundary();
    keep(layer, std::move(field));
    return;
  }
  advance();
  field.value = parseValue(field.name);
  bool good = field.value.kind != Value::Kind::Error;
  Token name = field.name;
  keep(layer, std::move(field));
  if (good)
    parseSeparator(layer, name);
  else
    skipToBoundary();
}

void Parser::parseSeparator(LayerDecl &layer, const Token &fieldName) {
  if (token.newlineBefore || token.is(TokenKind::Semicolon) ||
      token.is(TokenKind::RightBrace) || token.is(TokenKind::Eof))
    return;
  if (atFieldStart()) {
    diags
        .error(DiagId::MissingSeparator, token.range,
               "expected a newline or ';' before field " + quoted(token.text))
        .fix(SourceRange::at(previousEnd), ";", "put a ';' between the fields");
    return;
  }
  const SourceRange comma = token.range;
  const bool atComma = token.is(TokenKind::Comma);
  Diagnostic *error = unexpected("a newline, ';' or '}' after the value of " +
                                 quoted(fieldName.text));
  if (atComma)
    advance();
  if (!atComma || !atFieldStart())
    return skipToBoundary();
  error->fix(comma, ";", "put a ';' between the fields");
}

Value Parser::parseValue(const Token &fieldName) {
  if (token.is(TokenKind::LeftBracket))
    return parseList(fieldName);
  Value first = parseScalar(fieldName);
  if (first.kind == Value::Kind::Error)
    return first;
  if (first.token.is(TokenKind::Word) && token.is(TokenKind::LeftParen))
    return parseSized(fieldName, std::move(first));
  const bool takesAxes = fieldName.isWord("k") || fieldName.isWord("l");
  if (takesAxes)
    first = parseAxes(std::move(first));
  if (token.is(TokenKind::Star))
    first = parseProduct(fieldName, std::move(first), takesAxes);
  const bool commaForArrow = fieldName.isWord("channels") &&
                             token.is(TokenKind::Comma) &&
                             peek().is(TokenKind::Integer);
  if (commaForArrow)
    unexpected("'->' between the channels of x and those of y")
        ->fix(token.range, " ->", "write '->'");
  if ((!token.is(TokenKind::Arrow) && !commaForArrow) ||
      first.kind == Value::Kind::Error)
    return first;
  advance();
  Value second = parseScalar(fieldName);
  if (second.kind == Value::Kind::Error)
    return second;
  Value pair;
  pair.kind = Value::Kind::Pair;
  pair.range = {first.range.begin, second.range.end};
  pair.items = {std::move(first), std::move(second)};
  return pair;
}

Value Parser::parseScalar(const Token &fieldName) {
  Value value;
  value.token = token;
  value.range = token.range;
  switch (token.kind) {
  case TokenKind::Word:
    // Newlines are free, so the next field would be read as a missing value.
    if (peek().is(TokenKind::Equal)) {
      diags.error(DiagId::Syntax, SourceRange::at(previousEnd),
                  "expected a value for " + quoted(fieldName.text) +
                      ", found field " + quoted(token.text));
      return value;
    }
    break;
  case TokenKind::Integer:
  case TokenKind::Negative:
  case TokenKind::Real:
  case TokenKind::String:
  case TokenKind::Question:
    break;
  case TokenKind::BadNumber:
    diags
        .error(DiagId::BadInteger, token.range,
               "malformed integer " + quoted(token.text))
        .help("integers are decimal digits alone, such as 16 or 1000");
    advance();
    return value;
  default:
    unexpected("a value for " + quoted(fieldName.text));
    if (token.is(TokenKind::Error))
      advance();
    return value;
  }
  value.kind = Value::Kind::Scalar;
  advance();
  return value;
}

/// What stands in parentheses behind a word.
Value Parser::parseSized(const Token &fieldName, Value word) {
  const Token opening = token;
  word.kind = Value::Kind::Error;
  do {
    advance();
    Value item = parseScalar(fieldName);
    if (item.kind == Value::Kind::Error)
      return word;
    if (item.token.isWord("file") && token.is(TokenKind::String)) {
      item.items.push_back(parseScalar(fieldName));
      item.kind = Value::Kind::Sized;
      item.range.end = item.items.front().range.end;
    }
    word.items.push_back(std::move(item));
  } while (token.is(TokenKind::Comma) && word.items.size() <= maxItems);
  if (!token.is(TokenKind::RightParen)) {
    if (Diagnostic *error = unexpected("',' or ')'"))
      error->note(opening.range, "the parentheses open here");
    return word;
  }
  word.kind = Value::Kind::Sized;
  word.numItems = word.items.size();
  word.range.end = token.range.end;
  advance();
  return word;
}

/// The axes that a first scalar begins.
Value Parser::parseAxes(Value first) {
  if (first.kind != Value::Kind::Error && first.token.is(TokenKind::Word) &&
      token.is(TokenKind::Word) && !atFieldStart())
    return parseWords(std::move(first));
  return first;
}

/// The factors behind the first.
Value Parser::parseProduct(const Token &fieldName, Value first,
                           bool takesAxes) {
  Value product;
  product.kind = Value::Kind::Product;
  product.range = first.range;
  product.items.push_back(std::move(first));
  while (token.is(TokenKind::Star)) {
    advance();
    Value factor = parseScalar(fieldName);
    if (takesAxes)
      factor = parseAxes(std::move(factor));
    if (factor.kind == Value::Kind::Error) {
      product.kind = Value::Kind::Error;
      return product;
    }
    product.range.end = factor.range.end;
    if (product.items.size() < maxItems)
      product.items.push_back(std::move(factor));
  }
  return product;
}

/// The words that follow the first, up to the next field.
Value Parser::parseWords(Value first) {
  Value words;
  words.kind = Value::Kind::Words;
  words.range = first.range;
  words.numItems = 1;
  words.items.push_back(std::move(first));
  while (token.is(TokenKind::Word) && !atFieldStart()) {
    Value item;
    item.kind = Value::Kind::Scalar;
    item.token = token;
    item.range = token.range;
    words.range.end = token.range.end;
    // All that may be worked with, and one more to be refused.
    if (++words.numItems <= kMostAxes)
      words.items.push_back(std::move(item));
    advance();
  }
  return words;
}

Value Parser::parseList(const Token &fieldName) {
  Value list;
  list.kind = Value::Kind::List;
  list.range = token.range;
  Token opening = token;
  advance();
  while (!token.is(TokenKind::RightBracket)) {
    Value item = parseScalar(fieldName);
    bool good = item.kind != Value::Kind::Error;
    if (++list.numItems <= maxItems)
      list.items.push_back(std::move(item));
    if (!good) {
      // Go on with the next element if there may be one.
      while (
          !token.is(TokenKind::Comma) && !token.is(TokenKind::RightBracket) &&
          !token.is(TokenKind::Semicolon) && !token.is(TokenKind::RightBrace) &&
          !token.is(TokenKind::LeftBrace) && !token.is(TokenKind::Eof) &&
          !(token.newlineBefore && atFieldStart()))
        advance();
    }
    if (token.is(TokenKind::Comma)) {
      advance();
      continue;
    }
    if (token.is(TokenKind::RightBracket))
      break;
    if (good)
      if (Diagnostic *error = unexpected("',' or ']' in the list"))
        error->note(opening.range, "the list starts here");
    if (good && token.is(TokenKind::String))
      continue; // only a comma is missing
    list.kind = Value::Kind::Error;
    return list;
  }
  list.range.end = token.range.end;
  advance();
  return list;
}

/// Skips the current token and all to the next boundary.
void Parser::skipPast() {
  Skipping skipping(lexer);
  if (token.is(TokenKind::LeftBrace))
    skipBraces();
  else
    advance();
  skipToBoundary();
}

bool Parser::atDeclaration() const {
  return token.isWord("layer") || token.isWord("space") ||
         token.isWord("network");
}

/// To the next declaration, the current token if it is the start of one.
void Parser::skipToDeclaration() {
  if (!atDeclaration())
    skipToLayer();
}

void Parser::skipToLayer() {
  Skipping skipping(lexer);
  bool first = true;
  while (!token.is(TokenKind::Eof)) {
    if (token.is(TokenKind::LeftBrace)) {
      skipBraces();
    } else {
      if (!first && atDeclaration())
        return;
      advance();
    }
    first = false;
  }
}

/// To the next separator that ends a field, or the end of the layer.
void Parser::skipToBoundary() {
  Skipping skipping(lexer);
  while (!token.is(TokenKind::Eof) && !token.is(TokenKind::Semicolon) &&
         !token.is(TokenKind::RightBrace) &&
         !(token.newlineBefore && token.is(TokenKind::Word))) {
    if (token.is(TokenKind::LeftBrace))
      skipBraces();
    else
      advance();
  }
}

/// Skips `{ .. }` with everything in it.
void Parser::skipBraces() {
  unsigned depth = 0;
  do {
    if (token.is(TokenKind::LeftBrace) && ++depth > maxNesting) {
      diags.error(DiagId::DeepNesting, token.range,
                  "braces are nested deeper than " + Twine(maxNesting));
      aborted = true;
      while (!token.is(TokenKind::Eof))
        advance();
      return;
    }
    if (token.is(TokenKind::RightBrace))
      --depth;
    if (token.is(TokenKind::Eof))
      return;
    advance();
  } while (depth != 0);
}
