//===- Document.cpp - An open source --------------------------------------===//

#include "compiler/Lsp/Document.h"

#include "compiler/Frontend/Format.h"
#include "compiler/Frontend/Language.h"
#include "compiler/Frontend/Parser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace eqc;
using namespace eqc::lsp;
using llvm::StringRef;
namespace proto = llvm::lsp;

Document::Document(proto::URIForFile uri, std::string text, int64_t version)
    : uri(std::move(uri)), contents(std::move(text)), version(version) {
  const unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(contents, this->uri.file()),
      llvm::SMLoc());
  FrontendOptions options;
  options.folder = llvm::sys::path::parent_path(this->uri.file()).str();
  result = parseLayers(sources, id, this->uri.file(), options, diags);
  Lexer lexer(diags.source(), nullptr);
  do
    tokens.push_back(lexer.lex());
  while (!tokens.back().is(TokenKind::Eof));
  findDeclarations();
}

void Document::findDeclarations() {
  int depth = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (depth == 0 && llvm::is_contained(declarationWords, tokens[i].text) &&
        tokens[i + 1].is(TokenKind::Word))
      declarations.push_back({i, i});
    if (!declarations.empty() && !tokens[i].is(TokenKind::Eof))
      declarations.back().last = i;
    depth += tokens[i].is(TokenKind::LeftBrace);
    depth -= tokens[i].is(TokenKind::RightBrace) && depth > 0;
  }
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

/// How many units of UTF-16 a code point takes.
static int unitsOf(const std::optional<CodePoint> &point) {
  return point && point->value > 0xffff ? 2 : 1;
}

size_t Document::offsetOf(const proto::Position &position) const {
  const SourceText &source = diags.source();
  const unsigned line = static_cast<unsigned>(std::max(position.line, 0)) + 1;
  const size_t end = source.offset({line + 1, 1});
  StringRef rest = source.line(line);
  size_t offset = source.offset({line, 1});
  if (offset > end)
    return end;
  for (int units = 0; units < position.character && !rest.empty();) {
    const std::optional<CodePoint> point = decodeUtf8(rest);
    units += unitsOf(point);
    const size_t length = point ? point->length : 1;
    offset += length;
    rest = rest.drop_front(length);
  }
  return offset;
}

proto::Position Document::positionOf(size_t offset) const {
  const SourceText &source = diags.source();
  const LineColumn at = source.lineColumn(offset);
  StringRef before = source.line(at.line).take_front(at.column - 1);
  int units = 0;
  while (!before.empty()) {
    const std::optional<CodePoint> point = decodeUtf8(before);
    units += unitsOf(point);
    before = before.drop_front(
        std::min<size_t>(point ? point->length : 1, before.size()));
  }
  return proto::Position(static_cast<int>(at.line) - 1, units);
}

