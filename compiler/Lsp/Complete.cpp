//===- Complete.cpp - What may be written at a place ----------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Language.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Lsp/Document.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace eqc;
using namespace eqc::lsp;
using llvm::StringRef;
namespace proto = llvm::lsp;

namespace {

class Items {
public:
  proto::CompletionItem &add(StringRef label, proto::CompletionItemKind kind,
                             StringRef detail, StringRef insert = "") {
    proto::CompletionItem item(label, kind);
    item.detail = detail.str();
    item.insertText = insert.str();
    if (insert.contains("${"))
      item.insertTextFormat = proto::InsertTextFormat::Snippet;
    items.push_back(std::move(item));
    return items.back();
  }
  std::vector<proto::CompletionItem> items;
};

} // namespace

using Kind = proto::CompletionItemKind;

static void addDeclarations(Items &items) {
  items.add("layer", Kind::Snippet, "a linear layer",
            "layer ${1:name} {\n  group    = ${2:S}\n  n        = ${3:?}\n"
            "  k        = ${4:2}\n  l        = ${5:2}\n"
            "  channels = ${6:1} -> ${7:1}\n}\n");
  items.add("space", Kind::Snippet, "what axes are of",
            "space ${1:name} = ${2:S}(${3:?})\n");
  items.add("network", Kind::Snippet, "layers as one function",
            "network ${1:name} {\n  input ${2:x} : ${3:nodes}, ${4:1}\n"
            "  output ${5:y} = ${6:x}\n}\n");
}

static void addGroups(Items &items) {
  for (Group group : allGroups)
    items.add(groupName(group), Kind::EnumMember,
              std::string(rulesOf(group).words()));
}

std::vector<proto::CompletionItem>
Document::complete(const proto::Position &at) const {
  const Context context = contextAt(offsetOf(at));
  Items items;
  auto addSpaces = [&] {
    for (const Declaration &declaration : declarations)
      if (tokens[declaration.first].isWord("space"))
        items.add(tokens[declaration.first + 1].text, Kind::TypeParameter,
                  "a space");
  };
  if (!context.declaration ||
      (!context.inBraces &&
       !tokens[context.declaration->first].isWord("space"))) {
    addDeclarations(items);
    return std::move(items.items);
  }
  const Token &keyword = tokens[context.declaration->first];
  if (keyword.isWord("space")) {
    if (context.field.empty()) {
      addDeclarations(items);
      return std::move(items.items);
    }
    // Of one group, or a sum of spaces.
    addGroups(items);
    addSpaces();
    return std::move(items.items);
  }
  if (keyword.isWord("network")) {
    for (std::string_view function : functionNames())
      items.add(function, Kind::Function, "of every entry");
    for (const CallInfo &call : networkCalls())
      items.add(call.name, Kind::Function, call.help);
    llvm::StringSet<> seen;
    for (const Declaration &declaration : declarations)
      if (tokens[declaration.first].isWord("layer"))
        items.add(tokens[declaration.first + 1].text, Kind::Function,
                  "a layer");
    for (size_t i = context.declaration->first + 3;
         i + 1 < context.declaration->last; ++i)
      if (tokens[i].is(TokenKind::Word) &&
          (tokens[i + 1].is(TokenKind::Equal) ||
           tokens[i + 1].is(TokenKind::Colon)) &&
          seen.insert(tokens[i].text).second)
        items.add(tokens[i].text, Kind::Variable, "a value");
    if (context.field.empty()) {
      items.add("input", Kind::Keyword, "NAME : AXES, CHANNELS");
      items.add("output", Kind::Keyword, "NAME = EXPRESSION");
    }
    addSpaces();
    return std::move(items.items);
  }
  if (context.field.empty()) {
    llvm::StringSet<> given;
    for (size_t i = context.declaration->first;
         i + 1 <= context.declaration->last; ++i)
      if (tokens[i + 1].is(TokenKind::Equal) && i != context.token)
        given.insert(tokens[i].text);
    for (const FieldInfo &info : fieldInfos())
      if (!given.contains(info.name))
        items.add(info.name, Kind::Field, info.help, (info.name + " = ").str());
    return std::move(items.items);
  }
  if (context.field == infoOf(FieldKind::Group).name)
    addGroups(items);
  for (const FieldInfo &info : fieldInfos())
    if (info.name == context.field)
      for (StringRef word : info.words)
        items.add(word, Kind::EnumMember, info.help);
  if (context.field == infoOf(FieldKind::K).name ||
      context.field == infoOf(FieldKind::L).name)
    addSpaces();
  return std::move(items.items);
}
