//===- Document.h - An open source ------------------------------*- C++ -*-===//
//
// What an editor shows of a source: analysed as often as it changes, explained
// when somebody asks.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LSP_DOCUMENT_H
#define EQC_LSP_DOCUMENT_H

#include "compiler/Frontend/Frontend.h"
#include "compiler/Frontend/Lexer.h"

#include "llvm/Support/LSP/Protocol.h"
#include "llvm/Support/SourceMgr.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eqc::lsp {

class Document {
public:
  Document(llvm::lsp::URIForFile uri, std::string text, int64_t version);

  const std::string &text() const { return contents; }
  llvm::lsp::PublishDiagnosticsParams diagnostics() const;
  /// What mends the errors that meet a range.
  std::vector<llvm::lsp::CodeAction> fixes(const llvm::lsp::Range &range) const;
  std::optional<llvm::lsp::Hover> hover(const llvm::lsp::Position &at);
  std::vector<llvm::lsp::CompletionItem>
  complete(const llvm::lsp::Position &at) const;
  /// The whole text in the one style; nothing while it has errors of syntax.
  std::vector<llvm::lsp::TextEdit> format() const;
  std::vector<llvm::lsp::DocumentSymbol> symbols() const;

private:
  /// A declaration: the number of its keyword among the tokens, and that of its
  /// closing brace or of its last token.
  struct Declaration {
    size_t first = 0, last = 0;
  };
  /// Where a place is: its token, what it is within, whether it is a value.
  struct Context {
    std::optional<size_t> token;
    const Declaration *declaration = nullptr;
    bool inBraces = false;
    llvm::StringRef field; ///< whose value is written there
  };

  void findDeclarations();
  Context contextAt(size_t offset) const;
  const LayerSpec *findLayer(llvm::StringRef name) const;
  const NetworkSpec *findNetwork(llvm::StringRef name) const;
  /// In Markdown.
  std::string describe(const LayerSpec &layer);
  std::string describe(const NetworkSpec &network) const;
  std::string describeWord(const Context &context, llvm::StringRef word);

  // Positions count in units of UTF-16, lines from 0.
  size_t offsetOf(const llvm::lsp::Position &position) const;
  llvm::lsp::Position positionOf(size_t offset) const;
  llvm::lsp::Range rangeOf(SourceRange range) const;

  llvm::lsp::URIForFile uri;
  std::string contents;
  int64_t version;
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendResult result;
  std::vector<Token> tokens;
  std::vector<Declaration> declarations;
  std::map<std::string, std::string> described; ///< by layer
};

} // namespace eqc::lsp

#endif // EQC_LSP_DOCUMENT_H
