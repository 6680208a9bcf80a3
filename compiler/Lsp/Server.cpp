//===- Server.cpp - A language server for .eq -----------------------------===//

#include "compiler/Lsp/Server.h"

#include "compiler/Lsp/Document.h"

#include "llvm/ADT/StringMap.h"

using namespace eqc::lsp;
using llvm::json::Object;
using llvm::json::Value;
namespace proto = llvm::lsp;

namespace {

/// textDocument/formatting; LLVM has no structure for its parameters.
struct FormattingParams {
  proto::TextDocumentIdentifier textDocument;
};
bool fromJSON(const Value &value, FormattingParams &result,
              llvm::json::Path path) {
  llvm::json::ObjectMapper map(value, path);
  return map && map.map("textDocument", result.textDocument);
}

class Server {
public:
  explicit Server(proto::JSONTransport &transport)
      : transport(transport), handler(transport),
        publish(handler.outgoingNotification<proto::PublishDiagnosticsParams>(
            "textDocument/publishDiagnostics")) {
    handler.method("initialize", this, &Server::initialize);
    handler.notification("initialized", this, &Server::initialized);
    handler.method("shutdown", this, &Server::shutdown);
    handler.notification("textDocument/didOpen", this, &Server::didOpen);
    handler.notification("textDocument/didChange", this, &Server::didChange);
    handler.notification("textDocument/didClose", this, &Server::didClose);
    handler.method("textDocument/hover", this, &Server::hover);
    handler.method("textDocument/completion", this, &Server::complete);
    handler.method("textDocument/codeAction", this, &Server::fix);
    handler.method("textDocument/formatting", this, &Server::format);
    handler.method("textDocument/documentSymbol", this, &Server::symbols);
  }

  int run() {
    const bool failed = llvm::errorToBool(transport.run(handler));
    return failed || !mayGo;
  }

private:
  void initialize(const proto::InitializeParams &,
                  proto::Callback<Value> reply) {
    reply(Object{
        {"capabilities",
         Object{{"textDocumentSync",
                 Object{{"openClose", true},
                        {"change",
                         int(proto::TextDocumentSyncKind::Incremental)}}},
                {"hoverProvider", true},
                {"completionProvider",
                 Object{{"triggerCharacters", llvm::json::Array{"="}}}},
                {"codeActionProvider", true},
                {"documentFormattingProvider", true},
                {"documentSymbolProvider", true}}},
        {"serverInfo", Object{{"name", "eqc-lsp-server"}}}});
  }
  void initialized(const proto::NoParams &) {}
  void shutdown(const proto::NoParams &,
                proto::Callback<std::nullptr_t> reply) {
    mayGo = true;
    reply(nullptr);
  }

  void open(const proto::URIForFile &uri, std::string text, int64_t version) {
    auto document = std::make_unique<Document>(uri, std::move(text), version);
    publish(document->diagnostics());
    documents[uri.uri()] = std::move(document);
  }
  void didOpen(const proto::DidOpenTextDocumentParams &params) {
    open(params.textDocument.uri, params.textDocument.text,
         params.textDocument.version);
  }
  void didChange(const proto::DidChangeTextDocumentParams &params) {
    Document *document = find(params.textDocument.uri);
    if (!document)
      return;
    std::string text = document->text();
    if (failed(proto::TextDocumentContentChangeEvent::applyTo(
            params.contentChanges, text)))
      return proto::Logger::error("a change is outside of its document");
    open(params.textDocument.uri, std::move(text), params.textDocument.version);
  }
  void didClose(const proto::DidCloseTextDocumentParams &params) {
    documents.erase(params.textDocument.uri.uri());
    // What was wrong with it is nobody's business now.
    publish(proto::PublishDiagnosticsParams(params.textDocument.uri, 0));
  }

  Document *find(const proto::URIForFile &uri) {
    const auto found = documents.find(uri.uri());
    return found == documents.end() ? nullptr : found->second.get();
  }

  void hover(const proto::TextDocumentPositionParams &params,
             proto::Callback<std::optional<proto::Hover>> reply) {
    Document *document = find(params.textDocument.uri);
    reply(document ? document->hover(params.position) : std::nullopt);
  }
  void complete(const proto::CompletionParams &params,
                proto::Callback<proto::CompletionList> reply) {
    proto::CompletionList list;
    if (const Document *document = find(params.textDocument.uri))
      list.items = document->complete(params.position);
    reply(std::move(list));
  }
  void fix(const proto::CodeActionParams &params,
           proto::Callback<Value> reply) {
    const Document *document = find(params.textDocument.uri);
    reply(document ? Value(document->fixes(params.range))
                   : Value(llvm::json::Array()));
  }
  void format(const FormattingParams &params,
              proto::Callback<std::vector<proto::TextEdit>> reply) {
    const Document *document = find(params.textDocument.uri);
    reply(document ? document->format() : std::vector<proto::TextEdit>());
  }
  void symbols(const proto::DocumentSymbolParams &params,
               proto::Callback<std::vector<proto::DocumentSymbol>> reply) {
    const Document *document = find(params.textDocument.uri);
    reply(document ? document->symbols()
                   : std::vector<proto::DocumentSymbol>());
  }

  proto::JSONTransport &transport;
  proto::MessageHandler handler;
  proto::OutgoingNotification<proto::PublishDiagnosticsParams> publish;
  llvm::StringMap<std::unique_ptr<Document>> documents;
  bool mayGo = false;
};

} // namespace

int eqc::lsp::runServer(proto::JSONTransport &transport) {
  return Server(transport).run();
}