proto::Range Document::rangeOf(SourceRange range) const {
  return proto::Range(positionOf(range.begin),
                      positionOf(std::max(range.begin, range.end)));
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

proto::PublishDiagnosticsParams Document::diagnostics() const {
  proto::PublishDiagnosticsParams params(uri, version);
  for (const Diagnostic *error : diags.sorted()) {
    proto::Diagnostic shown;
    shown.range = rangeOf(error->range);
    shown.severity = proto::DiagnosticSeverity::Error;
    shown.source = std::string("eqc ") + diagnosticInfo(error->id).code;
    shown.message = error->message;
    std::vector<proto::DiagnosticRelatedInformation> related;
    for (const Diagnostic::Note &note : error->notes) {
      if (note.range)
        related.emplace_back(proto::Location(uri, rangeOf(*note.range)),
                             note.message);
      else
        shown.message += "\nnote: " + note.message;
    }
    for (const Diagnostic::Help &help : error->helps)
      shown.message += "\nhelp: " + help.message;
    if (!related.empty())
      shown.relatedInformation = std::move(related);
    params.diagnostics.push_back(std::move(shown));
  }
  return params;
}

std::vector<proto::CodeAction>
Document::fixes(const proto::Range &range) const {
  std::vector<proto::CodeAction> actions;
  for (const Diagnostic *error : diags.sorted()) {
    const proto::Range where = rangeOf(error->range);
    if (range.end < where.start || where.end < range.start)
      continue;
    for (const Diagnostic::Help &help : error->helps) {
      if (!help.fix)
        continue;
      proto::TextEdit edit;
      edit.range = rangeOf(help.fix->range);
      edit.newText = help.fix->replacement;
      proto::CodeAction action;
      action.title = help.message;
      action.kind = proto::CodeAction::kQuickFix.str();
      action.edit.emplace();
      action.edit->changes[uri.uri().str()] = {std::move(edit)};
      actions.push_back(std::move(action));
    }
  }
  return actions;
}

std::vector<proto::TextEdit> Document::format() const {
  DiagnosticEngine own;
  own.setSource(contents, uri.file());
  checkUtf8(own.source(), own);
  Parser(own, FrontendOptions().maxDiagrams).parseFile();
  if (own.hasErrors())
    return {};
  std::string formatted = formatSource(own.source());
  if (formatted == contents)
    return {};
  proto::TextEdit edit;
  edit.range = rangeOf({0, contents.size()});
  edit.newText = std::move(formatted);
  return {std::move(edit)};
}

std::vector<proto::DocumentSymbol> Document::symbols() const {
  std::vector<proto::DocumentSymbol> symbols;
  for (const Declaration &declaration : declarations) {
    const Token &keyword = tokens[declaration.first];
    const Token &name = tokens[declaration.first + 1];
    const proto::SymbolKind kind =
        keyword.isWord("layer")   ? proto::SymbolKind::Function
        : keyword.isWord("space") ? proto::SymbolKind::TypeParameter
                                  : proto::SymbolKind::Module;
    symbols.emplace_back(
        name.text, kind,
        rangeOf({keyword.range.begin, tokens[declaration.last].range.end}),
        rangeOf(name.range));
  }
  return symbols;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

Document::Context Document::contextAt(size_t offset) const {
  Context context;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i].is(TokenKind::Word) && tokens[i].range.begin <= offset &&
        offset <= tokens[i].range.end)
      context.token = i;
  for (const Declaration &declaration : declarations)
    if (tokens[declaration.first].range.begin <= offset &&
        (offset <= tokens[declaration.last].range.end ||
         !tokens[declaration.last].is(TokenKind::RightBrace)))
      context.declaration = &declaration;
  if (!context.declaration)
    return context;
  // What stands before the place, from the last separator on.
  for (size_t i = context.declaration->first;
       i < tokens.size() && tokens[i].range.end <= offset; ++i) {
    const Token &token = tokens[i];
    if (context.token && i == *context.token)
      break;
    if (token.is(TokenKind::LeftBrace))
      context.inBraces = true;
    if (token.is(TokenKind::RightBrace))
      context.inBraces = false;
    if (token.newlineBefore || token.is(TokenKind::Semicolon))
      context.field = "";
    if (token.is(TokenKind::Equal) && i > 0)
      context.field = tokens[i - 1].text;
  }
  // A value ends with its line.
  const size_t end =
      context.token ? tokens[*context.token].range.begin : offset;
  StringRef line = StringRef(contents).take_front(end);
  line = line.take_back(line.size() -
                        std::min(line.size(), line.find_last_of("\n\r;") + 1));
  if (!line.contains('='))
    context.field = "";
  return context;
}

const LayerSpec *Document::findLayer(StringRef name) const {
  for (const LayerSpec &layer : result.layers)
    if (layer.name == name)
      return &layer;
  return nullptr;
}

const NetworkSpec *Document::findNetwork(StringRef name) const {
  for (const NetworkSpec &network : result.networks)
    if (network.name == name)
      return &network;
  return nullptr;
}
